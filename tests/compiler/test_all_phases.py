"""A net in both phases at once, and in each alone: the same is known, and what only one phase has is said so."""

from typing import Any

import pytest

import netdef
from netdef.compiler import all_phases
from netdef.compiler.all_phases import analyse_phases
from netdef.compiler.files import Files
from netdef.compiler.load import Analysis, join_net
from netdef.compiler.render.formats import FORMATS
from netdef.compiler.request import NetRequest
from netdef.compiler.schema.caffe import Phase

ZEROS = (
    'input: "data" input_shape { dim: 1 dim: 2 } layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" %s }'
)
TEXTS = {
    "sound": ZEROS % "inner_product_param { num_output: 2 weight_filler { type: 'xavier' } }",
    "zeros": ZEROS % "inner_product_param { num_output: 2 }"
    + 'layer { name: "fd" type: "InnerProduct" bottom: "fc" top: "fd" inner_product_param { num_output: 2 } }'
    + 'layer { name: "loss" type: "EuclideanLoss" bottom: "fd" bottom: "data" top: "loss" }',
    "a wrong shape": ZEROS % "inner_product_param { num_output: 2 axis: 7 }",
    "an unknown field": ZEROS % "inner_product_param { num_output: 2 odd: 1 }",
    "an unknown blob": 'layer { name: "r" type: "ReLU" bottom: "x" top: "r" }',
    "a rule": ZEROS % "inner_product_param { num_output: 2 } include { phase: TRAIN }",
    "a phase": ZEROS % "inner_product_param { num_output: 2 } phase: TEST",
    "a slip": "layer { name: ",
    "nothing": "",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("dense", [False, True])
def test_each_phase_is_known_as_it_is_alone(text: str, dense: bool) -> None:
    files = Files({"a.net": text}, disk=False)
    found = analyse_phases(NetRequest(file="a.net", dense=dense), files)
    assert [*found.analyses] == [*Phase]
    for phase, analysis in found.analyses.items():
        alone = netdef.analyse(path="a.net", files=files, phase=phase.name, dense=dense)
        assert FORMATS["text"](analysis.report) == FORMATS["text"](alone.report)
        assert repr(analysis.net) == repr(alone.net)
        assert (analysis.net and analysis.net.summary("json")) == (alone.net and alone.net.summary("json"))


def test_what_only_training_finds_is_said_of_it() -> None:
    found = analyse_phases(NetRequest(file="a.net"), Files({"a.net": TEXTS["zeros"]}, disk=False))
    (zeros,) = found.report
    assert zeros.notes[-1] == "in phase TRAIN only"


def test_layers_without_rules_are_shaped_once(monkeypatch: pytest.MonkeyPatch) -> None:
    joined = []

    def counted(read: Analysis, request: NetRequest, **others: Any) -> Analysis:
        joined.append(request.phase)
        return join_net(read, request, **others)

    monkeypatch.setattr(all_phases, "join_net", counted)
    for text, phases in ((TEXTS["sound"], ["TEST"]), (TEXTS["a rule"], ["TRAIN", "TEST"])):
        joined.clear()
        analyse_phases(NetRequest(file="a.net"), Files({"a.net": text}, disk=False))
        assert joined == phases
