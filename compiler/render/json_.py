"""Diagnostics as a JSON list."""

import json
from typing import Any

from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.fixes import Fix
from netdef.compiler.source import Span


def render(report: Report) -> str:
    """A list of objects: code, severity, message, location, labels, notes, help, fix, via.

    ``location``, ``help`` and ``fix`` may be null. A fix has its ``applicability`` (safe, unsafe or shown) and its
    ``edits``: a location, and what takes its place.
    """
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
        "fix": None if diagnostic.fix is None else _fix(diagnostic.fix),
        "via": [] if primary is None else [place(span) for span in primary.span.callers],
    }


def _label(label: Label) -> dict[str, Any]:
    return {"location": place(label.span), "text": label.text}


def _fix(fix: Fix) -> dict[str, Any]:
    edits = [{"location": place(edit.span), "replacement": edit.replacement} for edit in fix.edits]
    return {"applicability": str(fix.applicability), "edits": edits}


def place(span: Span) -> dict[str, Any]:
    """Where a span is: path, and its first and one past its last character, from 1."""
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {"path": span.source.path, "line": line, "column": column, "end_line": end_line, "end_column": end_column}
