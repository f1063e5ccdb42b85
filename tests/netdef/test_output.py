"""Results on the standard output or in a file, the same in every command that prints one."""

import json
from pathlib import Path

import pytest

from netdef.cli import main

NETS = Path(__file__).parents[2] / "nets"
LENET = str(NETS / "lenet.net")


@pytest.mark.parametrize("command", [["summary"], ["expand"], ["draw", "--format", "dot"]])
def test_a_dash_is_the_standard_output(command: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([*command, LENET, "-o", "-"]) == 0
    printed = capfd.readouterr().out
    assert main([*command, LENET, "-o", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out").read_text("utf-8") == printed


def test_a_model_goes_to_the_standard_output_too(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    onnx = pytest.importorskip("onnx")
    assert main(["export", LENET, "-o", "-"]) == 0
    assert [each.name for each in onnx.load_from_string(capfdbinary.readouterr().out).graph.output] == ["prob"]


def test_a_certificate_needs_a_model_with_a_name(capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("onnx")
    assert main(["export", LENET, "-o", "-", "--verify"]) == 2
    assert "give it a name" in capfd.readouterr().err


def test_a_file_that_cannot_be_written_is_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("summary", "expand", "draw"):
        assert main([command, LENET, "-o", str(tmp_path / "nowhere/out.dot")]) == 1
        assert "error[N006]" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["summary", LENET], ["layers", "Pooling"], ["explain", "N204"], ["check", LENET]])
def test_json_and_format_json_are_the_same(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--json"]) == 0
    one = capsys.readouterr().out
    assert main([*words, "--format", "json"]) == 0
    assert capsys.readouterr().out == one
    json.loads(one)
