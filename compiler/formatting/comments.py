"""Where comments stand: those on lines of their own beside their neighbours, and those behind code in columns."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from netdef.compiler.formatting.pieces import COMMENT, Pieces


class Trailing(NamedTuple):
    """A comment behind something."""

    piece: int
    line: int
    code_width: int
    column: int
    """Where its author put it, away from the code; 0 if it stands right behind that."""


def leftmost_neighbours(pieces: Pieces) -> dict[int, int]:
    """Of each comment on a line of its own, the column of the leftmost of those right above and below."""
    blocks: list[list[int]] = []
    for index, piece in enumerate(pieces.all):
        if piece.kind == COMMENT and (piece.num_lines or not index):
            if blocks and blocks[-1][-1] == index - 1 and piece.num_lines == 1:
                blocks[-1].append(index)
            else:
                blocks.append([index])
    leftmost = ((block, min(map(pieces.column, block))) for block in blocks)
    return {index: column for block, column in leftmost for index in block}


def runs(comments: Iterable[Trailing]) -> Iterator[list[Trailing]]:
    """Comments behind the code of lines that follow each other, which their author put into one column."""
    run: list[Trailing] = []
    for comment in comments:
        if run and (not comment.column or (comment.line, comment.column) != (run[-1].line + 1, run[-1].column)):
            yield run
            run = []
        run.append(comment)
    if run:
        yield run
