"""One reading of a text: its tokens, its statements, and what is wrong with them.

A text may also be read as if it were changed, to see what would be wrong then; what is read keeps its places in the
text as written.
"""

import re
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import NamedTuple, cast

from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.edits import Edit, apply_edits
from netdef.compiler.override import override
from netdef.compiler.source import Source, Span
from netdef.compiler.syntax import syntax_errors, token_errors
from netdef.compiler.syntax.builder import BUILDER
from netdef.compiler.syntax.lexer import scan
from netdef.compiler.syntax.literals import unescape
from netdef.compiler.syntax.parsing import Grammar, parse
from netdef.compiler.syntax.reserved_words import RESERVED, check_names
from netdef.compiler.syntax.table_cache import load_tables
from netdef.compiler.syntax.tokens import Token, Tokens
from netdef.compiler.syntax.tree import Broken, Expression, Field, Group, Literal, Lost, Statement, Template, Text

_PART = re.compile(r"""(?:[^\\$]|\\[\s\S]|\$(?!\{))+|\$\{((?:[^{}"'\\]|'[^'\\]*'|"[^"\\]*")*)\}|(?P<bad>\$\{)""")

_NEVER_NAMES = RESERVED - {"layer", "input", "include", "true", "false"}
"""Words that no prototxt has for a name or a value."""

Place = tuple[str, int]
"""What is wrong and where, as far as two readings of a text can be held against each other: a code and an offset."""


@cache
def _grammar() -> Grammar:
    return Grammar(load_tables(), BUILDER)


class Reading(NamedTuple):
    """What a text says, as far as it makes sense."""

    tokens: Tokens
    body: tuple[Statement, ...]
    found: tuple[Diagnostic, ...]
    """What is wrong, in the order of the text."""


def read(source: Source) -> Reading:
    """Read a text; every mistake is told, and none is raised."""
    sound = _read_sound(source)
    if sound is not None:
        return sound
    report = Report()
    tokens = scan(source, report)
    body = _statements(tokens, report)
    return Reading(tokens, body, tuple(report))


def _read_sound(source: Source) -> Reading | None:
    """A text without mistakes, quickly; None where there is one: who looks for what was meant must see every brace."""
    try:
        tokens = scan(source, _NoMistakes(), takes_groups=True)
        body = _parse(tokens, _NoMistakes())
    except _IsWrong:
        return None
    return None if body is None else Reading(tokens, body, ())


def read_amended(source: Source, edits: Sequence[Edit]) -> tuple[Reading, frozenset[Place]]:
    """Read a text as if it were changed; and all that would be wrong then."""
    amended = _Amended(source, edits)
    scanned, parsed = Report(), Report()
    tokens = scan(Source(source.path, amended.text), scanned)
    for token in tokens.all:
        token.at = amended.origin(token.at)
        if token.type == "FIELDS":
            token.value = [amended.field(field) for field in token.value]
        elif token.type == "LOST":
            token.value = token.value._replace(at=token.at)
    tokens.comments = [amended.origin(at) for at in tokens.comments]
    tokens.source = source
    body = _statements(tokens, parsed)
    wrong = {(code, amended.offset(start)) for code, start in map(place_of, scanned)} | set(map(place_of, parsed))
    return Reading(tokens, body, tuple(parsed)), frozenset(wrong)


def reads_well(text: str) -> bool:
    """Whether nothing is wrong with some statements; the first mistake ends the reading."""
    report = _NoMistakes()
    try:
        tokens = scan(Source("", text), report)
        if any(map(_is_misread, tokens.all, [*tokens.all[1:], None])):
            return False
        body = _parse(tokens, report)
    except _IsWrong:
        return False
    # a type behind which braces open has lost the head of its layer: no field begins with a capital letter
    return body is not None and not any(isinstance(each, Group) and each.name[:1].isupper() for each in body)


class _IsWrong(Exception):
    """Something is wrong, which is all that was asked."""


class _NoMistakes(Report):
    """A report that takes none."""

    @override
    def add(self, diagnostic: Diagnostic) -> None:
        raise _IsWrong


def _is_misread(token: Token, following: Token | None) -> bool:
    """Whether a word of the language is taken for a name, which no text means."""
    if token.type == "FIELDS":
        return any(field.name in _NEVER_NAMES for field in token.value)
    is_called = following is not None and following.type == "LPAR" and token.value in RESERVED
    return token.type == "NAME" and (is_called or token.value in _NEVER_NAMES)


