"""The summary's forms, against each other and against a count by hand of what is independent of us."""

import csv
import re
from io import StringIO
from pathlib import Path

import pytest

import netdef
from netdef.compiler.views.narrow import SHORTEST_NAME
from netdef.compiler.views.summary import FORMATS, Look, as_dict, render, totals

NETS = Path(__file__).parents[3] / "nets"

SYMBOLIC = """
opaque "Proposal" { top_shape: ["K", 5] }
input "data" [1, 3, 7, 5]
layer "rois" Proposal
layer "fc" InnerProduct { num_output: 4 }
"""

BRANCHES = """
name: "branches"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 9 dim: 7 } } }
layer { name: "a" type: "Convolution" bottom: "data" top: "a"
  convolution_param { num_output: 4 kernel_h: 3 kernel_w: 1 stride_h: 2 stride_w: 1 pad_h: 1 pad_w: 0 } }
layer { name: "b" type: "Pooling" bottom: "data" top: "b"
  pooling_param { kernel_size: 5 stride_h: 2 stride_w: 1 pad: 2 } }
layer { name: "c" type: "Concat" bottom: "a" bottom: "b" top: "c" }
layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
"""


def load(tmp_path: Path, text: str) -> netdef.Net:
    path = tmp_path / "net.net"
    path.write_text(text)
    return netdef.load(path)


def test_statistics_are_counted_and_shown_apart() -> None:
    """ResNet-50 has 53 BatchNorms over 26,560 channels: a mean and a variance for each, and a factor."""
    net = netdef.load(NETS / "resnet50.net")
    assert net.num_statistics == 2 * 26_560 + 53
    assert "53,173 of them statistics" in render(net, "table")


def test_receptive_field_of_branches_is_the_widest(tmp_path: Path) -> None:
    fields = {layer["name"]: layer["receptive_field"] for layer in as_dict(load(tmp_path, BRANCHES))["layers"]}
    assert fields["a"] == {"size": [3, 1], "stride": [2, 1]}
    assert fields["b"] == {"size": [5, 5], "stride": [2, 1]}
    assert fields["c"] == fields["r"] == {"size": [5, 5], "stride": [2, 1]}
    assert fields["data"] is None


def test_a_size_known_only_at_run_time_is_null(tmp_path: Path) -> None:
    found = as_dict(load(tmp_path, SYMBOLIC))
    assert found["blobs"]["rois"] == [None, 5]
    assert found["layers"][2]["params"] == [
        {"name": "weight", "shape": [4, 5], "count": 20},
        {"name": "bias", "shape": [4], "count": 4},
    ]


def test_every_form_has_every_layer() -> None:
    net = netdef.load(NETS / "digits.net")
    rows = list(csv.DictReader(StringIO(render(net, "csv"))))
    assert [row["layer"] for row in rows] == [node.name for node in net.nodes]
    assert sum(int(row["weights"] or 0) for row in rows) == net.num_params
    for format in FORMATS:
        assert all(node.name in render(net, format) for node in net.nodes)
    assert render(net, "markdown").splitlines()[0].count("|") == render(net, "markdown").splitlines()[1].count("|")


def test_what_only_a_run_can_tell_is_shown_as_a_form(tmp_path: Path) -> None:
    """8 x 8 x 5 x 5 multiply-adds at each of K x 16 positions, and 4 bytes for each of 8 x K x 16 numbers."""
    net = load(
        tmp_path,
        """
        opaque "T" { top_shape: [1, 8, "K", 16] }
        input "data" [1, 3, 7, 5]
        layer "t" T
        layer "conv" Convolution { num_output: 8 kernel_size: 5 pad: 2 }
        """,
    )
    row = next(line for line in render(net, "table").splitlines() if line.startswith("conv"))
    assert row.split() == ["conv", "Convolution", "5x5,", "pad", "2", "conv", "1x8xKx16", "1,608", "25,600*K", "512*K"]
    assert totals(net)[1:] == [
        "0 multiply-adds for one image",
        "0.0 MiB of weights, 0.0 MiB of activations for one image, in float32",
        "more, which only a run can tell: 25,600*K multiply-adds and 1,024*K bytes of activations",
    ]
    found = as_dict(net)
    assert [layer["macs"] for layer in found["layers"]] == [0, 0, None]
    assert found["macs"] == 0
    assert found["blobs"]["conv"] == [1, 8, None, 16]


# ---- what a person sees
@pytest.mark.parametrize("width", [40, 60, 72, 80, 100, 132])
@pytest.mark.parametrize("name", ["vgg16", "resnet50", "alexnet", "vgg16_scr"])
@pytest.mark.parametrize("blocks", [False, True])
def test_no_line_is_wider_than_the_terminal(width: int, name: str, blocks: bool) -> None:
    """Lines that wrap can't be read as columns."""
    net = netdef.load(NETS / f"{name}.net", phase="TRAIN")
    lines = render(net, "table", Look(width=width, blocks=blocks)).splitlines()
    assert max(map(len, lines)) <= width
    assert any("weights" in line for line in lines)


