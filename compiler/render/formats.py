"""One function for each format of ``--format``."""

from collections.abc import Callable

from netdef.compiler.diagnostics import Report
from netdef.compiler.render import concise, json_, sarif, text

FORMATS: dict[str, Callable[[Report], str]] = {
    "text": lambda report: "\n\n".join(text.render_all(report)),
    "concise": lambda report: "\n".join(concise.render(diagnostic) for diagnostic in report),
    "json": json_.render,
    "sarif": sarif.render,
}
"""What ``--format`` may be."""
