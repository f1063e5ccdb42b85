"""The summary's forms, against each other and against a count by hand of what is independent of us."""

import csv
from io import StringIO
from pathlib import Path

import netdef
from netdef.compiler.views.summary import FORMATS, as_dict, render, totals

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
    assert row.split() == ["conv", "Convolution", "conv", "1x8xKx16", "1,608", "25,600*K", "512*K"]
    assert totals(net)[1:] == [
        "0 multiply-adds",
        "0.0 MiB of weights, 0.0 MiB of activations, in float32",
        "more, which only a run can tell: 25,600*K multiply-adds and 1,024*K bytes of activations",
    ]
    found = as_dict(net)
    assert [layer["macs"] for layer in found["layers"]] == [0, 0, None]
    assert found["macs"] == 0
    assert found["blobs"]["conv"] == [1, 8, None, 16]
