"""What a wrong word on the command line is told, and what help teaches."""

import re
import shlex

import pytest

from netdef import cli
from netdef.cli import COMMANDS, main
from netdef.options.parser import STATUSES, epilog

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sumary", "a.net"], "netdef: error: there is no command sumary; did you mean summary?"),
        (["frobnicate"], "netdef: error: there is no command frobnicate; there are check, diff,"),
        (["summary", "a.net", "--blok"], "netdef summary: error: there is no --blok; did you mean --blocks?"),
        (["train", "a.net", "--epoch=3", "--devies", "2"], "there is no --devies; did you mean --devices?"),
        (["summary", "a.net", "--frobnicate"], "netdef summary: error: there is no --frobnicate\n"),
        (["summary", "a.net", "b.net"], "'b.net' is one argument too many"),
        (["summary", "a.net", "--format", "jsn"], "'jsn' is none of its words; did you mean json?"),
        (["summary", "a.net", "--phase", "x"], "argument --phase: 'x' is none of its words; there are TRAIN, TEST"),
        (["summary"], "the following arguments are required: FILE"),
    ],
)
def test_a_wrong_word_is_told_what_is_near(words: list[str], said: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.err.count("\n") == 2  # the mistake, and where help is
    assert told.out == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches(command: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command's help has examples, and says what its exit statuses mean; every example is one that it takes."""
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert STATUSES in text
    examples = cli._module(command).EXAMPLES
    assert len(examples) >= 2
    for line, what in examples:
        assert f"  {line}" in text
        assert what
        words = shlex.split(re.split(r"[|<>]", line.removeprefix("cat net.net | "))[0])
        assert words[:2] == ["netdef", command]
        cli.parse(words[1:])


@pytest.mark.parametrize("columns", ["60", "100"])
def test_paragraphs_of_help_fit_the_terminal(columns: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    description = capsys.readouterr().out.split("positional arguments:")[0]
    assert max(map(len, description.splitlines())) <= int(columns)


def test_what_a_command_has_to_say_stands_between_examples_and_statuses() -> None:
    assert epilog([("netdef x", "all"), ("netdef x --y", "")], "  a table") == (
        f"examples:\n  netdef x      all\n  netdef x --y\n\n  a table\n\n{STATUSES}"
    )


# ---- one flag, one meaning
def _options(command: str) -> dict[str, tuple[str | None, bool]]:
    _, commands = cli._parser([command], [])
    actions = commands[command]._option_string_actions
    return {flag: (action.dest, action.nargs == 0) for flag, action in actions.items()}


def test_a_flag_is_the_same_in_every_command() -> None:
    seen: dict[str, tuple[str | None, bool]] = {}
    for command in COMMANDS:
        for flag, meaning in _options(command).items():
            assert seen.setdefault(flag, meaning) == meaning, f"{command} {flag}"


@pytest.mark.parametrize("command", COMMANDS)
def test_json_is_asked_for_in_both_ways_or_in_none(command: str) -> None:
    _, commands = cli._parser([command], [])
    actions = commands[command]._option_string_actions
    forms = list(actions["--format"].choices or ()) if "--format" in actions else []
    assert ("--json" in actions) == ("json" in forms)
    assert ("-o" in actions) == ("--output" in actions)
