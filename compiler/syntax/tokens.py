"""What the lexer hands to the parser: light tokens, and where reading them stands."""

from typing import Any

from netdef.compiler.override import override
from netdef.compiler.source import Source, Span
from netdef.compiler.syntax.tables import END


class Token:
    """A terminal of ``net.lark`` with its value and place.

    ``value`` is a list of ``Field`` in FIELDS (with a ``Group`` for each that was taken whole), a number in NUMBER,
    what stands between the quotes in STRING (until the parser puts a ``Text`` or a ``Template`` there), and the word
    or sign as written in all others.
    """

    __slots__ = ("at", "is_doubtful", "type", "value")

    def __init__(self, type: str, value: Any, at: Span) -> None:
        self.type = type
        self.value = value
        self.at = at
        self.is_doubtful = False  # stands where something was already reported: no second message for it

    @override
    def __repr__(self) -> str:
        return f"{self.type}({self.at.text!r})"


class Tokens:
    """The tokens of one text, and which of them is read next: after a mistake that may be a later one."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.all: list[Token] = []
        self.comments: list[Span] = []
        self.has_constructs = False
        self.is_sound = True
        """Whether braces and quotes close (see ``Tree``)."""
        self.next = 0

    @property
    def end(self) -> Token:
        """What stands behind them all."""
        end = len(self.source.text)
        return Token(END, "", Span(self.source, end, end))
