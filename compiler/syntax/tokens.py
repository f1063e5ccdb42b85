"""What the lexer hands to the parser: light tokens, and where reading them stands."""

from typing import Any, ClassVar, Self

from netdef.compiler.override import override
from netdef.compiler.source import Source, Span


class Token:
    """A terminal of ``net.lark`` with its value and place.

    ``value`` is a list of ``Field`` in FIELDS, a number in NUMBER, what stands between the quotes in STRING (until
    the parser puts a ``Text`` or a ``Template`` there), and the word or sign as written in all others.
    """

    __slots__ = ("at", "is_doubtful", "type", "value")

    # Lark borrows these for the token that ends a text, and for messages that we never print.
    line: ClassVar[int] = 0
    column: ClassVar[int] = 0
    end_line: ClassVar[int] = 0
    end_column: ClassVar[int] = 0
    start_pos: ClassVar[int] = 0
    end_pos: ClassVar[int] = 0

    def __init__(self, type: str, value: Any, at: Span) -> None:
        self.type = type
        self.value = value
        self.at = at
        self.is_doubtful = False  # stands where something was already reported: no second message for it

    @override
    def __repr__(self) -> str:
        return f"{self.type}({self.at.text!r})"


class Tokens:
    """The tokens of one text, read one by one; a parser that meets a mistake may step over some."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.all: list[Token] = []
        self.comments: list[Span] = []
        self.has_constructs = False
        self.is_sound = True
        """Whether braces and quotes close (see ``Tree``)."""
        self.next = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Token:
        if self.next == len(self.all):
            raise StopIteration
        token = self.all[self.next]
        self.next += 1
        return token
