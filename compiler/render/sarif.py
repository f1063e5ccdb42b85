"""Diagnostics as SARIF 2.1.0, which code hosts show beside the lines of a change."""

import json
from typing import Any
from urllib.parse import quote

from netdef.compiler.diagnostics import Diagnostic, Report, Severity
from netdef.compiler.render.json_ import callers, place
from netdef.compiler.source import Span

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def render(report: Report) -> str:
    """One run of netdef with all that it found."""
    diagnostics = list(report)
    rules = sorted({diagnostic.code for diagnostic in diagnostics})
    run = {
        "tool": {"driver": {"name": "netdef", "rules": [{"id": rule} for rule in rules]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, rules.index(diagnostic.code)) for diagnostic in diagnostics],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _result(diagnostic: Diagnostic, rule: int) -> dict[str, Any]:
    sentences = [diagnostic.message, *diagnostic.notes, *([f"help: {diagnostic.help}"] if diagnostic.help else [])]
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": "\n".join(sentences)},
    }
    if diagnostic.primary is None:
        return result
    at = diagnostic.primary.span
    related = [(label.span, label.text) for label in diagnostic.secondary]
    related += [(span, "from here") for span in callers(at)]
    result["locations"] = [_location(at, diagnostic.primary.text)]
    result["relatedLocations"] = [_location(span, text) for span, text in related]
    return result


def _location(span: Span, text: str) -> dict[str, Any]:
    at = place(span)
    names = {"startLine": "line", "startColumn": "column", "endLine": "end_line", "endColumn": "end_column"}
    region = {name: at[ours] for name, ours in names.items()}
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": quote(at["path"])}, "region": region},
    }
    if text:
        location["message"] = {"text": text}
    return location
