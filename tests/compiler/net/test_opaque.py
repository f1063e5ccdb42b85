"""Layers of types that only their author can run: what is declared holds, and nothing more is claimed."""

import copy
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

import netdef
from netdef.cli import main
from netdef.compiler.compare_sizes import Comparison, compare
from netdef.compiler.net.net import Net
from netdef.compiler.request import UsageError
from netdef.compiler.shape import show

Build = Callable[[str], Net]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    def made(text: str) -> Net:
        path = tmp_path / "net.net"
        path.write_text(text, "utf-8")
        return netdef.load(path)

    return made


def mistakes(build: Build, text: str) -> list[str]:
    with pytest.raises(netdef.NetError) as caught:
        build(text)
    return [f"{found.code} {found.message}" for found in caught.value.report]


CASE = """
opaque "T" { top_shape: [1, 8, "K", 16] }
input "data" [1, 3, 7, 5]
layer "t" T
layer "conv" Convolution { num_output: 8 kernel_size: 5 pad: 2 }
layer "sum" Eltwise { bottom: ["t", "conv"] }
"""


@pytest.mark.parametrize("axis", [1, 2, 3])
def test_what_a_convolution_leaves_as_large_joins_its_bottom(build: Build, axis: int) -> None:
    """Eltwise of both, Concat, Slice back, and Eltwise again."""
    net = build(f"""{CASE}
        layer "cat" Concat {{ bottom: ["sum", "t"] axis: {axis} }}
        layer "cut" Slice {{ axis: {axis} top: ["x", "y"] }}
        layer "again" Eltwise {{ bottom: ["x", "y", "conv"] }}
    """)
    assert [show(net.blobs[name]) for name in ("t", "conv", "sum", "x", "y", "again")] == ["1x8xKx16"] * 6


def test_a_window_that_is_too_small_leaves_another_size(build: Build) -> None:
    found = mistakes(build, CASE.replace("pad: 2", "pad: 1"))
    assert found == ["N206 Eltwise needs bottoms of one shape"]


TWO = """
opaque "T" { top_shape: [1, 8, "K", 16] }
input "data" [1, 3, 7, 5]
layer "a" T { bottom: "data" }
layer "b" T { bottom: "data" }
layer "sum" Eltwise { bottom: ["a", "b"] }
layer "cat" Concat { bottom: ["a", "b"] axis: 2 }
layer "both" Eltwise { bottom: ["cat", "twice"] }
"""
TWICE = 'layer "twice" Concat { bottom: ["a", "a"] axis: 2 }\n'


def test_two_layers_of_one_type_do_not_share_their_sizes(build: Build) -> None:
    """Nobody can tell whether they are equal: no mistake, but no claim either."""
    net = build(TWO.replace('layer "both"', TWICE + 'layer "both"'))
    assert [show(net.blobs[name]) for name in ("a", "b", "cat", "twice")] == [
        "1x8x(K@a)x16",
        "1x8x(K@b)x16",
        "1x8x(K@a+K@b)x16",
        "1x8x(2*K@a)x16",
    ]
    assert compare(net.blobs["a"][2], net.blobs["b"][2]) is Comparison.UNKNOWN


def test_the_tops_of_one_layer_share_their_sizes(build: Build) -> None:
    net = build("""
        opaque "Detect" { top_shape: ["K", 4] top_shape: ["K"] top_shape: [7] }
        input "data" [1, 3, 7, 5]
        layer "found" Detect { top: ["boxes", "scores"] }
        layer "more" ReLU { bottom: "boxes" top: "more" }
    """)
    assert compare(net.blobs["more"][0], net.blobs["scores"][0]) is Comparison.EQUAL
    assert [show(net.blobs[name]) for name in ("boxes", "scores")] == ["Kx4", "K"]


def test_layers_of_one_name_have_sizes_of_their_own(build: Build) -> None:
    net = build("""
        opaque "T" { top_shape: ["K"] }
        layer { name: "t" type: "T" top: "a" }
        layer { name: "t" type: "T" top: "b" }
    """)
    assert [show(net.blobs[name]) for name in "ab"] == ["(K@t)", "(K@t#2)"]


def test_a_layer_takes_the_first_shapes_for_its_tops(build: Build) -> None:
    text = 'opaque "T" { top_shape: [1, 2] top_shape: [3] } layer { name: "t" type: "T" TOPS }'
    assert build(text.replace("TOPS", 'top: "a"')).blobs == {"a": (1, 2)}
    assert build(text.replace("TOPS", 'top: "a" top: "b"')).blobs == {"a": (1, 2), "b": (3,)}
    assert build(text.replace("TOPS", "")).blobs == {}
    found = mistakes(build, text.replace("TOPS", 'top: "a" top: "b" top: "c"'))
    assert found == ["N503 3 tops, and 2 top_shape of T: one for all tops, or one for each"]


def test_one_shape_is_that_of_all_tops(build: Build) -> None:
    """A Python layer that reads data has two tops, say, and another one."""
    net = build("""
        opaque "Python" { top_shape: [1, 10] }
        layer { name: "in" type: "Python" top: "data" top: "im_info" }
        layer { name: "p" type: "Python" bottom: "data" top: "p" }
    """)
    assert net.blobs == {"data": (1, 10), "im_info": (1, 10), "p": (1, 10)}


