"""Plain fields, many at once: the trick that makes parsing quick.

A run of plain ``name: literal`` fields, which is most of any prototxt, becomes a single token FIELDS that holds the
finished fields, so the parser takes one step where it would take a dozen for each. So does a group with nothing else in
it, such as most layers, where the scan takes groups whole.
"""

import re
from typing import NamedTuple

from netdef.compiler.source import Span
from netdef.compiler.syntax.reserved_words import RESERVED
from netdef.compiler.syntax.scan import MOST_NESTED, MOST_PIECES, Scan
from netdef.compiler.syntax.tree import Field, Group, Number, Text, Word

_FIELD = re.compile(
    r"""\s*+
    ([A-Za-z_]\w*+) \s*+ : \s*+
    ( "[^"\\\n$]*+" | '[^'\\\n$]*+'
    | -?+ (?: [1-9]\d{0,17}+ | 0 | \d++\.\d*+ (?:[eE][+-]?+\d++)?+ | \d++[eE][+-]?+\d++ ) (?![\w.])
    | (?!(?:not|let|layer|block|repeat)\b) [A-Za-z_]\w*+
    )
    \s*+ [,;]?+
    ((?: \s*+ \#[^\n]*+ )*+) \s*+
    (?= [A-Za-z_}] )""",
    re.VERBOSE | re.ASCII,
)
"""A plain field: what follows it, a word or a closing brace, can't go on with its value."""

_HEAD = re.compile(r"\s*+([A-Za-z_]\w*+)\s*+\{((?:\s*+\#[^\n]*+)*+)\s*+(?=[A-Za-z_}])", re.ASCII)
"""The begin of a plain group."""

_CLOSE = re.compile(r"\s*+(\})((?:\s*+\#[^\n]*+)*+)\s*+(?=[A-Za-z_}])", re.ASCII)
"""The end of one: no comma behind it, and not the last sign of the text."""

_COMMENT = re.compile(r"#[^\n]*")

_NEVER_HEADS = RESERVED - {"layer"}

_MOST_LEVELS = 4
"""Groups in each other that are taken whole, so that one that turns out not to be plain was not read often."""


class _Run(NamedTuple):
    """Plain statements that follow each other."""

    statements: list[Field | Group]
    end: int
    """The character behind them and their blanks and comments."""
    num_pieces: int
    """What they would be without this trick: tokens, and fields in them."""


def read_plain_fields(scan: Scan) -> None:
    """All plain fields that stand here, as one token; with the plain groups among them, where those are taken whole."""
    takes_groups = scan.takes_groups and len(scan.openers) < MOST_NESTED - _MOST_LEVELS
    statements, end, num_pieces = _read_run(scan, scan.position, _MOST_LEVELS if takes_groups else 0)
    if statements:
        scan.num_fields += num_pieces
        scan.position = end
        scan.add("FIELDS", statements, statements[0].at.to(statements[-1].end))


def _read_run(scan: Scan, position: int, levels: int) -> _Run:
    """The plain fields from a place on, and groups of at most so many levels."""
    source, text, end = scan.source, scan.text, scan.end
    match, new = _FIELD.match, tuple.__new__
    statements: list[Field | Group] = []
    num_pieces = 0
    while num_pieces < MOST_PIECES:
        found = match(text, position, end)
        if found is None:
            group = _read_group(scan, position, levels - 1) if levels else None
            if group is None:
                break
            statements += group.statements
            position = group.end
            num_pieces += group.num_pieces
            continue
        name, value, comments = found.groups()
        at = new(Span, (source, *found.span(2), None))
        first = value[0]
        literal: Text | Number | Word
        if first in "\"'":
            literal = new(Text, (value[1:-1], at, None))
        elif first in "-0123456789":
            literal = new(Number, (_plain_number(value), at, None))
        else:
            literal = new(Word, (value, at, None))
        statements.append(new(Field, (name, literal, new(Span, (source, *found.span(1), None)))))
        position = found.end()
        num_pieces += 1
        if comments:
            _note_comments(scan, found.span(3))
    return _Run(statements, position, num_pieces)


def _read_group(scan: Scan, position: int, levels: int) -> _Run | None:
    """The plain group that stands here; None if there is none, or more in it than fields and plain groups."""
    head = _HEAD.match(scan.text, position, scan.end)
    if head is None or head[1] in _NEVER_HEADS:
        return None
    num_comments = len(scan.tokens.comments)
    _note_comments(scan, head.span(2))
    body = _read_run(scan, head.end(), levels)
    close = _CLOSE.match(scan.text, body.end, scan.end)
    if close is None:
        del scan.tokens.comments[num_comments:]
        return None
    _note_comments(scan, close.span(2))
    at, brace = Span(scan.source, *head.span(1)), Span(scan.source, *close.span(1))
    group = Group(head[1], tuple(body.statements), at, brace)
    return _Run([group], close.end(), body.num_pieces + 3)  # its name and its braces


def _note_comments(scan: Scan, span: tuple[int, int]) -> None:
    """The comments in a part of the text that has nothing else in it but blanks."""
    if span[0] < span[1]:
        scan.tokens.comments += [Span(scan.source, *each.span()) for each in _COMMENT.finditer(scan.text, *span)]


def _plain_number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)
