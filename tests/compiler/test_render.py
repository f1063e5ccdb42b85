"""Diagnostics as text, one-liners, JSON and SARIF."""

import json
import re
import unicodedata
from textwrap import dedent
from typing import SupportsIndex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdef.compiler.diagnostics import Diagnostic, Label, Report, Severity
from netdef.compiler.fixes import Applicability, replace
from netdef.compiler.override import override
from netdef.compiler.render import concise
from netdef.compiler.render.formats import FORMATS
from netdef.compiler.render.line import show_line
from netdef.compiler.render.text import render
from netdef.compiler.source import Source, Span

DIGITS = Source("nets/digits.net", "\n" * 17 + '  top: "conv2"\n' + "\n" * 12 + "    kernel_size: 9\n\n  pad: 1\n")


def span(source: Source, words: str, via: Span | None = None) -> Span:
    """Where the words stand, the first time."""
    start = source.text.index(words)
    return Span(source, start, start + len(words), via)


def window(*secondary: Label, via: Span | None = None) -> Diagnostic:
    return Diagnostic(
        "N204",
        "a 9x9 window does not fit a padded 5x5 image",
        Label(span(DIGITS, "9", via), "the window"),
        secondary,
        help="shrink the window, add padding, or set global_pooling: true",
    )


def layout(text: str) -> str:
    return dedent(text).strip("\n")


def test_layout() -> None:
    label = Label(span(DIGITS, '"conv2"'), "conv2 is Nx50x5x5")
    assert render(window(label)) == layout(
        """
        error[N204]: a 9x9 window does not fit a padded 5x5 image
          --> nets/digits.net:31:18
           |
        18 |   top: "conv2"
           |        ------- conv2 is Nx50x5x5
        ...
        31 |     kernel_size: 9
           |                  ^ the window
        help: shrink the window, add padding, or set global_pooling: true
        """
    )


def test_near_lines_other_files_and_calls() -> None:
    main = Source("vgg16.net", 'include "vgg.net"\n\nstage(1, depth: 2)\n')
    call = span(main, "stage(1, depth: 2)")
    within = Span(*span(DIGITS, "top")[:3], via=call)
    drawn = render(window(Label(span(DIGITS, "pad"), ""), Label(span(main, "depth"), "here"), via=within))
    assert drawn == layout(
        """
        error[N204]: a 9x9 window does not fit a padded 5x5 image
          --> nets/digits.net:31:18
           |
        31 |     kernel_size: 9
           |                  ^ the window
        32 |
        33 |   pad: 1
           |   ---
          --> vgg16.net:3:10
           |
         3 | stage(1, depth: 2)
           |          ----- here
        note: called here
          --> nets/digits.net:18:3
           |
        18 |   top: "conv2"
           |   ---
        note: called here
          --> vgg16.net:3:1
           |
         3 | stage(1, depth: 2)
           | ------------------
        help: shrink the window, add padding, or set global_pooling: true
        """
    )


def test_many_callers_are_cut_short() -> None:
    via = None
    for _ in range(50):
        via = Span(DIGITS, 17, 18, via)
    assert render(window(via=via)).count("-->") == 5
    assert "46 places more" in render(window(via=via))


def test_several_labels_on_a_line() -> None:
    source = Source("a.net", "let x = alpha + beta * gamma\n")
    labels = tuple(Label(span(source, word), f"this is {word}") for word in ("alpha", "gamma", "x"))
    said = Diagnostic("N999", "mixed", Label(span(source, "beta"), "the wrong one"), labels)
    assert render(said) == layout(
        """
        error[N999]: mixed
         --> a.net:1:17
          |
        1 | let x = alpha + beta * gamma
          |     -   -----   ^^^^   ----- this is gamma
          |     |   |       the wrong one
          |     |   this is alpha
          |     this is x
        """
    )


