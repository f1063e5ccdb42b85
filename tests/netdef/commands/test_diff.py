"""netdef diff: the difference on stdout, mistakes on stderr, and the status by which CI knows."""

import io
import json
import sys
from pathlib import Path

import pytest

from netdef.cli import main

ROOT = Path(__file__).parents[3]
A, B = (str(ROOT / f"nets/{name}.net") for name in ("vgg11", "vgg13"))

Captured = pytest.CaptureFixture[str]


def test_the_same_net_ends_with_0(capsys: Captured) -> None:
    assert main(["diff", A, A]) == 0
    assert capsys.readouterr() == (f"{A} and {A} are the same net: 30 layers, 132,863,336 parameters\n", "")


def test_nets_that_differ_end_with_1(capsys: Captured) -> None:
    """B is A with a second convolution in its first two stages (Simonyan and Zisserman 2014, table 1)."""
    assert main(["diff", A, B]) == 1
    captured = capsys.readouterr()
    assert captured.err == ""
    lines = captured.out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("+ ")] == ["conv1_2", "relu1_2", "conv2_2", "relu2_2"]
    assert "net.params: 132,863,336 -> 133,047,848" in lines
    assert (
        "  11 of 13 layers load: conv1_1, conv2_1, conv3_1, conv3_2, conv4_1, conv4_2, conv5_1, conv5_2 and 3 more"
        in lines
    )
    assert main(["diff", A, B, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["same"] is False


def test_a_net_that_is_wrong_is_told_on_stderr(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "net.net"
    path.write_text('layer "a" Poolling\n')
    assert main(["diff", A, str(path)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "error[N209]" in captured.err
    other = tmp_path / "other.net"
    other.write_text('layer "b" Pooling { kernel: 2 }\n')
    assert main(["diff", str(path), str(other)]) == 1
    said = capsys.readouterr().err
    assert f"--> {path}:" in said
    assert f"--> {other}:" in said


def test_options_hold_for_both_nets(capsys: Captured) -> None:
    assert main(["diff", A, A, "--phase", "TRAIN", "--set", "classes=10", "--dense"]) == 0
    assert " are the same net: 31 layers, 128,807,306 parameters\n" in capsys.readouterr().out


def test_what_expand_prints_is_the_same_net(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    path = str(ROOT / "nets/resnet50.net")
    assert main(["expand", path]) == 0
    text = capsys.readouterr().out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert main(["diff", path, "-"]) == 0
    assert capsys.readouterr().out == f"{path} and <stdin> are the same net: 229 layers, 25,610,269 parameters\n"
