"""A statement that somebody had to guess at: what it says is lost, and its place and its name stay known."""

import re
from collections.abc import Sequence

from netdef.compiler.source import Span
from netdef.compiler.syntax.tree import (
    Block,
    Broken,
    Call,
    Field,
    Group,
    If,
    Include,
    LayerStatement,
    Let,
    Lost,
    Opaque,
    Repeat,
    Statement,
)

_WORD_BEFORE_A_NAME = re.compile(r"\b(?:let|block)\s*\Z")


def damage(body: Sequence[Statement], place: Span) -> tuple[Statement, ...]:
    """The statements, with what a changed place in them makes doubtful marked as lost or broken."""
    if not body:
        return ()
    starts = [_start(statement, place) for statement in body]
    index = max((i for i, start in enumerate(starts) if start <= place.start), default=0)
    # a colon that was too many may be that of another field, whose name nobody knows
    lost = (Lost(place),) if ":" in place.text and isinstance(body[index], Field) else ()
    before = body[:index]
    if before and _may_go_on(before[-1], body[index]):
        before = (*before[:-1], Lost(before[-1].at))
    return (*before, _damaged(body[index], place), *lost, *body[index + 1 :])


def _may_go_on(statement: Statement, following: Statement) -> bool:
    """Whether a call may have been closed too early, or be none: something else is wrong on its line."""
    return isinstance(statement, Call) and statement.at.line == following.at.line


def _start(statement: Statement, place: Span) -> int:
    """Where a statement begins, with the word before its name; what was put in right before it belongs to it."""
    start, text = statement.at.start, statement.at.source.text
    if isinstance(statement, Let | Block):
        word = _WORD_BEFORE_A_NAME.search(text[max(0, start - 80) : start])
        if word is not None:
            start -= len(word[0])
    is_right_before = place.end <= start and not text[place.end : start].strip()
    return place.start if is_right_before and text.count("\n", place.start, start) == 0 else start


def _damaged(statement: Statement, place: Span) -> Statement:
    at = statement.at
    is_named = not _touches(at, place)
    match statement:
        case Lost():
            return statement
        case Field(value=value) if is_named and (":" in at.source.text[at.end : place.start] or ":" in place.text):
            return statement._replace(value=Broken(value.at))
        case Group(body=body) if is_named and _is_behind_head(body, statement.close, place):
            return statement._replace(body=_damaged_body(body, statement.close, place))
        case Let(name=name):
            return Lost(at, "let", name if is_named else "")
        case Block(name=name, body=body) if not _is_behind_head(body, statement.close, place):
            return Lost(at, "block", name if is_named else "")
        case Block(body=body) | LayerStatement(body=body) | Repeat(body=body) | Opaque(body=body) if _is_behind_head(
            body, statement.close, place
        ):
            return statement._replace(body=_damaged_body(body, statement.close, place))
        case If():
            return _damaged_choice(statement, place)
        case Opaque(type=kind):
            return Lost(at, "opaque", kind.value)
        case Include():
            return Lost(at, "include")
    return Lost(at)


def _damaged_choice(choice: If, place: Span) -> Statement:
    if choice.otherwise and place.start >= _start(choice.otherwise[0], place):
        return choice._replace(otherwise=damage(choice.otherwise, place))
    if choice.then and place.start >= _start(choice.then[0], place):
        return choice._replace(then=damage(choice.then, place))
    return Lost(choice.at)


def _damaged_body(body: Sequence[Statement], close: Span | None, place: Span) -> tuple[Statement, ...]:
    """The statements between braces; a changed closing brace leaves all of them as they are."""
    return tuple(body) if close is not None and place.start >= close.start else damage(body, place)


def _is_behind_head(body: Sequence[Statement], close: Span | None, place: Span) -> bool:
    """Whether a place is among the statements between braces, or at the closing one."""
    is_among = bool(body) and place.start >= _start(body[0], place)
    return is_among or (close is not None and place.start >= close.start)


def _touches(at: Span, place: Span) -> bool:
    """Whether a place has a character of a span, or stands right inside it."""
    return place.start < at.end and at.start < max(place.end, place.start + 1)
