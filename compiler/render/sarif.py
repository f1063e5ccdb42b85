"""Diagnostics as SARIF 2.1.0, which code hosts show beside the lines of a change."""

import json
from typing import Any
from urllib.parse import quote

from netdef.compiler.diagnostics import Diagnostic, Report, Severity
from netdef.compiler.edits import Edit
from netdef.compiler.fixes import Fix
from netdef.compiler.render.json_ import place
from netdef.compiler.source import Span

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def render(report: Report) -> str:
    """One run of netdef with all that it found.

    What has no place in a text, such as a file that can't be read, is no result but a notification of the run: code
    hosts refuse a log in which a result has no place.
    """
    placed = [diagnostic for diagnostic in report if diagnostic.primary is not None]
    others = [diagnostic for diagnostic in report if diagnostic.primary is None]
    rules = sorted({diagnostic.code for diagnostic in report})
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "netdef", "rules": [{"id": rule} for rule in rules]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, rules.index(diagnostic.code)) for diagnostic in placed],
    }
    if others:
        notifications = [{"descriptor": {"id": each.code}, **_said(each)} for each in others]
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": notifications}]
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _result(diagnostic: Diagnostic, rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {"ruleId": diagnostic.code, "ruleIndex": rule, **_said(diagnostic)}
    assert diagnostic.primary is not None, "what has no place is no result"
    at = diagnostic.primary.span
    related = [(label.span, label.text) for label in diagnostic.secondary]
    related += [(span, "from here") for span in at.callers]
    result["locations"] = [_location(at, diagnostic.primary.text)]
    result["relatedLocations"] = [_location(span, text) for span, text in related]
    if diagnostic.fix is not None:
        result["fixes"] = [_fix(diagnostic.fix, diagnostic.help or diagnostic.message)]
    return result


def _said(diagnostic: Diagnostic) -> dict[str, Any]:
    sentences = [diagnostic.message, *diagnostic.notes, *([f"help: {diagnostic.help}"] if diagnostic.help else [])]
    return {"level": _LEVELS[diagnostic.severity], "message": {"text": "\n".join(sentences)}}


def _location(span: Span, text: str) -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": _artifact(span), "region": _region(span)}}
    if text:
        location["message"] = {"text": text}
    return location


def _fix(fix: Fix, description: str) -> dict[str, Any]:
    """A fix; SARIF has no word for how sure it is, so that stands among its properties."""
    by_path: dict[str, list[Edit]] = {}
    for edit in fix.edits:
        by_path.setdefault(edit.span.source.path, []).append(edit)
    changes = [
        {"artifactLocation": _artifact(edits[0].span), "replacements": [_replacement(edit) for edit in edits]}
        for edits in by_path.values()
    ]
    properties = {"applicability": str(fix.applicability)}
    return {"description": {"text": description}, "artifactChanges": changes, "properties": properties}


def _replacement(edit: Edit) -> dict[str, Any]:
    return {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.replacement}}


def _artifact(span: Span) -> dict[str, str]:
    return {"uri": quote(span.source.path.encode("utf-8", "surrogateescape"))}  # a path may be no UTF-8


def _region(span: Span) -> dict[str, int]:
    at = place(span)
    names = {"startLine": "line", "startColumn": "column", "endLine": "end_line", "endColumn": "end_column"}
    return {name: at[ours] for name, ours in names.items()}
