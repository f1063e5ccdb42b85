"""How layers become a net, against what Caffe's net.cpp says and its own test_net.cpp tries."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

import netdef
from netdef.compiler.diagnostics import MOST_OF_ONE_CODE
from netdef.compiler.load import analyse
from netdef.compiler.net import blobs
from netdef.compiler.net.net import Net, Node
from netdef.compiler.spelling import Guess

DATA = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 7 dim: 5 } } }\n'
LABEL = 'layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 } } }\n'


@pytest.fixture
def build(tmp_path: Path) -> "Build":
    return Build(tmp_path)


class Build:
    """Makes nets of texts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, text: str, phase: str = "TEST", stages: Sequence[str] = (), level: int = 0) -> Net:
        path = self.folder / "net.net"
        path.write_text(text, "utf-8")
        return netdef.load(path, phase=phase, stages=stages, level=level)

    def fails(self, text: str, phase: str = "TEST") -> list[str]:
        """Code and message of each error, and the text that it points at."""
        with pytest.raises(netdef.NetError) as caught:
            self(text, phase)
        return [
            f"{d.code} {d.message} @ {d.primary.span.text if d.primary else ''}" for d in caught.value.report.errors
        ]


def node(net: Net, name: str) -> Node:
    (found,) = [node for node in net.nodes if node.name == name]
    return found


# ---- rules
STATES = sorted(
    (phase, level, stages)
    for phase in ("TRAIN", "TEST")
    for level in (1, 2, 3)
    for stages in ([], ["a"], ["b"], ["b", "a"])
)
# Each rule, and when it holds: all that it says must (caffe.proto, NetStateRule).
HOLDS: dict[str, Callable[[str, int, list[str]], bool]] = {
    "": lambda phase, level, stages: True,
    "phase: TRAIN": lambda phase, level, stages: phase == "TRAIN",
    "min_level: 2": lambda phase, level, stages: level >= 2,
    "max_level: 1": lambda phase, level, stages: level <= 1,
    "min_level: 2 max_level: 2": lambda phase, level, stages: level == 2,
    'stage: "a"': lambda phase, level, stages: "a" in stages,
    'stage: "a" stage: "b"': lambda phase, level, stages: len(stages) == 2,
    'not_stage: "a"': lambda phase, level, stages: "a" not in stages,
    'stage: "b" not_stage: "a"': lambda phase, level, stages: stages == ["b"],
    'phase: TEST stage: "a" min_level: 3': lambda phase, level, stages: phase == "TEST" and level > 2 and "a" in stages,
}


@pytest.mark.parametrize("rule", HOLDS)
def test_a_layer_is_in_the_net_by_its_rules(build: Build, rule: str) -> None:
    text = DATA + f'layer {{ name: "relu" type: "ReLU" bottom: "data" top: "relu" KIND {{ {rule} }} }}'
    for phase, level, stages in STATES:
        holds = HOLDS[rule](phase, level, stages)
        for kind, is_in in (("include", holds), ("exclude", not holds)):
            net = build(text.replace("KIND", kind), phase, stages, level)
            assert ("relu" in net.blobs) == is_in, (kind, phase, level, stages)


def test_one_of_several_rules_is_enough(build: Build) -> None:
    rules = 'include { phase: TRAIN } include { stage: "a" }'
    text = DATA + f'layer {{ name: "relu" type: "ReLU" bottom: "data" top: "relu" {rules} }}'
    assert "relu" in build(text, "TRAIN").blobs
    assert "relu" in build(text, "TEST", ["a"]).blobs
    assert "relu" not in build(text, "TEST").blobs


def test_the_stages_of_the_files_own_state_hold_too(build: Build) -> None:
    text = 'state { phase: TRAIN stage: "a" }' + DATA
    text += 'layer { name: "r" type: "ReLU" bottom: "data" top: "r" include { stage: "a" stage: "b" phase: TEST } }'
    assert "r" in build(text, "TEST", ["b"]).blobs
    assert "r" not in build(text, "TRAIN", ["b"]).blobs


