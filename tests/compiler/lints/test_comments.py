"""What a file says of its warnings: for a statement, a call, or the whole; and what it fails to say."""

from pathlib import Path

import pytest

import netdef
from netdef.cli import main
from netdef.compiler.all_phases import analyse_phases
from netdef.compiler.files import Files
from netdef.compiler.lints.levels import Level, setting
from netdef.compiler.request import NetRequest

HEAD = 'input "data" [1, 8, 5, 5]\n'


def said(text: str, *words: tuple[Level, str]) -> list[tuple[str, int, str]]:
    """Code, line and severity of what is said of a text."""
    levels = [setting(level, word) for level, word in words]
    found = analyse_phases(NetRequest(file="a.net"), Files({"a.net": text}, disk=False), levels=levels)
    return [(each.code, each.primary.span.line, str(each.severity)) for each in found.report if each.primary]


ALOUD = (Level.WARN, "lrn-alpha")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('layer "a" LRN { alpha: 1e-4 }\nlayer "b" LRN { alpha: 1e-4 }', [2, 3]),
        ('layer "a" LRN { alpha: 1e-4 }  # netdef: allow N623\nlayer "b" LRN { alpha: 1e-4 }', [3]),
        ('# netdef: allow lrn-alpha: as published\nlayer "a" LRN { alpha: 1e-4 }\nlayer "b" LRN { alpha: 1e-4 }', [4]),
        ('layer "a" LRN {\n  alpha: 1e-4  # netdef: allow N604, lrn-alpha\n}\nlayer "b" LRN { alpha: 1e-4 }', [5]),
        ('layer "a" LRN {  # netdef: allow N6\n  alpha: 1e-4\n}\nlayer "b" LRN { alpha: 1e-4 }', [5]),
        ('layer "a" LRN {\n  alpha: 1e-4\n}  # netdef: allow warnings\nlayer "b" LRN { alpha: 1e-4 }', [5]),
        ('layer "a" LRN { alpha: 1e-4 }\nlayer "b" LRN { alpha: 1e-4 }\n# netdef: allow N623 in this file', []),
        ('block n(x) {\n  layer x LRN { alpha: 1e-4 }  # netdef: allow N623\n}\nn("a")\nn("b")', []),
        ('block n(x) {\n  layer x LRN { alpha: 1e-4 }\n}\n# netdef: allow N623\nn("a")', []),
        ('layer "a" LRN { alpha: 1e-4 }\n# netdef: allow N623', [2]),
        ('layer "netdef: allow N623 in this file" LRN { alpha: 1e-4 }', [2]),
    ],
)
def test_a_comment_holds_for_its_statement(text: str, lines: list[int]) -> None:
    assert said(HEAD + text, ALOUD) == [("N623", line, "warning") for line in lines]


def test_what_the_file_says_is_nearer_than_a_flag() -> None:
    text = HEAD + 'layer "a" LRN { alpha: 1e-4 }  # netdef: warn N623\n'
    assert (
        said(text) == said(text, (Level.ALLOW, "N623")) == said(text, (Level.DENY, "N623")) == [("N623", 2, "warning")]
    )
    assert said(text.replace("warn", "deny")) == [("N623", 2, "error")]


@pytest.mark.parametrize(
    "comment", ["# netdef: allow", "# netdef: allow N999", "#netdef: hush N623", "# netdef: deny N204"]
)
def test_a_comment_that_sets_nothing_is_said(comment: str) -> None:
    assert said(f"{HEAD}layer {{ name: 'r' type: 'ReLU' bottom: 'data' top: 'data' }}  {comment}") == [
        ("N620", 2, "warning")
    ]


def test_other_comments_may_speak_of_netdef() -> None:
    assert said(f"# made by netdef: a test\n{HEAD}# netdef\n") == []


def test_it_holds_wherever_the_net_is_read() -> None:
    text = HEAD + 'layer "bn" BatchNorm { use_global_stats: false }%s\n'
    assert [each.code for each in netdef.analyse(text % "").report] == ["N608"]
    assert [*netdef.analyse(text % "  # netdef: allow batch-statistics").report] == []
    assert netdef.analyse(text % "  # netdef: deny N608").report.errors


def test_expand_keeps_what_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.net").write_text(
        HEAD
        + "# netdef: deny N604 in this file\nblock n(x) {\n  layer x LRN { alpha: 1e-4 }\n}\n"
        + 'layer "a" LRN {\n  alpha: 1e-4  # netdef: warn lrn-alpha: as published\n}\n'
        + 'n("b")\n# netdef: allow N623, N6\nn("c")\n'
    )
    assert main(["expand", str(tmp_path / "a.net"), "-o", str(tmp_path / "a.prototxt")]) == 0
    text = (tmp_path / "a.prototxt").read_text()
    assert text.startswith("# netdef: deny N604 in this file\nlayer {")
    assert [line for line in text.splitlines() if line.startswith("#")][1:] == [
        "# netdef: warn N623",
        "# netdef: allow N623",
        "# netdef: allow N6",
    ]
    assert said(text) == [("N623", text[: text.index("alpha")].count("\n") + 1, "warning")]
