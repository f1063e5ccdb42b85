"""One line for each diagnostic, as editors and ``grep`` like it."""

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.render.line import visible


def render(diagnostic: Diagnostic) -> str:
    """``path:line:column: error[N204]: message``."""
    line = f"{diagnostic.severity}[{diagnostic.code}]: {visible(diagnostic.message)}"
    if diagnostic.primary is None:
        return line
    span = diagnostic.primary.span
    return f"{visible(span.source.path)}:{span.line}:{span.column}: {line}"