def test_a_top_may_come_twice_in_different_phases(build: Build) -> None:
    text = "".join(
        f'layer {{ type: "Input" top: "data" include {{ phase: {p} }} input_param {{ shape {{ dim: {n} }} }} }}'
        for p, n in (("TRAIN", 256), ("TEST", 50))
    )
    assert build(text, "TRAIN").blobs == {"data": (256,)}
    assert build(text, "TEST").blobs == {"data": (50,)}


# ---- versions
def test_a_layer_in_place_makes_a_new_version_that_all_behind_it_read(build: Build) -> None:
    net = build(
        DATA
        + 'layer { name: "before" type: "ReLU" bottom: "data" top: "before" }'
        + 'layer { name: "power" type: "Power" bottom: "data" top: "data" }'
        + 'layer { name: "relu" type: "ReLU" bottom: "data" top: "data" }'
        + 'layer { name: "after" type: "ReLU" bottom: "data" top: "after" }'
    )
    assert [top.id for n in net.nodes for top in n.tops] == ["data@data", "before", "data@power", "data", "after"]
    assert node(net, "before").bottoms[0].id == "data@data"
    assert node(net, "relu").bottoms[0].id == "data@power"
    assert node(net, "after").bottoms[0].id == "data"
    assert {top.name for n in net.nodes for top in n.tops} == {"data", "before", "after"}


def test_a_top_at_another_place_than_its_bottom_is_not_in_place(build: Build) -> None:
    text = (
        DATA
        + 'layer { name: "s" type: "Slice" bottom: "data" top: "other" top: "data" slice_param { slice_point: 1 } }'
    )
    assert build.fails(text) == ['N502 two layers make the blob "data" @ "data"']


def test_outputs_are_what_nobody_read_in_alphabetical_order(build: Build) -> None:
    net = build(
        DATA
        + 'layer { name: "z" type: "ReLU" bottom: "data" top: "z" }'
        + 'layer { name: "m" type: "ReLU" bottom: "data" top: "m" }'
        + 'layer { name: "m2" type: "ReLU" bottom: "m" top: "m" }'  # read, and made anew
        + 'layer { name: "a" type: "ReLU" bottom: "data" top: "B" }'
        + 'layer { name: "q" type: "ReLU" bottom: "data" top: "q" }'
        + 'layer { name: "hush" type: "Silence" bottom: "q" }'
    )
    assert net.outputs == ["B", "m", "z"]


# ---- losses
def test_loss_weights_are_1_for_a_losss_first_top_and_0_elsewhere(build: Build) -> None:
    text = (
        DATA
        + LABEL
        + 'layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 4 } }'
    )
    loss = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" %s }'
    assert node(build(text + loss % 'top: "loss"'), "loss").loss_weights == (1,)
    assert node(build(text + loss % 'top: "loss" top: "prob"'), "loss").loss_weights == (1, 0)
    assert node(
        build(text + loss % 'top: "loss" top: "prob" loss_weight: 0.5 loss_weight: 2'), "loss"
    ).loss_weights == (0.5, 2)
    assert node(build(text + loss % 'top: "loss"'), "fc").loss_weights == (0,)
    wrong = build.fails(text + loss % 'top: "loss" top: "prob" loss_weight: 0.5')
    assert wrong == ["N505 1 loss weight for 2 tops @ 0.5"]


def test_a_loss_without_a_top_gets_an_automatic_one(build: Build) -> None:
    """Caffe names it "(automatic)" (net.cpp, AppendTop), so that several losses may go without."""
    text = (
        DATA
        + LABEL
        + 'layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 4 } }'
    )
    loss = 'layer { name: "%s" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" }'
    net = build(text + loss % "loss1" + loss % "loss2")
    for name in ("loss1", "loss2"):
        assert [(top.name, top.shape) for top in node(net, name).tops] == [("(automatic)", ())]
        assert node(net, name).loss_weights == (1,)


# ---- shared weights
SHARING = """
layer { name: "a" type: "InnerProduct" bottom: "data" top: "a" inner_product_param { num_output: 6 bias_term: false }
        param { name: "w" ONE } }
layer { name: "b" type: "InnerProduct" bottom: "BOTTOM" top: "b"
        inner_product_param { num_output: NUM bias_term: false } param { name: "w" TWO } }
"""