def test_tabs_wide_and_odd_characters_keep_the_carets_in_place() -> None:
    source = Source("a.net", '\tname: "中文 e\u0301 \x07" pad: 3pad\n')
    lines = render(Diagnostic("N106", "no number", Label(span(source, "3pad")))).split("\n")
    shown, carets = lines[3], lines[4]

    def width(text: str) -> int:
        return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)

    assert width(shown[: shown.index("3pad")]) == carets.index("^^^^")
    assert "\x07" not in shown
    assert "\t" not in shown


@given(st.integers(0, 5000), st.integers(0, 5000), st.sampled_from(["x", "中", "\t"]))
def test_long_lines_are_cut_around_the_mark(before: int, after: int, filler: str) -> None:
    source = Source("a.net", filler * before + "BAD" + filler * after)
    lines = render(Diagnostic("N1", "long", Label(span(source, "BAD"), "this"))).split("\n")
    assert "BAD" in lines[3]
    assert max(map(len, lines)) < 160
    shown, carets = lines[3].replace("中", "[]"), lines[4]
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "BAD"


def test_places_without_characters() -> None:
    source = Source("a.net", "a {\n")
    assert render(Diagnostic("N102", "open", Label(Span(source, 4, 4), "the end"))) == layout(
        """
        error[N102]: open
         --> a.net:2:1
          |
        2 |
          | ^ the end
        """
    )
    both_lines = Diagnostic("N1", "two lines", Label(Span(source, 2, 4)))
    assert render(both_lines).split("\n")[-1] == "  |   ^"
    assert render(Diagnostic("N001", "there is no file a.net")) == "error[N001]: there is no file a.net"


def test_color_only_adds_escapes() -> None:
    said = window(Label(span(DIGITS, '"conv2"'), "conv2 is Nx50x5x5"), via=Span(DIGITS, 0, 0))
    colored = render(said, color=True)
    assert colored != render(said)
    assert re.sub("\x1b\\[[0-9;]*m", "", colored) == render(said)


def test_concise() -> None:
    assert (
        concise.render(window()) == "nets/digits.net:31:18: error[N204]: a 9x9 window does not fit a padded 5x5 image"
    )
    warning = Diagnostic("N601", "unused", severity=Severity.WARNING)
    assert concise.render(warning) == "warning[N601]: unused"


@pytest.fixture
def report() -> Report:
    main = Source("my nets/ä.net", "stage(1)\n")
    label = Label(span(DIGITS, '"conv2"'), "conv2 is Nx50x5x5")
    return Report([window(label, via=Span(main, 0, 8)), Diagnostic("N601", "unused", severity=Severity.WARNING)])


def test_json(report: Report) -> None:
    first, second = json.loads(FORMATS["json"](report))
    place = {"path": "nets/digits.net", "line": 31, "column": 18, "end_line": 31, "end_column": 19}
    assert second == {
        "code": "N204",
        "severity": "error",
        "message": "a 9x9 window does not fit a padded 5x5 image",
        "location": place,
        "labels": [
            {"location": place, "text": "the window"},
            {
                "location": {"path": "nets/digits.net", "line": 18, "column": 8, "end_line": 18, "end_column": 15},
                "text": "conv2 is Nx50x5x5",
            },
        ],
        "notes": [],
        "help": "shrink the window, add padding, or set global_pooling: true",
        "fix": None,
        "via": [{"path": "my nets/ä.net", "line": 1, "column": 1, "end_line": 1, "end_column": 9}],
    }
    assert (first["code"], first["severity"], first["location"], first["labels"]) == ("N601", "warning", None, [])


def test_sarif(report: Report) -> None:
    log = json.loads(FORMATS["sarif"](report))
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    (window,) = run["results"]
    assert (rules[window["ruleIndex"]], window["level"]) == ("N204", "error")
    (location,) = window["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "nets/digits.net"},
        "region": {"startLine": 31, "startColumn": 18, "endLine": 31, "endColumn": 19},
    }
    uris = [each["physicalLocation"]["artifactLocation"]["uri"] for each in window["relatedLocations"]]
    assert uris == ["nets/digits.net", "my%20nets/%C3%A4.net"]


