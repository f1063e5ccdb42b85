"""How far something is that takes longer: a bar on a terminal, plain lines elsewhere, nothing where nobody waits.

All of it is on stderr. ``counting`` is the door: whoever works through many pieces says how many there are, and counts
them. Training, which has more to tell than a count, has displays of its own over the same bar.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from netdef.compiler.override import override
from netdef.runtime.console import Console
from netdef.runtime.progress_bar import Bar, Fact, Standing

SECONDS_TO_FIRST_LINE = 2.0
"""What is over by then needs no line."""
SECONDS_BETWEEN_LINES = 15.0


class Counter(Protocol):
    """What is told of each piece that is done."""

    def add(self, num: float = 1) -> None:
        """So many pieces more."""

    def note(self, text: str) -> None:
        """What is being done now."""


class Uncounted:
    """A counter that nobody looks at."""

    def add(self, num: float = 1) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""


UNCOUNTED = Uncounted()


class _Count:
    """How many pieces of some are done, and for how long it has been going on."""

    def __init__(self, title: str, total: float, unit: str) -> None:
        self.title = title
        self.total = total
        self.unit = unit
        self.done = 0.0
        self.began = time.monotonic()

    def add(self, num: float = 1) -> None:
        self.done += num

    @property
    def counted(self) -> str:
        """``1,024/5,000 images``."""
        return f"{self.done:,.0f}/{self.total:,.0f} {self.unit}"

    @property
    def speed(self) -> str:
        """``120.5 images/s``; empty before the first."""
        return f"{self.done / self.seconds:,.1f} {self.unit}/s" if self.done else ""

    @property
    def time_left(self) -> str:
        """``0:00:12 left``, at the speed until now."""
        rest = max(0.0, self.total - self.done)
        return f"{clock(self.seconds * rest / self.done) if self.done else '-:--:--'} left"

    @property
    def seconds(self) -> float:
        """Since it began."""
        return max(1e-9, time.monotonic() - self.began)


class LineCounter(Uncounted):
    """A line once it takes long, and now and then after that."""

    def __init__(self, console: Console, count: _Count) -> None:
        self._console = console
        self._count = count
        self._due = count.began + SECONDS_TO_FIRST_LINE

    @override
    def note(self, text: str) -> None:
        """A line at once: what is done now may take long before a piece of it can be counted."""
        self._console.say(f"{self._count.title}: {text}")

    @override
    def add(self, num: float = 1) -> None:
        """Count, and say so if a line is due."""
        count = self._count
        count.add(num)
        now = time.monotonic()
        if now >= self._due and count.done < count.total:
            self._due = now + SECONDS_BETWEEN_LINES
            self._console.say(f"{count.title}: {count.counted}  {count.speed}  {count.time_left}")


class BarCounter(Uncounted):
    """A bar that moves."""

    def __init__(self, count: _Count) -> None:
        self._count = count
        self._doing = count.title
        self.bar = Bar(self._standing())

    @override
    def add(self, num: float = 1) -> None:
        """Count, and move the bar."""
        self._count.add(num)
        self.bar.move(self._standing())

    @override
    def note(self, text: str) -> None:
        """Say it beside the bar."""
        self._doing = text
        self.bar.move(self._standing())

    def _standing(self) -> Standing:
        count = self._count
        facts = Fact(self._doing, 3), Fact(count.counted, 1), Fact(count.speed, 2), Fact(count.time_left, 0)
        return Standing(count.done, count.total, facts)


@contextmanager
def counting(console: Console, title: str, total: float, unit: str) -> Iterator[Counter]:
    """A counter for ``total`` pieces, shown while it is entered.

    Args:
        console: who speaks; where it doesn't speak of progress nothing is shown.
        title: what is done, for people.
        total: how many pieces there are.
        unit: what they are, in the plural: ``images``.
    """
    if not console.shows_progress:
        yield UNCOUNTED
    elif is_terminal():
        counter = BarCounter(_Count(title, total, unit))
        with counter.bar:
            yield counter
    else:
        yield LineCounter(console, _Count(title, total, unit))


def is_terminal() -> bool:
    """Whether somebody watches a terminal that can move its cursor."""
    stream = sys.stderr
    return stream is not None and not stream.closed and stream.isatty() and os.environ.get("TERM") != "dumb"


def clock(seconds: float) -> str:
    """Hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
