"""Which warnings a word chooses, and what comes of them on the command line."""

import json
from pathlib import Path

import pytest

from netdef.cli import main
from netdef.compiler import explain
from netdef.compiler.lints.levels import LINTS, Level, Setting, UnknownLint, level_of, setting

TEXT = 'input "data" [1, 8, 5, 5]\nlayer "bn" BatchNorm { use_global_stats: false }\nlayer "n" LRN { alpha: 1e-4 }\n'


def test_a_lints_page_bears_its_name() -> None:
    for lint in LINTS:
        page = explain.page(lint.code)
        assert page.title.endswith(f"(lint {lint.name})")
        assert (f"--warn {lint.name}" in page.explanation.replace("\n", " ")) is (lint.level is Level.ALLOW)


@pytest.mark.parametrize(
    ("settings", "code", "level"),
    [
        ([], "N608", Level.WARN),
        ([], "N601", Level.WARN),
        ([], "N623", Level.ALLOW),
        ([Setting(Level.DENY, "warnings")], "N601", Level.DENY),
        ([Setting(Level.DENY, "warnings")], "N623", Level.ALLOW),
        ([Setting(Level.WARN, "N623"), Setting(Level.DENY, "N6")], "N623", Level.DENY),
        ([Setting(Level.DENY, "N9")], "N601", Level.WARN),
        ([Setting(Level.DENY, "N601"), Setting(Level.ALLOW, "N601")], "N601", Level.ALLOW),
    ],
)
def test_what_is_said_last_holds(settings: list[Setting], code: str, level: Level) -> None:
    assert level_of(code, settings) is level


@pytest.mark.parametrize("word", ["N999", "N204", "hush", "", "N", "unused blob"])
def test_a_word_that_chooses_nothing_is_refused(word: str) -> None:
    with pytest.raises(UnknownLint):
        setting(Level.DENY, word)
    with pytest.raises(SystemExit, match="2"):
        main(["check", "a.net", "--deny", word])


@pytest.mark.parametrize(
    ("words", "found", "status"),
    [
        ([], {"N608": "warning"}, 0),
        (["--allow", "batch-statistics"], {}, 0),
        (["--deny", "warnings"], {"N608": "error"}, 1),
        (["--warn", "N623", "--deny", "N608"], {"N608": "error", "N623": "warning"}, 1),
    ],
)
def test_flags_of_check(
    words: list[str], found: dict[str, str], status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.net"
    path.write_text(TEXT)
    assert main(["check", str(path), *words, "--json"]) == status
    assert {each["code"]: each["severity"] for each in json.loads(capsys.readouterr().out)} == found
    assert main(["check", str(path), *words, "--format", "sarif"]) == status
    run = json.loads(capsys.readouterr().out)["runs"][0]
    assert {each["ruleId"]: each["level"] for each in run["results"]} == found
    assert main(["check", str(path), *words]) == status
    assert ("fine" in capsys.readouterr().out) is (status == 0)
