"""What the words of a command line ask for, as requests."""

import argparse

import pytest

from netdef.compiler.request import NetRequest
from netdef.options.data import data_arguments, data_request
from netdef.options.hardware import device_argument, hardware_request, speed_arguments
from netdef.options.net import net_arguments, net_request
from netdef.runtime.hardware.execution_settings import Precision
from netdef.runtime.requests import DataRequest, HardwareRequest


def parsed(*words: str, phase: bool = True) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--data")
    data_arguments(parser)
    device_argument(parser)
    speed_arguments(parser)
    net_arguments(parser, phase=phase)
    return parser.parse_args(words)


def test_words_that_say_nothing_ask_for_nothing() -> None:
    args = parsed("a.net")
    assert net_request(args) == NetRequest(file="a.net")
    assert data_request(args) == DataRequest()
    assert hardware_request(args) == HardwareRequest()


def test_the_net() -> None:
    words = ("--phase", "TRAIN", "--stage", "a", "--stage", "b", "--level", "2", "--dense")
    values = ("--set", "n=[1, 2.5]", "--set", "name=x", "--size", "data=1x3x5x7", "--data-size", "d=3x8x9")
    assert net_request(parsed("a.net", *words, *values)) == NetRequest(
        file="a.net",
        phase="TRAIN",
        stages=("a", "b"),
        level=2,
        set={"n": (1, 2.5), "name": "x"},
        sizes={"data": (1, 3, 5, 7)},
        data_size={"d": (3, 8, 9)},
        dense=True,
    )
    assert net_request(parsed("a.net"), "b.net").file == "b.net"
    assert net_request(parsed("a.net", phase=False)).phase == "TEST"


def test_the_data() -> None:
    words = ("--data", "digits", "--input", "rows=data", "--scores", "fc", "--object", "cat", "--corrupt", "skip")
    asked = data_request(parsed("a.net", *words, "--workers", "0"))
    assert asked == DataRequest(
        data="digits", inputs={"rows": "data"}, scores="fc", objects=("cat",), corrupt="skip", workers=0
    )
    assert asked.skips


def test_the_hardware() -> None:
    words = ("--device", "cpu", "--precision", "tf32", "--no-compile", "--channels-last")
    assert hardware_request(parsed("a.net", *words)) == HardwareRequest(
        device="cpu", precision=Precision.TF32, compile=False, channels_last=True
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--size", "data=1x0"), "'1x0' is not a shape like 1x3x224x224"),
        (("--data-size", "5xa"), "'5xa' is not a shape like 1x3x224x224"),
        (("--set", "1=2"), "'1=2' is not NAME=VALUE"),
        (("--input", "data"), "'data' is not BLOB=FIELD"),
        (("--workers", "-1"), "'-1' is no whole number from 0"),
    ],
)
def test_a_wrong_word_is_refused(words: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parsed("a.net", *words)
    assert caught.value.code == 2
    assert expected in capsys.readouterr().err
