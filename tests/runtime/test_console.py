"""Who speaks, and where."""

import pytest

from netdef.compiler.diagnostics import Diagnostic, Report, Severity
from netdef.runtime.console import Console, open_console
from netdef.runtime.exit_status import ExitStatus

Captured = pytest.CaptureFixture[str]
WARNING = Diagnostic("N508", "odd", severity=Severity.WARNING)
MISTAKE = Diagnostic("N204", "wrong")


def speak(console: Console) -> None:
    console.show([WARNING])
    console.say("on the way")
    console.print("found")


def test_results_go_to_stdout_and_all_else_to_stderr(capsys: Captured) -> None:
    speak(Console())
    out, err = capsys.readouterr()
    assert out == "found\n"
    assert err == "warning[N508]: odd\n\non the way\n"


@pytest.mark.parametrize(
    ("console", "out", "is_told"),
    [
        (Console(speaks=False), "", False),
        (Console().without(progress=False), "found\n", False),
        (Console().without(results=False), "", True),
    ],
)
def test_what_is_switched_off(console: Console, out: str, is_told: bool, capsys: Captured) -> None:
    speak(console)
    found, err = capsys.readouterr()
    assert found == out
    assert bool(err) == is_told


def test_mistakes_are_told_by_whoever_found_them(capsys: Captured) -> None:
    Console(speaks=False).fail(Report([MISTAKE, WARNING]))
    assert capsys.readouterr().err == "error[N204]: wrong\n\nwarning[N508]: odd\n\nnetdef: 1 error, 1 warning\n"


def test_of_several_processes_rank_0_speaks(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("RANK", "1")
    assert open_console().speaks, "no launcher of ours: a cluster's own variable"
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    assert not open_console().speaks
    speak(open_console())
    assert capsys.readouterr() == ("", "")
    assert open_console().refuse_usage("which?") == ExitStatus.WRONG_USAGE
    assert capsys.readouterr() == ("", "which?\n")
    monkeypatch.setenv("RANK", "0")
    assert open_console().speaks
