"""The exception that carries mistakes to whoever called: what is wrong stays data, and is drawn only when shown."""

from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.override import override


class NetError(Exception):
    """A mistake in what the user gave; ``report`` has all of them, warnings too."""

    def __init__(self, report: Report | Diagnostic) -> None:
        self.report = Report([report]) if isinstance(report, Diagnostic) else report
        super().__init__(self.report)

    @override
    def __str__(self) -> str:
        from netdef.compiler.render.text import render  # most runs have nothing to draw

        return "\n".join(render(diagnostic) for diagnostic in self.report)


NetError.__module__ = "netdef"  # its public name, in tracebacks and where another process unpickles it


def stop_on_errors(report: Report) -> None:
    """Raise ``NetError`` with everything found so far if any of it is an error."""
    if report.errors:
        raise NetError(report)
