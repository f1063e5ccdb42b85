"""A text in the one style, as edits of it."""

from collections.abc import Iterator
from typing import Any

from netdef.compiler.diagnostics import Report
from netdef.compiler.edits import Edit, apply_edits
from netdef.compiler.formatting.layout import gaps_of
from netdef.compiler.formatting.pieces import pieces_of
from netdef.compiler.source import Source, Span
from netdef.compiler.syntax.parser import parse
from netdef.compiler.syntax.tree import Tree


def format_text(source: Source, report: Report) -> str:
    """The text in netdef's style; as it is, if it can't be read: what is wrong with it goes into the report.

    Words, numbers, strings and comments stay, and so does the net: the result is read again, and held against it.
    """
    tree = parse(source, report)
    if report.errors:
        return source.text
    text = apply_edits(source, format_edits(tree))
    again = Report()
    formatted = parse(Source(source.path, text), again)
    assert not again.errors, f"{source.path} would be broken"
    assert _is_same(tree.body, formatted.body), f"{source.path} would mean something else"
    return text


def format_edits(tree: Tree) -> Iterator[Edit]:
    """What changes a text without mistakes into netdef's style."""
    source = tree.source
    pieces = pieces_of(tree)
    end_of_line = "\r\n" if source.text.partition("\n")[0].endswith("\r") else "\n"
    done = 0
    for piece, gap in zip(pieces.all, gaps_of(pieces), strict=True):
        yield from _change(source, done, piece.start, end_of_line * gap.num_lines + " " * gap.num_spaces)
        yield from _change(source, piece.start, piece.end, piece.written)
        done = piece.end
    yield from _change(source, done, len(source.text), end_of_line if pieces.all else "")


def _change(source: Source, start: int, end: int, text: str) -> Iterator[Edit]:
    if source.text[start:end] != text:
        yield Edit(Span(source, start, end), text)


def _is_same(one: Any, other: Any) -> bool:
    """Whether two trees say the same, wherever it stands."""
    if isinstance(one, Span):
        return True
    if isinstance(one, tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(_is_same, one, other))
    return bool(one == other)