@pytest.mark.parametrize("declared", ["", "top_shape: []"])
def test_a_type_named_loss_is_a_loss(build: Build, declared: str) -> None:
    net = build(f"""
        opaque "SmoothL1Loss" {{ {declared} }}
        input "data" [1, 3]
        layer "loss" SmoothL1Loss {{ bottom: ["data", "data"] }}
    """)
    assert net.blobs["loss"] == ()
    assert net.nodes[-1].loss_weights == (1,)
    assert net.has_loss


def test_one_layer_may_have_shapes_of_its_own(build: Build) -> None:
    net = build("""
        opaque "T" { top_shape: [1, 2] }
        opaque "T" at "second" { top_shape: [3] }
        layer { name: "first" type: "T" top: "a" }
        layer { name: "second" type: "T" top: "b" }
    """)
    assert net.blobs == {"a": (1, 2), "b": (3,)}


def test_shapes_of_one_layer_are_none_of_the_others(build: Build) -> None:
    found = mistakes(
        build, 'opaque "T" at "b" { top_shape: [3] } layer { name: "a" type: "T" } layer { name: "b" type: "T" }'
    )
    assert found == ['N209 there is no layer type "T"']


def test_shapes_of_a_layer_that_is_not_there_are_a_slip(build: Build) -> None:
    found = mistakes(build, 'opaque "T" at "layr" { top_shape: [3] } layer { name: "layer" type: "T" top: "a" }')
    assert found == ['N312 there is no layer "layr" of type T', 'N209 there is no layer type "T"']


def test_one_layer_is_declared_once(build: Build) -> None:
    found = mistakes(build, 2 * 'opaque "T" at "a" { top_shape: [3] } ' + 'layer { name: "a" type: "T" top: "a" }')
    assert found == ['N312 T is a layer type already, and "a" has its shapes']


def test_what_a_position_sees_is_unknown(build: Build) -> None:
    """Also where it is joined with what sees the input in a known way."""
    net = build(
        CASE.replace('"K", 16', "7, 5")
        + """
        layer "beside" Convolution { bottom: "data" num_output: 8 kernel_size: 3 pad: 1 }
        layer "both" Eltwise { bottom: ["beside", "conv"] }
    """
    )
    fields = {node.name: node.receptive_field for node in net.nodes}
    assert fields.pop("beside") is not None
    assert fields == dict.fromkeys(fields)


def test_global_pooling_of_what_only_a_run_can_measure(build: Build) -> None:
    net = build(CASE + 'layer "pool" Pooling { pool: AVE global_pooling: true }')
    assert net.blobs["pool"] == (1, 8, 1, 1)


PLAIN = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "roi" type: "ROIPooling" bottom: "data" top: "roi" roi_pooling_param { pooled_w: 7 } }
layer { name: "loss" type: "SmoothL1Loss" bottom: "roi" bottom: "roi" top: "loss" }
"""


def test_types_are_declared_from_outside(tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    path.write_text(PLAIN, "utf-8")
    net = netdef.load(path, opaque={"ROIPooling": [("K", 512, 7, 7)], "SmoothL1Loss": []})
    assert {name: show(shape) for name, shape in net.blobs.items()} == {
        "data": "1x3",
        "roi": "Kx512x7x7",
        "loss": "scalar",
    }
    with pytest.raises(netdef.NetError, match="ReLU is a layer type already"):
        netdef.load(path, opaque={"ReLU": [(1,)]})
    with pytest.raises(UsageError, match="ROIPooling: a size is a number, or a name"):
        netdef.load(path, opaque={"ROIPooling": [(-1, 512)]})


def test_types_are_declared_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.prototxt"
    path.write_text(PLAIN, "utf-8")
    assert (
        main(
            ["summary", str(path), "--format", "json", "--opaque", "ROIPooling=Kx512x7x7", "--opaque", "SmoothL1Loss="]
        )
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert found["blobs"] == {"data": [1, 3], "roi": [None, 512, 7, 7], "loss": []}
    with pytest.raises(SystemExit) as caught:
        main(["summary", str(path), "--opaque", "ROIPooling"])
    assert caught.value.code == 2
    assert "'ROIPooling' is not TYPE=1x8xKx16" in capsys.readouterr().err


@pytest.mark.parametrize("size", ["-1", "true", "1.5", '""', '"K@t"', '"K+1"'])
def test_a_size_is_a_number_or_a_name(build: Build, size: str) -> None:
    found = mistakes(build, f'opaque "T" {{ top_shape: [{size}] }} layer {{ name: "t" type: "T" top: "t" }}')
    assert found == ["N312 a size is a number, or a string that names one which only a run can tell"]


def test_a_net_with_such_layers_can_be_copied_and_sent(build: Build) -> None:
    net = build(TWO.replace('layer "both"', TWICE + 'layer "both"'))
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert other.blobs == net.blobs
        assert [node.type for node in other.nodes] == [node.type for node in net.nodes]
