"""A text and places in it."""

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from netdef.compiler.override import override


class Source:
    """One text that a user wrote: a file, or a string with a made-up name in angle brackets."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    @override
    def __repr__(self) -> str:
        return f"Source({self.path!r})"

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends; line 1 is ``lines[0]``."""
        return [line.rstrip("\r") for line in self.text.split("\n")]

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(len(line) + 1 for line in self.text.split("\n"))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character, both from 1."""
        line = bisect_right(self._starts, offset, hi=len(self.lines))
        return line, offset - self._starts[line - 1] + 1


class Span(NamedTuple):
    """The characters ``start`` to ``end`` (exclusive) of a source.

    ``via`` is the place of the block call, repeat or include that brought this text into the net, itself
    a span with a ``via``: the way back from an expanded layer to the line that the user wrote.
    """

    source: Source
    start: int
    end: int
    via: "Span | None" = None

    @property
    def line(self) -> int:
        """The line that the span begins on, from 1."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """The column that the span begins in, from 1."""
        return self.source.position(self.start)[1]

    @property
    def outermost(self) -> "Span":
        """The place in the file itself that brought this text into the net: the way back to its end."""
        return self.callers[-1] if self.via else self

    @property
    def callers(self) -> "list[Span]":
        """The calls, repeats and includes that brought this text into the net, the nearest first."""
        found = []
        span = self
        while span.via is not None:
            span = span.via
            found.append(span)
        return found

    @property
    def text(self) -> str:
        """The characters themselves."""
        return self.source.text[self.start : self.end]

    def to(self, other: "Span") -> "Span":
        """From the start of this span to the end of another of the same text."""
        return Span(self.source, self.start, other.end, self.via)