def test_what_has_no_place_is_a_notification_of_the_run_in_sarif(report: Report) -> None:
    """Code scanning refuses a log with a result that has no place; SARIF 2.1.0, sections 3.20.14, 3.20.21 and 3.58."""
    (run,) = json.loads(FORMATS["sarif"](report))["runs"]
    assert all(result["locations"] for result in run["results"])
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is True
    (unused,) = invocation["toolExecutionNotifications"]
    assert (unused["descriptor"], unused["level"]) == ({"id": "N601"}, "warning")
    assert set(unused["message"]) == {"text"}


def test_every_format_takes_an_empty_report() -> None:
    assert {name: format(Report()) for name, format in FORMATS.items() if name != "sarif"} == {
        "text": "",
        "concise": "",
        "json": "[]",
    }
    assert json.loads(FORMATS["sarif"](Report()))["runs"][0]["results"] == []


def fixed() -> Diagnostic:
    fix = replace(span(DIGITS, "9"), "5", Applicability.UNSAFE)
    return window()._replace(fix=fix)


def test_json_shows_fixes() -> None:
    (said,) = json.loads(FORMATS["json"](Report([fixed()])))
    place = {"path": "nets/digits.net", "line": 31, "column": 18, "end_line": 31, "end_column": 19}
    assert said["fix"] == {"applicability": "unsafe", "edits": [{"location": place, "replacement": "5"}]}
    (said,) = json.loads(FORMATS["json"](Report([window()])))
    assert said["fix"] is None


# What the SARIF 2.1.0 schema (OASIS, section 3.55 to 3.57 of the standard) says of a fix and what it is made of.
SARIF = {
    "fix": ({"artifactChanges"}, {"description", "artifactChanges", "properties"}),
    "artifactChange": ({"artifactLocation", "replacements"}, {"artifactLocation", "replacements", "properties"}),
    "replacement": ({"deletedRegion"}, {"deletedRegion", "insertedContent", "properties"}),
    "region": (set(), {"startLine", "startColumn", "endLine", "endColumn", "message", "snippet", "properties"}),
    "artifactContent": (set(), {"text", "binary", "rendered", "properties"}),
    "message": (set(), {"text", "markdown", "id", "arguments", "properties"}),
}


def is_sarif(kind: str, found: dict[str, object]) -> dict[str, object]:
    """An object of SARIF that has what its kind requires and nothing else."""
    required, known = SARIF[kind]
    assert required <= set(found) <= known, (kind, found)
    return found


def test_sarif_shows_fixes_as_its_schema_asks() -> None:
    (run,) = json.loads(FORMATS["sarif"](Report([fixed(), window()._replace(subject="another")])))["runs"]
    first, second = run["results"]
    assert "fixes" not in second
    (fix,) = first["fixes"]
    assert is_sarif("message", is_sarif("fix", fix)["description"])["text"] == window().help  # type: ignore[arg-type]
    assert fix["properties"] == {"applicability": "unsafe"}
    (change,) = fix["artifactChanges"]
    assert is_sarif("artifactChange", change)["artifactLocation"] == {"uri": "nets/digits.net"}
    (replacement,) = change["replacements"]
    is_sarif("replacement", replacement)
    assert is_sarif("artifactContent", replacement["insertedContent"]) == {"text": "5"}
    region = is_sarif("region", replacement["deletedRegion"])
    assert region == {"startLine": 31, "startColumn": 18, "endLine": 31, "endColumn": 19}


def test_one_code_at_one_place_is_one_mistake_unless_it_is_about_something_else() -> None:
    place = Label(span(DIGITS, "pad"))
    said = [Diagnostic("N408", f"{name} is missing", place, subject=name) for name in ("height", "width", "height")]
    assert [diagnostic.message for diagnostic in Report(said)] == ["height is missing", "width is missing"]
    turns = [Diagnostic("N405", f"must be at least 1, and is {n}", place) for n in (0, -1, -2)]
    assert [diagnostic.message for diagnostic in Report(turns)] == ["must be at least 1, and is 0"]
    nowhere = [Diagnostic("N001", f"there is no file {name}") for name in ("a", "b", "a")]
    assert len(Report(nowhere)) == 2


