"""netdef summary: its forms, and the contract of its JSON."""

import json
from pathlib import Path

import pytest

import netdef
from netdef.cli import main

NETS = Path(__file__).parents[3] / "nets"


def load(tmp_path: Path, text: str) -> netdef.Net:
    path = tmp_path / "net.net"
    path.write_text(text)
    return netdef.load(path)


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


def test_dense_takes_images_of_any_size(capsys: pytest.CaptureFixture[str]) -> None:
    """The side of configuration D's map is ceil(Q / 32) - 6: 6 x 10 for 384 x 500 (ceil pooling)."""
    net = netdef.load(NETS / "vgg16.net", dense=True, sizes={"data": (1, 3, 384, 500)})
    assert net.blobs["fc8"] == (1, 1000, 6, 10)
    assert net.num_params == 138_357_544
    assert netdef.dense(netdef.load(NETS / "vgg16.net")).blobs["fc8"] == (1, 1000, 1, 1)


def test_a_false_claim_hides_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table is what shows why the claim is false."""
    path = tmp_path / "a.net"
    path.write_text('input "d" [1, 2] layer "r" ReLU expect { params: 5 }')
    assert main(["summary", str(path)]) == 1
    said = capsys.readouterr()
    assert "r      ReLU" in said.out
    assert "error[N602]: params: 5 expected, 0 found" in said.err
    path.write_text('input "d" [1, 2] layer "r" Foo expect { params: 5 }')
    assert main(["summary", str(path)]) == 1
    assert "1 of 2 layers are left out" in capsys.readouterr().out


def test_of_a_net_with_types_that_nobody_knows_the_rest_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A detector of a fork: its backbone has shapes and costs, whatever stands on top of it."""
    path = tmp_path / "ssd.prototxt"
    path.write_text(
        """
        input: "data" input_shape { dim: 1 dim: 3 dim: 30 dim: 30 }
        layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
                convolution_param { num_output: 4 kernel_size: 3 } }
        layer { name: "perm" type: "Unpooling" bottom: "conv" top: "perm" unpooling_param { kernel_size: 2 } }
        layer { name: "flat" type: "Flatten" bottom: "perm" top: "flat" }
        """
    )
    assert main(["summary", str(path)]) == 1
    out, err = capsys.readouterr()
    assert 'there is no layer type "Unpooling" here: it comes from a fork of Caffe (SegNet)' in err
    assert "1x4x28x28" in out
    assert "112 parameters, 1 weight layer\n" in out
    assert "2 of 4 layers are left out: they have a mistake, or read what such a layer would make" in out
    assert main(["summary", str(path), "--json"]) == 1
    assert capsys.readouterr().out == ""
