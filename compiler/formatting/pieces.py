"""A text as pieces: words, numbers, strings, signs and comments, in order; between two of them is only what may change.

That is blanks, line ends, and the commas and semicolons that prototxt allows behind a field, but doesn't need.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from netdef.compiler.diagnostics import Report
from netdef.compiler.source import Source
from netdef.compiler.syntax.lexer import scan
from netdef.compiler.syntax.scan import BEFORE_A_VALUE
from netdef.compiler.syntax.tokens import Token
from netdef.compiler.syntax.tree import Block, Group, If, Let, Statement, Tree

COMMENT = "COMMENT"
UNARY = "UNARY"
"""A sign that belongs to what follows."""
OPENS = {"LBRACE": "RBRACE", "LSQB": "RSQB", "LPAR": "RPAR"}
CLOSES = frozenset(OPENS.values())
_TAB = 8


class Piece(NamedTuple):
    """One of them; ``written`` is what stands for it in the style, which may differ from the text's own characters."""

    kind: str
    """The type of its token; of a message in ``< >`` that of braces."""
    start: int
    end: int
    written: str
    num_lines: int
    """How many line ends stand before it, behind the piece before."""


class Pieces(NamedTuple):
    """All of a text."""

    source: Source
    all: tuple[Piece, ...]
    statements: Mapping[int, Statement]
    """By the index of its first piece."""
    partners: Mapping[int, int]
    """By the index of an opening bracket, that of the one which closes it."""

    def column(self, index: int) -> int:
        """Where a piece begins in its line, from 0; a tab goes on to the next multiple of 8."""
        text, start = self.source.text, self.all[index].start
        return len(text[text.rfind("\n", 0, start) + 1 : start].expandtabs(_TAB))


def pieces_of(tree: Tree) -> Pieces:
    """The pieces of a text without mistakes."""
    source = tree.source
    tokens = scan(source, Report())
    raw = [*_pieces(tokens.all, _closing_angles(tree.body))]
    comments = ((at.start, at.text.rstrip()) for at in tokens.comments)
    raw += [(COMMENT, start, start + len(text), text) for start, text in comments]
    raw.sort(key=lambda piece: piece[1])
    found: list[Piece] = []
    partners: dict[int, int] = {}
    openers: list[int] = []
    end = 0
    is_in_loops_head = False
    for (kind, start, stop, written), following in zip(raw, [*raw, ("", 0, 0, "")][1:], strict=True):
        is_in_body = not openers or found[openers[-1]].kind == "LBRACE"
        is_in_loops_head = kind == "REPEAT" or (is_in_loops_head and kind != "IN")
        ends_a_field = kind in ("COMMA", "SEMICOLON") and is_in_body and not is_in_loops_head
        if ends_a_field or (kind == "COLON" and following[0] == "LBRACE"):
            continue
        index = len(found)
        if kind in OPENS:
            openers.append(index)
        elif kind in CLOSES:
            partners[openers.pop()] = index
        found.append(Piece(kind, start, stop, written, source.text.count("\n", end, start)))
        end = stop
    return Pieces(source, tuple(found), _by_first_piece(tree.body, found), partners)


_Raw = tuple[str, int, int, str]
"""A piece's kind, start, end, and what is written for it."""


def _pieces(tokens: Iterable[Token], closing_angles: frozenset[int]) -> Iterator[_Raw]:
    all = [*tokens]
    opening_angles = set(_opening_angles(all, closing_angles))
    before = ""
    for token in all:
        start, end = token.at.start, token.at.end
        if token.type == "FIELDS":
            yield from _plain_fields(token)
        elif start in opening_angles:
            yield "LBRACE", start, end, "{"
        elif start in closing_angles:
            yield "RBRACE", start, end, "}"
        elif token.type in ("PLUS", "MINUS") and before in BEFORE_A_VALUE | {"COMMA"}:
            yield UNARY, start, end, token.at.text
        else:
            yield token.type, start, end, _quoted(token.at.text) if token.type == "STRING" else token.at.text
        before = token.type


def _plain_fields(fields: Token) -> Iterator[_Raw]:
    text = fields.at.source.text
    for field in fields.value:
        value = field.value.at
        colon = text.index(":", field.at.end)
        yield "NAME", field.at.start, field.at.end, field.at.text
        yield "COLON", colon, colon + 1, ":"
        kind = "STRING" if value.text[0] in "\"'" else "NUMBER" if value.text[0] in "-0123456789" else "NAME"
        yield kind, value.start, value.end, _quoted(value.text) if kind == "STRING" else value.text


def _quoted(text: str) -> str:
    """A string in double quotes, if it means the same in them."""
    inner = text[1:-1]
    return text if text[0] == '"' or '"' in inner or "\\" in inner else f'"{inner}"'


def _closing_angles(body: Iterable[Statement]) -> frozenset[int]:
    """Where messages in ``< >`` end."""
    groups = (each for each in _walk(body) if isinstance(each, Group))
    return frozenset(group.close.start for group in groups if group.close.text == ">")


def _opening_angles(tokens: list[Token], closing: frozenset[int]) -> Iterator[int]:
    """Where they begin; read from the end, for there it is known whether a ``<`` compares."""
    open: list[str] = []
    for token in reversed(tokens):
        if token.type in CLOSES or token.at.start in closing:
            open.append(token.type)
        elif token.type in OPENS:
            open.pop()
        elif token.type == "LESSTHAN" and open and open[-1] == "MORETHAN":
            open.pop()
            yield token.at.start


def _walk(body: Iterable[Statement]) -> Iterator[Statement]:
    """All statements, also those in others."""
    for statement in body:
        yield statement
        if isinstance(statement, If):
            yield from _walk((*statement.then, *statement.otherwise))
        else:
            yield from _walk(getattr(statement, "body", ()))


def _by_first_piece(body: Iterable[Statement], pieces: list[Piece]) -> dict[int, Statement]:
    index = {piece.start: number for number, piece in enumerate(pieces)}
    found: dict[int, Statement] = {}
    for statement in _walk(body):
        first = index[statement.at.start]
        if isinstance(statement, Let | Block):  # whose places are those of their names
            first = next(number for number in range(first - 1, -1, -1) if pieces[number].kind != COMMENT)
        if not isinstance(statement, If) or not first or pieces[first - 1].kind != "ELSE":
            found.setdefault(first, statement)
    return found
