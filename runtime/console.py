"""What is said to people: results on stdout, all else on stderr; of several processes only rank 0 speaks.

A console is made once, at a command's door or by a function of the library, and handed down; whoever has one says what
there is to say and asks no more. A mistake that ends the work is an exception, which the command's frame shows.

Law: torch is not imported, and rich only where progress is shown.
"""

import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Self, TextIO

from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.frozen import Frozen
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.hardware.launch_environment import is_first_process
from netdef.runtime.terminal import shows_color


class Console(Frozen):
    """Who speaks, and of what.

    speaks     whether this process does, for itself and for those that work with it
    progress   whether warnings and progress are said
    results    whether results are printed
    color      whether diagnostics are drawn in colour
    """

    speaks: bool = True
    progress: bool = True
    results: bool = True
    color: bool = False

    @property
    def shows_progress(self) -> bool:
        """Whether this process says how things go."""
        return self.speaks and self.progress

    def show(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Draw warnings, and count them where there are several."""
        if self.shows_progress:
            _draw(Report(diagnostics), color=self.color)

    def say(self, text: str) -> None:
        """A line about what happens."""
        if self.shows_progress:
            tell(text)

    def print(self, text: str) -> None:
        """A line of a result; raises ``LostOutput`` as ``write`` does."""
        self.write(f"{text}\n")

    def print_each(self, lines: Iterable[str]) -> None:
        """The lines of a result; nobody makes them where they aren't printed."""
        if self.speaks and self.results:
            for line in lines:
                self.print(line)

    def write(self, text: str) -> None:
        """A result that has its own end of line.

        Raises:
            LostOutput: if the standard output is closed, or its disk is full.
            BrokenPipeError: if its reader had enough.
        """
        if self.speaks and self.results:
            _write(lambda stdout: stdout.write(text))

    def write_bytes(self, data: bytes) -> None:
        """A result that is no text; raises as ``write`` does."""
        if self.speaks and self.results:
            _write(lambda stdout: stdout.buffer.write(data))

    def refuse_usage(self, text: str) -> ExitStatus:
        """Say which arguments don't go together, whoever found it; the status with which the command then ends."""
        tell(text)
        return ExitStatus.WRONG_USAGE

    def fail(self, report: Report) -> None:
        """Draw the mistakes that end the work, whoever found them."""
        _draw(report, color=self.color)

    def without(self, *, progress: bool = True, results: bool = True) -> Self:
        """The same with something switched off."""
        return self.replace(progress=self.progress and progress, results=self.results and results)


SILENT = Console(progress=False, results=False)
"""Says nothing but what ends the work."""


def _write(write: Callable[[TextIO], object]) -> None:
    if sys.stdout is None:
        raise LostOutput("it is closed")
    try:
        write(sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:  # ValueError: closed while it ran
        raise LostOutput(getattr(error, "strerror", None) or str(error)) from None


def open_console() -> Console:
    """The console of this process: one of several that a launcher started speaks only as rank 0."""
    return Console(speaks=is_first_process(), color=shows_color(sys.stderr))


class LostOutput(Exception):
    """A result that nobody can read: why the standard output didn't take it."""


def tell(text: str) -> None:
    """A line on stderr, if anybody can read there: what is said there is never worth breaking off for."""
    if sys.stderr is None:  # for print, that would be the standard output
        return
    with suppress(OSError, ValueError):  # the disk is full, the terminal is gone, or it was closed
        print(text, file=sys.stderr, flush=True)


def _draw(report: Report, *, color: bool) -> None:
    from netdef.compiler.render.text import render_all  # most runs have nothing to draw

    for text in render_all(report, color=color):
        tell(f"{text}\n")
    errors, warnings = len(report.errors), len(report.warnings)
    parts = [counted(n, word) for n, word in ((errors, "error"), (warnings, "warning")) if n]
    if len(report) > 1:
        tell("netdef: " + ", ".join(parts))