def sharing(one: str = "", two: str = "", bottom: str = "data", num: int = 6) -> str:
    text = SHARING.replace("ONE", one).replace("TWO", two).replace("BOTTOM", bottom).replace("NUM", str(num))
    return DATA + text


def test_a_shared_weight_has_one_owner_and_counts_once(build: Build) -> None:
    net = build(sharing())
    assert [node(net, name).weights[0].owner for name in "ab"] == [("a", 0), ("a", 0)]
    assert net.num_params == 6 * 105
    assert net.params == {"a": [(6, 105)], "b": [(6, 105)]}


def test_shared_shapes_are_equal_or_with_permissive_their_counts(build: Build) -> None:
    strict = sharing(bottom="a", num=105)
    assert build.fails(strict) == ['N507 shared weight "w" is 105x6 here and 6x105 at its owner @ param']
    net = build(sharing(two="share_mode: PERMISSIVE", bottom="a", num=105))
    assert node(net, "b").weights[0].weight.shape == (105, 6)
    assert net.num_params == 630
    assert build.fails(sharing(two="share_mode: PERMISSIVE", num=7))[0].startswith("N507")


@pytest.mark.parametrize(
    ("one", "two", "lr"), [("lr_mult: 3", "", 3), ("", "lr_mult: 3", 3), ("lr_mult: 2", "lr_mult: 2", 2), ("", "", 1)]
)
def test_multipliers_of_a_shared_weight_may_stand_on_either_side(build: Build, one: str, two: str, lr: float) -> None:
    net = build(sharing(one, two))
    assert node(net, "b").weights[0].lr_mult == lr


def test_multipliers_of_a_shared_weight_may_not_differ(build: Build) -> None:
    assert build.fails(sharing("decay_mult: 0", "decay_mult: 1")) == [
        'N507 shared weight "w" has decay_mult 1 here and 0 at its owner @ param'
    ]


# ---- sizes that only a run can tell
def test_symbols_flow_through_shapes_and_are_not_counted(build: Build) -> None:
    net = build(
        """
        opaque "Detect" { top_shape: [1, "K", 6] }
        input "data" [1, 3, 7, 5]
        layer "found" Detect
        layer "relu" ReLU { top: "relu" }
        layer "parts" Slice { axis: 2 top: ["x", "y"] }
        layer "flat" Flatten { bottom: "x" }
        """
    )
    assert [str(dim) for dim in net.blobs["relu"]] == ["1", "K", "6"]
    assert [str(dim) for dim in net.blobs["x"]] == ["1", "K", "3"]
    assert str(net.blobs["flat"][1]) == "3*K"
    assert net.macs == 0


# ---- mistakes
def test_what_depends_on_a_broken_layer_stays_quiet(build: Build) -> None:
    text = """
    input "data" [1, 3, 7, 5]
    layer "conv1" Convolution { num_output: 4 kernel_size: 9 }
    layer "relu1" ReLU
    layer "conv2" Convolution { num_output: 4 kernel_size: 99 }
    layer "sum" Eltwise { bottom: ["conv2", "data"] }
    layer "fc" InnerProduct { num_outputs: 3 }
    expect { params: 1 }
    """
    assert build.fails(text) == [
        "N204 a 9x9 window does not fit a 7x5 image @ 9",
        "N401 inner_product_param has no field num_outputs @ num_outputs",
    ]


def test_a_blob_that_a_broken_layer_was_to_make_is_not_missed(build: Build) -> None:
    text = (
        DATA
        + 'layer { name: "a" type: "ReLU" bottom: "data" top: a }\n'
        + 'layer { name: "b" type: "ReLU" bottom: "a" top: "b" }'
    )
    assert build.fails(text) == ["N402 top takes a string, and a has no quotes @ a"]


def test_an_unknown_type_is_named_once_with_all_its_layers(build: Build) -> None:
    text = DATA + "".join(f'layer {{ name: "{n}" type: "Foo" bottom: "data" top: "{n}" }}\n' for n in "abc")
    with pytest.raises(netdef.NetError) as caught:
        build(text)
    (found,) = caught.value.report
    assert (found.code, len(found.secondary)) == ("N209", 2)


