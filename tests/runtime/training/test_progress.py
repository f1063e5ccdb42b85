"""What is shown while a net is trained."""

import io
import re
import time
from functools import partial

import pytest
from rich.console import Console as Terminal

from netdef.runtime import progress_bar
from netdef.runtime.console import Console
from netdef.runtime.training.progress import Foot, Status, display

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


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (120, ("iteration 14/1000", "epoch 0.50", "loss 1.2500", "lr 0.001", "123,456 images/s", "1:02:05 left")),
        (80, ("iteration 14/1000", "epoch 0.50", "loss 1.2500", "1:02:05 left")),
        (60, ("iteration 14/1000", "epoch 0.50", "1:02:05 left")),
        (40, ("iteration 14/1000", "1:02:05 left")),
        (20, ("1:02:05 left",)),
    ],
)
def test_a_bar_keeps_to_the_terminals_width(width: int, told: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is whole at any width, and the bar itself is never lost."""
    terminal = io.StringIO()
    made = partial(Terminal, file=terminal, width=width, force_terminal=True)
    monkeypatch.setattr(progress_bar, "Terminal", lambda **_: made())
    widest = STATUS._replace(images_per_s=123_456, data_wait=1.0)
    with Foot() as bar:
        bar.show(widest)
        bar.show(widest._replace(iteration=14, evaluation="top-1 error 3.00 %"))
    written = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    last = written.rpartition("error 3.00 %")[2]
    assert [each for each in told if each not in last] == []
    assert "…" not in written
    assert "top-1 error 3.00 %\n" in written
    shown = max(last.splitlines(), key=len)
    assert width // 6 <= sum(map(shown.count, "━╸╺"))