def test_a_long_path_is_cut_too(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 100)
    folder.mkdir()
    lines = render(load(folder, 'input "d" [1, 2] layer "r" ReLU'), "table", Look(width=60)).splitlines()
    assert max(map(len, lines)) <= 60
    assert "phase TEST" in lines[1]


def test_long_names_are_cut_before_columns_go(tmp_path: Path) -> None:
    name = "a_" * 40
    net = load(tmp_path, f'input "d" [1, 3, 8, 8] layer "{name}" Pooling {{ kernel_size: 2 }}')
    table = render(net, "table", Look(width=100))
    assert "activations" in table
    assert "…" in table
    assert name[: SHORTEST_NAME // 3] in table
    assert name in render(net, "table")


def test_colour_changes_no_character() -> None:
    net = netdef.load(NETS / "vgg16.net")
    coloured = render(net, "table", Look(color=True))
    assert "\033[" in coloured
    assert re.sub(r"\033\[\d*m", "", coloured) == render(net, "table")
    assert "\033" not in "".join(render(net, format, Look(color=format == "table")) for format in ("json", "csv"))


WINDOWS = """
input "data" [1, 4, 32, 32]
layer "plain" Convolution { num_output: 4 kernel_size: 3 }
layer "all" Convolution { num_output: 4 kernel_size: 3 pad: 6 dilation: 6 stride: 2 group: 4 }
layer "wide" Convolution { num_output: 4 kernel_h: 1 kernel_w: 7 pad_h: 0 pad_w: 3 }
layer "max" Pooling { kernel_size: 3 stride: 2 }
layer "ave" Pooling { pool: AVE global_pooling: true }
layer "fc" InnerProduct { num_output: 2 }
"""


def test_windows_are_said_as_they_differ_from_the_usual(tmp_path: Path) -> None:
    rows = csv.DictReader(StringIO(render(load(tmp_path, WINDOWS), "csv")))
    assert {row["layer"]: row["window"] for row in rows} == {
        "data": "",
        "plain": "3x3",
        "all": "3x3, stride 2, pad 6, dilation 6, group 4",
        "wide": "1x7, pad 0x3",
        "max": "MAX 3x3, stride 2",
        "ave": "AVE global",
        "fc": "",
    }
    windows = {layer["name"]: layer["window"] for layer in as_dict(load(tmp_path, WINDOWS))["layers"]}
    assert windows["all"] == {"kernel": [3, 3], "stride": [2, 2], "pad": [6, 6], "dilation": [6, 6]}
    assert windows["wide"] == {"kernel": [1, 7], "stride": [1, 1], "pad": [0, 3], "dilation": [1, 1]}
    assert windows["fc"] is None


def test_totals_say_what_is_of_a_batch_and_what_of_an_image() -> None:
    """Configuration D does 15,470,264,320 multiply-adds for an image, however many there are."""
    one, eight = (totals(netdef.load(NETS / "vgg16.net", set={"N": n})) for n in (1, 8))
    assert one[1] == "15,470,264,320 multiply-adds for one image"
    assert eight[1] == "123,762,114,560 multiply-adds for a batch of 8 images, 15,470,264,320 for one"
    assert "58.1 MiB of activations for one image" in one[2]
    assert "465.0 MiB of activations for a batch of 8 images (58.1 MiB for one)" in eight[2]
    assert render(netdef.load(NETS / "vgg16.net", set={"N": 8}), "table").startswith(
        "VGG16, phase TEST, a batch of 8 images"
    )


def test_samples_that_are_no_images_are_called_so(tmp_path: Path) -> None:
    assert totals(load(tmp_path, 'input "d" [7, 2] layer "fc" InnerProduct { num_output: 3 }'))[1] == (
        "42 multiply-adds for a batch of 7 samples, 6 for one"
    )
    steps_first = 'input "x" [5, 2, 3] input "cont" [5, 2] layer "s" Silence { bottom: ["x", "cont"] }'
    assert as_dict(load(tmp_path, steps_first))["batch"] is None


def test_a_line_for_each_block_sums_up_to_the_net() -> None:
    net = netdef.load(NETS / "resnet50.net")
    rows = list(csv.DictReader(StringIO(render(net, "csv", Look(blocks=True)))))
    assert sum(int(row["weights"] or 0) for row in rows) == net.num_params
    assert sum(int(row["MACs"] or 0) for row in rows) == net.macs
    assert sum(int(row["layers"]) for row in rows) == len(net.nodes)
    assert any(row["block"] == 'stage(2, 64, ["a", "b", "c"], stride: 1)' for row in rows)