def test_an_unknown_type_in_the_other_phase_is_no_mistake(build: Build) -> None:
    text = DATA + 'layer { name: "f" type: "Foo" bottom: "data" top: "f" include { phase: TRAIN } }'
    assert build(text, "TEST").outputs == ["data"]
    assert build.fails(text, "TRAIN") == ['N209 there is no layer type "Foo" @ "Foo"']


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('layer { name: "r" type: "ReLU" bottom: "dat" top: "r" }', 'there is no blob "dat" @ "dat"'),
        ('layer { name: "r" type: "ReLU" bottom: "r" top: "r" }', 'r reads the blob "r" that it makes itself @ "r"'),
        (
            'layer { name: "r" type: "ReLU" bottom: "s" top: "r" }'
            'layer { name: "s" type: "ReLU" bottom: "data" top: "s" }',
            'blob "s" is read before it is made @ "s"',
        ),
        (
            'layer { name: "s" type: "ReLU" bottom: "data" top: "s" exclude { phase: TEST } }'
            'layer { name: "r" type: "ReLU" bottom: "s" top: "r" }',
            'there is no blob "s" in phase TEST @ "s"',
        ),
    ],
)
def test_a_missing_blob_has_its_real_cause(build: Build, text: str, message: str) -> None:
    assert build.fails(DATA + text) == [f"N501 {message}"]


def test_sizes_from_outside_replace_the_files(build: Build, tmp_path: Path) -> None:
    build(DATA)
    net = netdef.load(tmp_path / "net.net", sizes={"data": (4, 3, 9, 11)})
    assert net.blobs == {"data": (4, 3, 9, 11)}
    with pytest.raises(netdef.NetError, match="there is no input dat to give a size"):
        netdef.load(tmp_path / "net.net", sizes={"dat": (4, 3, 9, 11)})


def test_a_data_layers_images_have_the_size_given_or_guessed(build: Build, tmp_path: Path) -> None:
    crop = "transform_param { crop_size: 27 }"
    build(f'layer {{ name: "d" type: "Data" top: "data" top: "label" data_param {{ batch_size: 5 }} {crop} }}')
    path = tmp_path / "net.net"
    guessed = netdef.load(path)
    assert guessed.blobs == {"data": (5, 3, 27, 27), "label": (5,)}
    assert [warning.code for warning in guessed.report] == ["N601"]
    given = netdef.load(path, data_size={"d": (1, 28, 30)})
    assert given.blobs["data"] == (5, 1, 27, 27)
    assert not list(given.report)


def test_versions_by_layers_of_one_name_have_names_of_their_own(build: Build) -> None:
    """Caffe lets several layers bear one name; a version's is unique all the same."""
    relu = 'layer { name: "relu" type: "ReLU" bottom: "data" top: "data" }\n'
    net = build(DATA + 3 * relu)
    assert [top.id for n in net.nodes for top in n.tops] == ["data@data", "data@relu", "data@relu#2", "data"]


def test_a_layer_with_too_many_bottoms_is_named_though_one_of_them_is_broken(build: Build) -> None:
    text = """
    input "data" [1, 3, 7, 5]
    layer "conv" Convolution { num_output: 4 kernel_size: 9 }
    layer "soft" Softmax { bottom: ["conv", "data"] }
    """
    assert build.fails(text) == [
        "N204 a 9x9 window does not fit a 7x5 image @ 9",
        'N503 Softmax takes 1 bottom, and has 2 @ "data"',
    ]


@pytest.mark.parametrize("num", [150, 3000])
def test_near_names_are_looked_for_while_somebody_reads_them(num: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of n blobs that nobody makes compared with n that somebody makes would take n^2."""
    looked_at = 0

    def counted(word: str, known: Iterable[str], *rest: Any) -> Guess:
        nonlocal looked_at
        looked_at += len([*known])
        return Guess("help", None)

    monkeypatch.setattr(blobs, "guess", counted)
    text = "".join(f'layer {{ name: "r{i}" type: "ReLU" bottom: "x{i}" top: "r{i}" }}\n' for i in range(num))
    report = analyse(text).report
    assert {said.code for said in report} == {"N501"}
    assert len(report) == min(num, MOST_OF_ONE_CODE + 1)  # the last stands for the others
    assert looked_at <= 2 * 100 * num