def place_of(diagnostic: Diagnostic) -> Place:
    """What tells a mistake of a text from all others."""
    assert diagnostic.primary is not None, "whatever is wrong with a text has a place there"
    return diagnostic.code, diagnostic.primary.span.start


class _Amended:
    """A changed text, and the way from its places back to those of the text as written."""

    def __init__(self, source: Source, edits: Sequence[Edit]) -> None:
        self.text = apply_edits(source, edits)
        self._source = source
        self._edits = sorted(edits, key=lambda edit: edit.range)
        growth = (len(edit.replacement) - (edit.span.end - edit.span.start) for edit in self._edits)
        self._shifts = [0, *accumulate(growth)]

    def offset(self, offset: int, *, is_end: bool = False) -> int:
        """Where a character of the changed text stands; what was put in stands where it was."""
        shift = 0
        for edit, before, after in zip(self._edits, self._shifts, self._shifts[1:], strict=False):
            start = edit.span.start + before
            if offset < start + is_end:
                break
            if offset < start + len(edit.replacement) + is_end:
                return edit.span.end if is_end else edit.span.start
            shift = after
        return offset - shift

    def field(self, field: Field) -> Field:
        """The same plain field at its place in the text as written."""
        value = cast(Literal, field.value)
        return field._replace(at=self.origin(field.at), value=value._replace(at=self.origin(value.at)))

    def origin(self, at: Span) -> Span:
        """The same span in the text as written."""
        start = self.offset(at.start)
        return Span(self._source, start, max(start, self.offset(at.end, is_end=True)))


def _statements(tokens: Tokens, report: Report) -> tuple[Statement, ...]:
    body = _parse(tokens, report)
    return _recovered(tokens, report) if body is None else body


def _recovered(tokens: Tokens, report: Report) -> tuple[Statement, ...]:
    """The statements of a text that doesn't fit the grammar, as far as they make sense."""
    from netdef.compiler.syntax.recovery import Recovery  # most texts are right

    tokens.next = 0
    body: tuple[Statement, ...] | None = parse(tokens, _grammar(), "start", Recovery(tokens, report))
    if body is None:
        return (Lost(Span(tokens.source, 0, len(tokens.source.text))),)
    if tokens.has_constructs:
        check_names(body, report)
    return body


def _parse(tokens: Tokens, report: Report) -> tuple[Statement, ...] | None:
    """The statements; None if the text doesn't fit the grammar."""
    for token in tokens.all:
        if token.type == "STRING":
            token.value = _read_string(token, tokens.has_constructs, report)
    body: tuple[Statement, ...] | None = parse(tokens, _grammar(), "start")
    if body is not None and tokens.has_constructs:
        check_names(body, report)
    return body


def _read_string(token: Token, has_constructs: bool, report: Report) -> Text | Template:
    raw, at = token.value, token.at
    start = at.start + 1
    if not has_constructs:
        return Text(raw if "\\" not in raw else _unescape(raw, at.source, start, False, report), at)
    parts: list[str | Expression] = []
    for found in _PART.finditer(raw):
        if found[1] is not None:
            parts.append(_read_expression(at.source, start + found.start(), start + found.end(), report))
        elif found["bad"]:
            place = Span(at.source, start + found.start(), start + found.end())
            report.add(syntax_errors.bad_template(place))
            parts.append(Broken(place))
        else:
            parts.append(_unescape(found[0], at.source, start + found.start(), True, report))
    if all(isinstance(part, str) for part in parts):
        return Text("".join(map(str, parts)), at)
    return Template(tuple(parts), at)


def _read_expression(source: Source, start: int, end: int, report: Report) -> Expression:
    """What stands in ``${...}``, the dollar at ``start``."""
    inner = Report()
    tokens = scan(source, inner, start + 2, end - 1)
    for token in tokens.all:
        if token.type == "STRING":
            token.value = _read_string(token, False, inner)
    expression: Expression | None = parse(tokens, _grammar(), "item")
    if expression is None:
        report.add(syntax_errors.bad_template(Span(source, start, end)))
        return Broken(Span(source, start, end))
    report.extend(inner)
    return expression


def _unescape(raw: str, source: Source, start: int, dollar: bool, report: Report) -> str:
    text, bad = unescape(raw, dollar=dollar)
    if bad is not None:
        report.add(token_errors.bad_escape(Span(source, start + bad.start, start + bad.end)))
    return text
