"""The command: what it writes, says and refuses."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

import netdef
from netdef.cli import main
from tests.onnx_runtime import run

NETS = Path(__file__).parents[3] / "nets"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("words", [["--onnx"], []], ids=["onnx", "onnx is its only form"])
def test_it_writes_a_model_in_the_working_folder(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(NETS / "digits.net"), *words]) == 0
    said = capsys.readouterr()
    assert said.out == "digits.onnx: 0.4 MB\n"
    assert "warning[N906]: no weights given" in said.err
    assert run("digits.onnx", {"data": np.zeros((5, 1, 8, 8))})["prob"].shape == (5, 10)


def test_it_verifies_and_certifies(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(NETS / "digits.net"), "--onnx", "-o", "d.onnx", "--verify"]) == 0
    assert "equal: 2 cases" in capsys.readouterr().out
    certificate = json.loads(Path("d.certificate.json").read_text("utf-8"))
    assert certificate["verdict"] == "equal"
    assert certificate["model"]["dynamic"] == ["N"]
    assert certificate["model"]["files"].keys() == {"d.onnx"}


def test_weights_that_lack_a_layer_and_have_another(capsys: pytest.CaptureFixture[str]) -> None:
    zeros = [np.zeros((32, 1, 3, 3), np.float32), np.zeros(32, np.float32)]
    netdef.write_weights("w.npz", {"conv1_1": zeros, "elsewhere": zeros})
    assert main(["export", str(NETS / "digits.net"), "--onnx", "--weights", "w.npz"]) == 0
    said = capsys.readouterr().err
    assert "made up by fillers, because the weights lack them: conv1_2, conv2_1, conv2_2, fc3, fc4" in said
    assert "weights for layers that the net does not have: elsewhere" in said
    props = {p.key: p.value for p in onnx.load("digits.onnx").metadata_props}
    assert props["netdef.weights"].startswith("w.npz; seeded fillers, seed 0, for conv1_2")


@pytest.mark.parametrize(
    ("dynamic", "axes"), [("none", [1, 1, 8, 8]), ("n", ["N", 1, 8, 8]), ("N,H,W", ["N", 1, "H", "W"])]
)
def test_free_axes(dynamic: str, axes: list[str | int]) -> None:
    assert main(["export", str(NETS / "digits.net"), "--onnx", "--dense", "--dynamic", dynamic, "--opset", "20"]) == 0
    model = onnx.load("digits.onnx")
    assert [d.dim_param or d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim] == axes
    assert model.opset_import[0].version == 20


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--onnx", "--dynamic", "N,Q"], 2),
        (["--onnx", "--opset", "12"], 2),
        (["--onnx", "--dynamic", "H"], 1),
        (["--onnx", "--weights", "absent.npz"], 1),
        (["--onnx", "-o", "absent/digits.onnx"], 1),
        (["--onnx", "-o", "folder.onnx"], 1),
        (["--onnx", "-o", "."], 1),
    ],
)
def test_what_is_refused(arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    Path("folder.onnx").mkdir()
    command = ["export", str(NETS / "digits.net"), *arguments]
    if status == 2:
        with pytest.raises(SystemExit) as caught:
            main(command)
        assert caught.value.code == 2
    else:
        assert main(command) == status
    assert "error" in capsys.readouterr().err
    assert [*Path().rglob("*")] == [Path("folder.onnx")]


@pytest.mark.parametrize("out", ["digits.txt", "digits.net", "runs/digits.pb"])
def test_a_model_has_the_suffix_of_one(out: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(NETS / "digits.net"), "--onnx", "-o", out]) == 2
    assert f"out: {out!r} is not a file's name that ends in .onnx" in capsys.readouterr().err


def test_onnx_is_what_is_written_without_saying() -> None:
    assert main(["export", str(NETS / "digits.net")]) == 0
    without = Path("digits.onnx").read_bytes()
    assert main(["export", str(NETS / "digits.net"), "--onnx"]) == 0
    assert Path("digits.onnx").read_bytes() == without


def test_62_caffe_outputs_order(capsys: pytest.CaptureFixture[str]) -> None:
    """A deploy file without fillers: a certificate of zeros would prove nothing; outputs are in Caffe's order."""
    Path("age.prototxt").write_text(
        """
        name: "age" input: "data" input_dim: 10 input_dim: 3 input_dim: 21 input_dim: 21
        layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
                convolution_param { num_output: 8 kernel_size: 7 stride: 4 } }
        layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
        layer { name: "z" type: "InnerProduct" bottom: "conv1" top: "z" inner_product_param { num_output: 4 } }
        layer { name: "prob" type: "Softmax" bottom: "z" top: "prob" }
        layer { name: "last" type: "ReLU" bottom: "conv1" top: "last" }
        layer { name: "Best" type: "ArgMax" bottom: "conv1" top: "Best" }
        """
    )
    assert main(["export", "age.prototxt", "--verify"]) == 0
    out, err = capsys.readouterr()
    assert "fillers (seed 0), and random for conv1, z, which have none" in err
    assert "nothing is proved" not in out
    certificate = json.loads(Path("age.certificate.json").read_text())
    assert certificate["constant"] == []
    assert certificate["weights"]["from"] == "seeded fillers, seed 0; random for conv1, z, which have none"
    blobs = (blob for case in certificate["cases"] for blob in case["blobs"] if blob["blob"] != "Best")
    assert all(blob["least"] < blob["most"] for blob in blobs)
    assert [output.name for output in onnx.load("age.onnx").graph.output] == ["Best", "last", "prob"]  # as std::set has


def test_what_nothing_is_proved_of_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """ReLUs that are dead, and what they make dead, agree with anything."""
    Path("a.net").write_text(
        """
        input "data" [2, 3]
        layer "square" Power { bottom: "data" top: "square" power: 2 }
        layer "below" Power { top: "below" scale: -1 shift: -1 }
        layer "dead" ReLU { top: "dead" }
        layer "prob" Softmax
        layer "live" InnerProduct { bottom: "square" num_output: 2 }
        """
    )
    assert main(["export", "a.net", "--verify"]) == 0
    wanted = "nothing is proved of 2 of 5 blobs, one number everywhere: dead (0), prob (0.333333)"
    assert wanted in capsys.readouterr().out
    constant = json.loads(Path("a.certificate.json").read_text())["constant"]
    assert constant == [
        {"layer": "dead", "blob": "dead", "value": 0},
        {"layer": "prob", "blob": "prob", "value": pytest.approx(1 / 3)},
    ]
