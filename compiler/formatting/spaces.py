"""What stands between two pieces of one line: a space, or nothing."""

from collections.abc import Iterator

from netdef.compiler.formatting.pieces import CLOSES, OPENS, UNARY, Pieces
from netdef.compiler.syntax.tree import Block, Call

_NOTHING_BEFORE = frozenset({"COMMA", "COLON", "RSQB", "RPAR", "SEMICOLON"})
_NOTHING_BEHIND = frozenset({"LSQB", "LPAR", UNARY})


def spaces_of(pieces: Pieces) -> list[int]:
    """How many spaces stand before each piece, if all stood on one line."""
    arguments, choices = {*_argument_lists(pieces)}, {*_colons_of_choices(pieces)}
    spaces = [0] if pieces.all else []
    for index in range(1, len(pieces.all)):
        before, here = pieces.all[index - 1], pieces.all[index]
        if index in choices:
            is_joined = False
        elif here.kind in _NOTHING_BEFORE or before.kind in _NOTHING_BEHIND or index in arguments:
            is_joined = True
        elif "DOTS" in (before.kind, here.kind):
            is_joined = "..." not in before.written + here.written
        else:
            is_joined = before.kind == "LBRACE" and here.kind == "RBRACE"
        spaces.append(0 if is_joined else 1)
    return spaces


def _argument_lists(pieces: Pieces) -> Iterator[int]:
    """Where the parentheses of calls and blocks open."""
    for first, statement in pieces.statements.items():
        if isinstance(statement, Call | Block):
            yield next(i for i in range(first, len(pieces.all)) if pieces.all[i].kind == "LPAR")


def _colons_of_choices(pieces: Pieces) -> Iterator[int]:
    """Where the colons of ``c ? a : b`` stand."""
    waiting = [0]
    for index, piece in enumerate(pieces.all):
        if piece.kind in OPENS:
            waiting.append(0)
        elif piece.kind in CLOSES:
            waiting.pop()
        elif piece.kind == "QMARK":
            waiting[-1] += 1
        elif piece.kind == "COLON" and waiting[-1]:
            waiting[-1] -= 1
            yield index
