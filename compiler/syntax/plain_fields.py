"""Plain fields, many at once: the trick that makes parsing quick.

A run of plain ``name: literal`` fields, which is most of any prototxt, becomes a single token FIELDS that holds the
finished fields, so the parser takes one step where it would take a dozen for each.
"""

import re

from netdef.compiler.source import Span
from netdef.compiler.syntax.scan import MOST_PIECES, Scan
from netdef.compiler.syntax.tree import Field, Number, Text, Word

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

_COMMENT = re.compile(r"#[^\n]*")


def read_plain_fields(scan: Scan) -> None:
    """All plain fields that stand here, as one token."""
    source, text, end, position = scan.source, scan.text, scan.end, scan.position
    match, new = _FIELD.match, tuple.__new__
    fields: list[Field] = []
    while (found := match(text, position, end)) is not None:
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
        fields.append(new(Field, (name, literal, new(Span, (source, *found.span(1), None)))))
        position = found.end()
        if len(fields) == MOST_PIECES:
            break
        if comments:
            for comment in _COMMENT.finditer(text, *found.span(3)):
                scan.tokens.comments.append(Span(source, *comment.span()))
    if fields:
        scan.num_fields += len(fields)
        scan.position = position
        scan.add("FIELDS", fields, fields[0].at.to(fields[-1].value.at))


def _plain_number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)
