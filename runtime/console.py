"""What is said to people: results on stdout, all else on stderr; of several processes only rank 0 speaks.

A console is made once, at a command's door or by a function of the library, and handed down; whoever has one says what
there is to say and asks no more. A mistake that ends the work is an exception, which the command's frame shows.

Law: torch is not imported, and rich only where progress is shown.
"""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self, TextIO

from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.hardware.launch_environment import is_first_process


@dataclass(frozen=True, kw_only=True)
class Console:
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
            print(text, file=sys.stderr, flush=True)

    def print(self, text: str) -> None:
        """A line of a result."""
        if self.speaks and self.results:
            print(text, flush=True)

    def print_each(self, lines: Iterable[str]) -> None:
        """The lines of a result; nobody makes them where they aren't printed."""
        if self.speaks and self.results:
            for line in lines:
                print(line, flush=True)

    def write(self, text: str) -> None:
        """A result that has its own end of line."""
        if self.speaks and self.results:
            sys.stdout.write(text)

    def refuse_usage(self, text: str) -> ExitStatus:
        """Say which arguments don't go together, whoever found it; the status with which the command then ends."""
        print(text, file=sys.stderr)
        return ExitStatus.WRONG_USAGE

    def fail(self, report: Report) -> None:
        """Draw the mistakes that end the work, whoever found them."""
        _draw(report, color=self.color)

    def without(self, *, progress: bool = True, results: bool = True) -> Self:
        """The same with something switched off."""
        return replace(self, progress=self.progress and progress, results=self.results and results)


def open_console() -> Console:
    """The console of this process: one of several that a launcher started speaks only as rank 0."""
    return Console(speaks=is_first_process(), color=_shows_color(sys.stderr))


def _shows_color(stream: TextIO) -> bool:
    return stream.isatty() and "NO_COLOR" not in os.environ


def _draw(report: Report, *, color: bool) -> None:
    from netdef.compiler.render.text import render  # most runs have nothing to draw

    for diagnostic in report:
        print(render(diagnostic, color=color), end="\n\n", file=sys.stderr)
    errors, warnings = len(report.errors), len(report.warnings)
    parts = [f"{n} {word}{'s' * (n != 1)}" for n, word in ((errors, "error"), (warnings, "warning")) if n]
    if len(report) > 1:
        print("netdef: " + ", ".join(parts), file=sys.stderr)
