"""The summary's forms, against each other and against a count by hand of what is independent of us."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest

import netdef
from netdef.cli import main
from netdef.compiler.views.summary import FORMATS, as_dict, costs, render

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


def test_vgg16_activations_are_those_of_the_published_count() -> None:
    """15,237,608 numbers: the input and every convolution, pooling and fully connected output; and 1,000 of prob."""
    assert costs(netdef.load(NETS / "vgg16.net")).activation_bytes == 4 * (15_237_608 + 1_000)


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


def test_the_contract_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", str(NETS / "lenet.net"), "--format", "json", "--set", "N=3"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found.keys() >= {"name", "phase", "layers", "blobs", "inputs", "outputs", "num_params", "macs"}
    assert found["inputs"] == {"data": [3, 1, 28, 28]}
    assert found["outputs"] == ["prob"]
    pool = next(layer for layer in found["layers"] if layer["name"] == "pool1")
    expected = {
        "type": "Pooling",
        "bottoms": ["conv1"],
        "tops": ["pool1"],
        "shapes": {"pool1": [3, 20, 12, 12]},
        "params": [],
        "num_params": 0,
        "macs": 0,
        "receptive_field": {"size": [6, 6], "stride": [2, 2]},
    }
    assert pool.items() >= expected.items()
    calls = (NETS / "lenet.net").read_text().splitlines()
    assert calls[pool["line"] - 1] == "learned(1, 20)"


def test_every_form_has_every_layer() -> None:
    net = netdef.load(NETS / "digits.net")
    rows = list(csv.DictReader(StringIO(render(net, "csv"))))
    assert [row["layer"] for row in rows] == [node.name for node in net.nodes]
    assert sum(int(row["weights"] or 0) for row in rows) == net.num_params
    for format in FORMATS:
        assert all(node.name in render(net, format) for node in net.nodes)
    assert render(net, "markdown").splitlines()[0].count("|") == render(net, "markdown").splitlines()[1].count("|")


def test_dense_takes_images_of_any_size(capsys: pytest.CaptureFixture[str]) -> None:
    """The side of configuration D's map is ceil(Q / 32) - 6: 6 x 10 for 384 x 500 (ceil pooling)."""
    net = netdef.load(NETS / "vgg16.net", dense=True, sizes={"data": (1, 3, 384, 500)})
    assert net.blobs["fc8"] == (1, 1000, 6, 10)
    assert net.num_params == 138_357_544
    assert netdef.dense(netdef.load(NETS / "vgg16.net")).blobs["fc8"] == (1, 1000, 1, 1)
