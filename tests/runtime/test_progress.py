"""How far something is: a bar on a terminal, plain lines elsewhere."""

import fcntl
import os
import pty
import re
import struct
import sys
import termios
import time
from subprocess import PIPE, Popen

import pytest

from netdef.runtime.console import Console
from netdef.runtime.progress import counting

COUNTS = """
import time
from netdef.runtime.console import Console
from netdef.runtime.progress import counting

console = Console()
with counting(console, "nets/digits.net", 4, "images") as counter:
    for number in range(4):
        time.sleep(0.3)
        counter.add()
        if number == 1:
            console.print("a result")
            console.say("a remark")
"""


def on_a_terminal(width: int) -> tuple[str, str]:
    """What a program writes on stderr, a terminal of a width, and on stdout, a pipe."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    environment |= {"TERM": "xterm", "PYTHONIOENCODING": "utf-8"}
    with Popen([sys.executable, "-c", COUNTS], stdout=PIPE, stderr=theirs, env=environment) as program:
        os.close(theirs)
        written = bytearray()
        while True:
            try:
                written += os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
        assert program.stdout is not None
        out = program.stdout.read().decode()
    os.close(ours)
    assert program.returncode == 0
    return written.decode(), out


@pytest.mark.parametrize("width", [120, 60, 40, 24])
def test_a_terminal_of_any_width_shows_a_bar_and_the_time_that_is_left(width: int) -> None:
    err, out = on_a_terminal(width)
    assert out == "a result\n"
    lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", err))
    assert "a remark" in lines
    bars = [line for line in lines if line.endswith(" left")]
    assert max(map(len, lines)) <= width
    assert re.search(r" \d:\d\d:\d\d left$", bars[-1])
    assert any("/4 images" in line for line in bars) == (width > 24)
    assert any("nets/digits.net" in line for line in bars) == (width >= 60)
    assert all("\N{BOX DRAWINGS HEAVY HORIZONTAL}" in line for line in bars)


def test_elsewhere_a_line_comes_after_two_seconds_and_then_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with counting(Console(), "a.net", 40, "images") as counter:
        for _ in range(40):
            now += 1
            counter.add()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "a.net: 2/40 images  1.0 images/s  0:00:38 left",
        "a.net: 17/40 images  1.0 images/s  0:00:23 left",
        "a.net: 32/40 images  1.0 images/s  0:00:08 left",
    ]


@pytest.mark.parametrize("console", [Console(progress=False), Console(speaks=False)])
def test_who_does_not_speak_is_silent(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    with counting(console, "a.net", 1, "images") as counter:
        counter.note("something")
        counter.add()
    assert capsys.readouterr() == ("", "")
