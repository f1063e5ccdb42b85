"""Diagnostics for people and for machines: one function for each format of ``--format``."""

from collections.abc import Callable

from netdef.compiler.diagnostics import Report


def _text(report: Report) -> str:
    from netdef.compiler.render.text import render

    return "\n\n".join(render(diagnostic) for diagnostic in report)


def _concise(report: Report) -> str:
    from netdef.compiler.render.concise import render

    return "\n".join(render(diagnostic) for diagnostic in report)


def _json(report: Report) -> str:
    from netdef.compiler.render.json_ import render

    return render(report)


def _sarif(report: Report) -> str:
    from netdef.compiler.render.sarif import render

    return render(report)


FORMATS: dict[str, Callable[[Report], str]] = {"text": _text, "concise": _concise, "json": _json, "sarif": _sarif}
"""What ``--format`` may be; each is loaded only when it is used."""
