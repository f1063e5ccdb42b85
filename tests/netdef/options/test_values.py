"""Numbers on the command line: whichever flag takes one, no number is our fault, and none takes the machine down."""

import argparse
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from netdef.cli import COMMANDS, main

NUMBERS = {
    "digits400": "9" * 400,
    "digits5000": "9" * 5000,
    "past64": str(2**63),
    "below": "-1",
    "zero": "0",
    "vast": "1e308",
    "infinite": "1e999",
    "none": "nan",
    "arabic": "\N{ARABIC-INDIC DIGIT THREE}",
    "empty": "",
}
TAKES_TEXT = {"binding", "field_of", "letters", "file_with"}
"""Types of flags whose values are no numbers."""
IN_FORMS = {
    "size": "data={}x1x8x8",
    "size_range": "data={}x1x8x8",
    "data_size": "data={}x8x8",
    "opaque": "Odd={}x1",
    "axes": "{}",
}
"""How a number stands in a value of a flag's type."""


def parser_of(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(exit_on_error=False)
    import_module(f"netdef.commands.{command}").arguments(parser)
    return parser


def numeric_flags() -> Iterator[tuple[str, str, str]]:
    """Each command, each of its flags whose value has a number in it, and the form of that value."""
    for command in COMMANDS:
        for action in parser_of(command)._actions:
            kind = getattr(action.type, "__name__", "")
            if action.option_strings and action.type is not None and kind not in TAKES_TEXT:
                yield command, action.option_strings[0], IN_FORMS.get(kind, "{}")


FLAGS = list(numeric_flags())
NET = """
input "data" [2, 1, 8, 8]
input "label" [2]
layer "fc" InnerProduct { bottom: "data" num_output: 10 weight_filler { type: "xavier" } }
layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] include { phase: TRAIN } }
layer "prob" Softmax { bottom: "fc" include { phase: TEST } }
"""
WORDS = {
    "evaluate": ["net.net", "--weights", "run", "--data", "digits", "--device", "cpu"],
    "export": ["net.net", "--onnx"],
    "features": ["net.net", "--weights", "run", "--data", "digits", "-o", "f.npz", "--device", "cpu"],
    "pack": ["digits", "out"],
    "predict": ["net.net", "--weights", "run", "image.png", "--device", "cpu"],
    "svm": ["f.npz"],
    "time": ["net.net", "--repeat", "1", "--device", "cpu"],
    "train": ["net.net", "--data", "digits", "--device", "cpu", "--epochs", "0.01", "--workers", "0", "-o", "new"],
    "verify": ["net.net"],
}
"""What a command needs beside the flag; the others take the net alone."""


def test_flags_are_found() -> None:
    assert {("train", "--batch", "{}"), ("verify", "--seed", "{}"), ("check", "--size", "data={}x1x8x8")} <= {*FLAGS}
    assert len(FLAGS) > 50


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("numbers")
    (folder / "net.net").write_text(NET)
    return folder


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize(("command", "flag", "form"), FLAGS, ids=str)
def test_a_number_is_taken_or_refused(
    command: str,
    flag: str,
    form: str,
    number: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What the parser takes must be within what its command can mean: the rest ends with a line and status 2."""
    monkeypatch.chdir(home)
    value = form.format(number)
    words = [command, *WORDS.get(command, ["net.net"]), f"{flag}={value}"]
    try:
        parsed = parser_of(command).parse_args(words[1:])
    except (argparse.ArgumentError, SystemExit):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
        said = capsys.readouterr().err
        assert len(said) < 20_000
        assert "Traceback" not in said
        return
    taken = str(vars(parsed)[flag.lstrip("-").replace("-", "_")])
    assert len(taken) < 60, "no number of more than 64 bits goes further"
    if command in ("check", "summary", "draw", "expand"):
        assert main(words) in (0, 1, 2)
