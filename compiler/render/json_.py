"""Diagnostics as a JSON list."""

import json
from typing import Any

from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.source import Span


def render(report: Report) -> str:
    """A list of objects: code, severity, message, location (or null), labels, notes, help (or null), via."""
    return json.dumps([_diagnostic(diagnostic) for diagnostic in report], indent=2, ensure_ascii=False)


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    primary = diagnostic.primary
    return {
        "code": diagnostic.code,
        "severity": str(diagnostic.severity),
        "message": diagnostic.message,
        "location": None if primary is None else place(primary.span),
        "labels": [_label(label) for label in ((primary,) if primary else ()) + diagnostic.secondary if label.text],
        "notes": list(diagnostic.notes),
        "help": diagnostic.help,
        "via": [] if primary is None else [place(span) for span in callers(primary.span)],
    }


def _label(label: Label) -> dict[str, Any]:
    return {"location": place(label.span), "text": label.text}


def place(span: Span) -> dict[str, Any]:
    """Where a span is: path, and its first and one past its last character, from 1."""
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {"path": span.source.path, "line": line, "column": column, "end_line": end_line, "end_column": end_column}


def callers(span: Span) -> list[Span]:
    """The calls, repeats and includes that brought a text into the net, the nearest first."""
    found = []
    while span.via is not None:
        span = span.via
        found.append(span)
    return found
