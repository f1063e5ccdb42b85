"""Where a forgotten opening brace belongs: behind the head whose statements are indented, or stand on its line."""

from collections.abc import Iterator
from typing import NamedTuple

from netdef.compiler.source import Span
from netdef.compiler.syntax import token_errors
from netdef.compiler.syntax.braces import indent_of, is_first_on_line, made_up
from netdef.compiler.syntax.scan import STATEMENTS, Scan
from netdef.compiler.syntax.tokens import Token

_HEADS = {"LAYER": 3, "BLOCK": 2, "REPEAT": 4, "IF": 2, "ELSE": 1, "OPAQUE": 2}
"""How many tokens a head has at least."""
_ENDS_OF_A_HEAD = frozenset({"NAME", "NUMBER", "STRING", "BROKEN", "RPAR", "RSQB", "ELSE"})
_AFTER_A_NAME = frozenset({"COLON", "LBRACE", "LPAR", "LSQB"})
_NESTS = {"LPAR": 1, "LSQB": 1, "RPAR": -1, "RSQB": -1}


class _Head(NamedTuple):
    """A head without its brace, and the token that the brace belongs before."""

    first: Token
    body: int


def open_forgotten(scan: Scan, closer: Span) -> bool:
    """Put in, and report, the opening brace that a ``}`` lacks which closes nothing; False if no head lacks one."""
    tokens = scan.tokens.all
    heads = list(_heads(tokens, closer))
    if not heads:
        return False
    as_deep = [head for head in heads if indent_of(head.first.at) == indent_of(closer)]
    head = (as_deep or heads)[-1]
    last = tokens[head.body - 1].at
    if not tokens[head.body].is_doubtful:  # else what stands in the brace's place was reported
        scan.say(token_errors.unopened(closer, head.first.at.to(last)))
    scan.tokens.is_sound = False
    tokens.insert(head.body, made_up("LBRACE", "{", last))
    scan.add("RBRACE", "}", closer)
    scan.after_then = True  # should an `else` follow, that was an `if`, whichever brace went to another
    return True


def _heads(tokens: list[Token], closer: Span) -> Iterator[_Head]:
    """The heads before a ``}`` that go on with a statement instead of a brace."""
    first: int | None = None  # the head that is being read
    nested = 0
    for index, token in enumerate(tokens):
        is_new_line = not nested and is_first_on_line(token.at)
        if first is not None and not nested and index >= first + _HEADS.get(tokens[first].type, 1):
            head = tokens[first]
            is_body = _begins(tokens, index)
            if is_body and _is_inside(tokens, index, head.at, closer):
                yield _Head(head, index)
            if is_body or token.type == "LBRACE" or head.type == "NAME":
                first = None
        if token.type in _HEADS or is_new_line:
            first = index if token.type in _HEADS or token.type == "NAME" else None
        nested += _NESTS.get(token.type, 0)


def _begins(tokens: list[Token], index: int) -> bool:
    """Whether a token begins a statement."""
    kind = tokens[index].type
    if kind == "NAME" and tokens[index - 1].type in _ENDS_OF_A_HEAD:
        return index + 1 < len(tokens) and tokens[index + 1].type in _AFTER_A_NAME
    return kind == "FIELDS" or kind in STATEMENTS


def _is_inside(tokens: list[Token], index: int, head: Span, closer: Span) -> bool:
    """Whether a statement belongs to the head before it: it is indented, or a brace on the line closes it."""
    if is_first_on_line(tokens[index].at):
        return indent_of(tokens[index].at) > indent_of(head)
    open = 0
    for token in tokens[index:]:
        if is_first_on_line(token.at):
            return False
        open += (token.type == "LBRACE") - (token.type == "RBRACE")
        if open < 0:
            return True
    return not open and closer.line == head.line
