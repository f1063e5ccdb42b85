"""What is shown while a net is trained."""

import io
import time

import pytest
from rich.console import Console as Terminal

from netdef.runtime.console import Console
from netdef.runtime.training import progress
from netdef.runtime.training.progress import Bar, Status, display

STATUS = Status(
    iteration=7, total=1000, epoch=0.5, loss=1.25, lr=0.001, images_per_s=1234.5, data_wait=0.02, seconds_left=3725.4
)


def test_a_line_says_how_training_goes() -> None:
    assert STATUS.text == (
        "iteration    7/1000  epoch   0.50  loss 1.2500  lr 0.001  1,234 images/s  data wait  2 %  1:02:05 left"
    )
    assert STATUS._replace(evaluation="top-1 error 3.00 %").text.endswith("left  top-1 error 3.00 %")


def test_lines_come_at_evaluations_and_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    shown = display(Console())
    with shown:
        for _ in range(40):
            now += 1
            shown.show(STATUS)
        shown.show(STATUS._replace(evaluation="top-1 error 3.00 %"))
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.endswith("3.00 %") for line in err.splitlines()] == [False, False, True]


def test_a_bar_keeps_to_the_terminals_width(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(progress, "Terminal", lambda **_: Terminal(file=terminal, width=80, force_terminal=True))
    widest = STATUS._replace(images_per_s=123_456, data_wait=1.0)
    with Bar() as bar:
        bar.show(widest)
        bar.show(widest._replace(iteration=14, evaluation="top-1 error 3.00 %"))
    written = terminal.getvalue()
    for told in ("loss 1.2500", "lr 0.001", "123,456 images/s", "data wait 100 %", "1:02:05 left"):
        assert told in written.rpartition("error 3.00 %")[2]
    assert "…" not in written
    assert "top-1 error 3.00 %\n" in written
