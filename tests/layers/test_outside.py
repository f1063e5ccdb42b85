"""Layers that work outside of the net."""

import numpy as np
import pytest

import netdef
from netdef.compiler.layers import catalogue
from netdef.compiler.layers.outside import HDF5Output, Python
from netdef.compiler.layers.roles import Written
from netdef.compiler.override import override
from netdef.compiler.shape import Shapes, show
from netdef.runtime import lower
from tests.layers.cases import Case, Family, Refused
from tests.nets import net_of

TWO = 'input "a" [4, 3] input "b" [4] '

LAYER = 'layer { name: "p" type: "Python" bottom: "x" top: "y" python_param { module: "m.n" layer: "Own" } }'


class TestOutside(Family):
    cases = (
        Case(
            "HDF5Output",
            TWO + 'layer "y" HDF5Output { bottom: ["a", "b"] file_name: "x.h5" }',
            layer=HDF5Output(file_name="x.h5"),
            shapes={},
            formula=lambda a, b: (),
            refused={"ONNX": "N1013"},
        ),
    )
    refused = (
        Refused("one bottom", TWO + 'layer "y" HDF5Output { bottom: "a" }', "N503"),
        Refused("other batches", 'input "a" [4] input "b" [5] layer "y" HDF5Output { bottom: ["a", "b"] }', "N206"),
        Refused("Python: nobody says what it makes", 'input "x" [1, 3] ' + LAYER, "N209"),
        Refused(
            "Python, declared and not run",
            f'opaque "Python" {{ top_shape: [2] }} input "x" [1] {LAYER}',
            "N1001",
            "PyTorch",
        ),
        Refused("Python, nor exported", f'opaque "Python" {{ top_shape: [2] }} input "x" [1] {LAYER}', "N1011", "ONNX"),
    )


def test_what_it_takes_is_no_output_and_can_be_asked_for() -> None:
    net = net_of(
        TWO + 'layer "twice" Power { bottom: "a" top: "t" scale: 2 } layer "y" HDF5Output { bottom: ["t", "b"] }'
    )
    assert net.outputs == []
    assert lower(net).blobs("t", a=np.ones((4, 3), np.float32))["t"].tolist() == [[2, 2, 2]] * 4


def test_each_code_is_said_once_with_a_line_that_fits() -> None:
    text = f"""
    input "x" [1, 3]
    {LAYER}
    {LAYER.replace('"p"', '"q"').replace('"y"', '"z"')}
    {LAYER.replace('"p"', '"r"').replace('"y"', '"w"').replace("Own", "Other")}
    layer "behind" ReLU {{ bottom: "y" }}
    layer "beside" InnerProduct {{ bottom: "x" num_output: 0 }}
    """
    with pytest.raises(netdef.NetError) as caught:
        net_of(text)
    said = [(found.code, found.message) for found in caught.value.report.errors]
    assert said == [
        ("N209", "only its author knows what the Python layer m.n.Own makes"),
        ("N209", "only its author knows what the Python layer m.n.Other makes"),
        ("N405", "num_output must be at least 1, and is 0"),
    ]
    help = caught.value.report.errors[0].help
    assert help is not None
    line = help[help.index("opaque") :]
    assert line == 'opaque "Python" at "p" { top_shape: ["R", 5] }'
    assert show(net_of(f'{line} input "x" [1, 3] {LAYER}').blobs["y"]) == "Rx5"


def test_a_type_may_be_one_class_of_one_module() -> None:
    with catalogue.restored():

        class Own(Python, name="Python", bottoms=1, tops=1, opaque=False):
            """Twice as long."""

            @classmethod
            @override
            def is_meant(cls, written: Written) -> bool:
                return written.values.get("module") == ("m.n",) and written.values.get("layer") == ("Own",)

            @override
            def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
                return ((2 * bottoms[0][0],),)

        assert net_of('input "x" [3] ' + LAYER).blobs["y"] == (6,)
        declared = f'opaque "Python" at "p" {{ top_shape: [9] }} input "x" [3] {LAYER}'
        assert net_of(declared).blobs["y"] == (9,)
        assert Own.opaque is False
        with pytest.raises(netdef.NetError):
            net_of('input "x" [3] ' + LAYER.replace("Own", "Other"))
