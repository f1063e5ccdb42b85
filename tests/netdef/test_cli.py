"""The command line: statuses, streams, and the commands check, explain and layers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from netdef.cli import COMMANDS, main
from netdef.compiler import explain

ROOT = Path(__file__).parents[2]
GOOD = ROOT / "nets/lenet.net"
BAD = explain.FOLDER / "N204.net"

Captured = pytest.CaptureFixture[str]


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    command = [sys.executable, "-m", "netdef", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


# ---- the frame
def test_python_m_netdef_is_the_command() -> None:
    done = ran("check", str(GOOD))
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{GOOD}: fine: 9 layers, 431,080 parameters\n", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "COMMAND"),
        (("nonsense",), "nonsense"),
        (("check",), "FILE"),
        (("summary", "x", "--size", "y"), "BLOB=1x3x384x500"),
    ],
)
def test_wrong_usage_is_status_2(arguments: tuple[str, ...], said: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*arguments])
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def test_every_command_has_help(capsys: Captured) -> None:
    for command in COMMANDS:
        with pytest.raises(SystemExit) as caught:
            main([command, "--help"])
        assert caught.value.code == 0
        out = capsys.readouterr().out
        assert command in out
        assert "(default: ())" not in out


def test_our_fault_is_status_3_without_a_traceback(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr("netdef.commands.check.analyse_phases", lambda *_, **__: 1 / 0)
    monkeypatch.delenv("NETDEF_TRACEBACK", raising=False)
    assert main(["check", str(GOOD)]) == 3
    assert capsys.readouterr().err.startswith("netdef: our fault, not yours: ZeroDivisionError: division by zero\n")


def test_a_pipe_that_is_closed_early_is_no_mistake() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "netdef", "explain", "--json"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


@pytest.mark.skipif(os.environ.get("NETDEF_TRACEBACK") is not None, reason="tracebacks are asked for")
def test_colour_is_for_terminals_only(capsys: Captured) -> None:
    main(["check", str(BAD)])
    assert "\033" not in capsys.readouterr().err


@pytest.mark.parametrize("name", ["FORCE_COLOR", "CLICOLOR_FORCE"])
def test_colour_is_shown_where_it_is_asked_for(name: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    """In diagnostics and in tables, into a pipe too."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv(name, "1")
    main(["check", str(BAD)])
    main(["summary", str(GOOD)])
    said = capsys.readouterr()
    assert "\033[1;31m" in said.err
    assert "\033[1m" in said.out
    monkeypatch.setenv("NO_COLOR", "1")
    main(["check", str(BAD)])
    main(["summary", str(GOOD)])
    assert "\033" not in "".join(capsys.readouterr())


# ---- check


# ---- explain


# ---- layers
