"""What a file itself says of warnings, in comments that every reader of prototxt skips.

    # netdef: allow one-pixel
    layer { ... }

    loss_weight: 1  # netdef: allow N621, lrn-alpha: as published

    # netdef: deny warnings in this file

A comment on lines of its own is for the statement that follows; one behind a statement is for that; ``in this file``
makes it the whole file's. What stands behind a colon is for people.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic, Label, Report, Severity
from netdef.compiler.lints.levels import Level, Setting, UnknownLint, at_level, level_of, setting
from netdef.compiler.source import Source, Span
from netdef.compiler.syntax.parser import parse
from netdef.compiler.syntax.tree import Field, Group, If, Plain, Statement

_MARK = "netdef:"
_COMMENT = re.compile(
    r"""\#+\s*netdef:\s*(?P<level>allow|warn|deny)\s+(?P<words>[\w-]+(?:\s*,\s*[\w-]+)*)
    (?P<file>\s+in\ this\ file)?\s*(?::.*)?""",
    re.ASCII | re.VERBOSE,
)
_HELP = "write # netdef: allow unused-blob, or warn, or deny; and `in this file` behind it for the whole file"


class _Said(NamedTuple):
    """Settings for the characters ``start`` to ``end`` of a text, which may be all of them."""

    start: int
    end: int
    settings: tuple[Setting, ...]
    is_whole: bool


class FileLevels(NamedTuple):
    """What a text says of warnings, the widest statement first; and what of that nobody understands."""

    said: tuple[_Said, ...]
    wrong: tuple[Diagnostic, ...]


def revised(said: Diagnostic, settings: Sequence[Setting] = ()) -> Diagnostic | None:
    """A warning as loud as its file makes it, else as ``settings`` do; None where it is not said."""
    if said.severity is not Severity.WARNING:
        return said
    spans = [said.primary.span, *said.primary.span.callers] if said.primary else []
    own = [each for span in reversed(spans) for each in _at(span)]
    return at_level(said, level_of(said.code, [*settings, *own]))


def not_understood(source: Source) -> tuple[Diagnostic, ...]:
    """Warnings of comments that begin like ours and say nothing."""
    return _levels_in(source).wrong


def comments_of_file(source: Source) -> list[str]:
    """Comments that say the same of a whole text again."""
    return [
        _written(each, " in this file") for said in _levels_in(source).said if said.is_whole for each in said.settings
    ]


def comments_on(statement: Plain) -> list[str]:
    """Comments that say the same again of a statement that a text has, or that one of its calls made."""
    close = statement.close if isinstance(statement, Group) else None
    spans = [statement.at if close is None else statement.at.to(close), *statement.at.callers]
    found = [
        each
        for span in spans
        for said in _levels_in(span.source).said
        if _concerns(said, span)
        for each in said.settings
    ]
    return [*dict.fromkeys(_written(each) for each in found)]


def _concerns(said: _Said, span: Span) -> bool:
    return not said.is_whole and said.start < span.end and span.start < said.end


def _written(setting: Setting, where: str = "") -> str:
    return f"# netdef: {setting.level} {setting.word}{where}"


def _at(span: Span) -> Iterator[Setting]:
    """What is said of warnings at a place; the nearest last."""
    for said in _levels_in(span.source).said:
        if said.start <= span.start < said.end:
            yield from said.settings


@lru_cache(8)
def _levels_in(source: Source) -> FileLevels:
    if _MARK not in source.text:
        return FileLevels((), ())
    tree = parse(source, Report())
    said: list[_Said] = []
    wrong: list[Diagnostic] = []
    extents = sorted(_extents(tree.body))
    for comment in tree.comments:
        if not comment.text.lstrip("# \t").startswith(_MARK):
            continue
        found = _COMMENT.fullmatch(comment.text.rstrip())
        try:
            settings = _settings(found)
        except UnknownLint as unknown:
            message = f"this comment sets no warning: {unknown}"
            wrong.append(Diagnostic("N620", message, Label(comment), help=_HELP, severity=Severity.WARNING))
            continue
        assert found is not None, "what is understood was found"
        is_whole = found["file"] is not None
        start, end = (0, len(source.text) + 1) if is_whole else _statement_of(comment, extents)
        said.append(_Said(start, end, settings, is_whole))
    return FileLevels(tuple(sorted(said, key=lambda each: each.start - each.end)), tuple(wrong))


def _settings(found: re.Match[str] | None) -> tuple[Setting, ...]:
    if found is None:
        raise UnknownLint("it says neither allow, warn nor deny")
    words = re.split(r"\s*,\s*", found["words"])
    return tuple(setting(Level(found["level"]), word) for word in words)


def _statement_of(comment: Span, extents: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The characters of the statement that a comment is for: none where no statement follows."""
    text = comment.source.text
    begin = text.rfind("\n", 0, comment.start) + 1
    if text[begin : comment.start].strip():
        begun = (each for each in extents if begin <= each[0] < comment.start)
        closed = (each for each in extents if begin < each[1] <= comment.start)
        return next(begun, None) or next(closed, (0, 0))
    return next((each for each in extents if each[0] > comment.start), (0, 0))


def _extents(body: Sequence[Statement]) -> Iterator[tuple[int, int]]:
    """Where each statement begins and ends, those inside of others too."""
    for statement in body:
        inside = [*_extents(_inside(statement))]
        close = getattr(statement, "close", None)
        own = close.end if close is not None else statement.value.at.end if isinstance(statement, Field) else 0
        yield statement.at.start, max([statement.at.end, own, *(end for _, end in inside)])
        yield from inside


def _inside(statement: Statement) -> Sequence[Statement]:
    if isinstance(statement, If):
        return (*statement.then, *statement.otherwise)
    body: Sequence[Statement] = getattr(statement, "body", ())
    return body