def many(code: str, num: int, severity: Severity = Severity.ERROR, start: int = 0) -> list[Diagnostic]:
    source = Source("a.net", "x" * (start + num))
    labels = (Label(Span(source, start + place, start + place + 1)) for place in range(num))
    return [Diagnostic(code, f"{code} {place}", each, severity=severity) for place, each in enumerate(labels)]


def test_of_many_mistakes_the_first_are_drawn_and_the_rest_is_counted() -> None:
    warnings = many("N401", 1000, Severity.WARNING)
    drawn = FORMATS["text"](Report([*warnings, *many("N209", 3, start=2000)]))
    assert drawn.count("warning[N401]") == 20
    assert drawn.count("error[N209]") == 3
    assert drawn.endswith("and 980 more: 980 of N401 (netdef check --format concise lists all)")
    assert FORMATS["concise"](Report(warnings)).count("N401]") == 1000


def test_errors_are_drawn_before_warnings() -> None:
    warnings = [said for n in range(10) for said in many(f"N40{n}", 20, Severity.WARNING, start=100 * n)]
    drawn = FORMATS["text"](Report([*warnings, *many("N209", 5, start=5000)]))
    assert (drawn.count("warning["), drawn.count("error[")) == (55, 5)
    assert "and 145 more" in drawn


def test_of_many_labels_the_first_are_drawn() -> None:
    source = Source("a.net", "x\n" * 500)
    labels = tuple(Label(Span(source, 2 * n, 2 * n + 1), "and here") for n in range(500))
    drawn = render(Diagnostic("N209", "no such type", labels[0], labels[1:]))
    assert drawn.count("and here") == 31
    assert "and at 469 places more" in drawn


@pytest.mark.parametrize("end", ["\r", "\r\r\r", "\r\n", "\n"])
@pytest.mark.parametrize("length", [0, 1, 120, 121, 5000])
def test_a_mark_may_stand_on_the_end_of_a_line(end: str, length: int) -> None:
    source = Source("a.net", "[\n#" + "0" * length + end)
    for place in {0, 1, 2, *range(length, len(source.text) + 1)}:
        assert render(Diagnostic("N102", "open", Label(Span(source, place, place), "the text ends")))


def test_what_a_user_wrote_commands_no_terminal() -> None:
    source = Source("\x1b[2J.net", 'name: "a"')
    label = Label(Span(source, 0, 4), "\x1b]0;title\x07 is here")
    said = Diagnostic("N401", "no \x9b31m field\nerror[N000]: faked", label, notes=("\x08",), help="\x00")
    for text in (render(said), concise.render(said)):
        assert all(line.isprintable() for line in text.split("\n"))
    assert "\n" not in concise.render(said)


class _Counting(str):
    """A line that counts the characters that are looked at."""

    looked_at = 0

    @override
    def __getitem__(self, key: SupportsIndex | slice) -> str:
        piece = super().__getitem__(key)
        _Counting.looked_at += len(piece)
        return piece


@pytest.mark.parametrize("length", [10_000, 1_000_000])
def test_only_what_stands_near_a_mark_is_looked_at(length: int) -> None:
    _Counting.looked_at = 0
    shown, columns = show_line(_Counting("x" * length), length // 2)
    assert (len(shown), columns[length // 2]) == (126, 33)
    assert _Counting.looked_at < 3000


def test_a_report_shows_its_codes() -> None:
    assert repr(Report()) == "<Report: nothing is wrong>"
    warning = Diagnostic("N601", "a guess", severity=Severity.WARNING)
    assert repr(Report([Diagnostic("N204", "too large"), warning])) == "<Report: error N204, warning N601>"
