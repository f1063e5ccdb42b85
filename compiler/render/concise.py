"""One line for each diagnostic, as editors and ``grep`` like it."""

from netdef.compiler.diagnostics import Diagnostic


def render(diagnostic: Diagnostic) -> str:
    """``path:line:column: error[N204]: message``."""
    line = f"{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"
    if diagnostic.primary is None:
        return line
    span = diagnostic.primary.span
    return f"{span.source.path}:{span.line}:{span.column}: {line}"
