"""Text to tree."""

import re
from functools import cache
from typing import Any

from lark.exceptions import UnexpectedInput

from netdef.compiler.collection import no_collection
from netdef.compiler.diagnostics import Report
from netdef.compiler.source import Source, Span
from netdef.compiler.syntax import syntax_errors, token_errors
from netdef.compiler.syntax.lexer import scan
from netdef.compiler.syntax.literals import unescape
from netdef.compiler.syntax.parser_cache import load_parser
from netdef.compiler.syntax.recovery import Recovery
from netdef.compiler.syntax.reserved_words import check_names
from netdef.compiler.syntax.tokens import Token
from netdef.compiler.syntax.tree import Broken, Expression, Lost, Template, Text, Tree

_parser = cache(load_parser)


@no_collection()
def parse(source: Source, report: Report) -> Tree:
    """Read a text as far as it makes sense; every mistake goes into the report, and none is raised."""
    tokens = scan(source, report)
    for token in tokens.all:
        if token.type == "STRING":
            token.value = _read_string(token, tokens.has_constructs, report)
    body: Any  # Lark promises a tree of its own, and returns what our callbacks made
    try:
        body = _parser().parse(tokens, start="start", on_error=Recovery(tokens, report))
    except UnexpectedInput:
        assert report.errors
        body = (Lost(Span(source, 0, len(source.text))),)
    tree = Tree(source, body, tuple(tokens.comments), tokens.has_constructs, tokens.is_sound)
    if tree.has_constructs:
        check_names(tree.body, report)
    return tree


_PART = re.compile(r"""(?:[^\\$]|\\[\s\S]|\$(?!\{))+|\$\{((?:[^{}"'\\]|'[^'\\]*'|"[^"\\]*")*)\}|(?P<bad>\$\{)""")


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
    try:
        made: Any = _parser().parse(tokens, start="item")
    except UnexpectedInput:
        report.add(syntax_errors.bad_template(Span(source, start, end)))
        return Broken(Span(source, start, end))
    report.extend(inner)
    expression: Expression = made
    return expression


def _unescape(raw: str, source: Source, start: int, dollar: bool, report: Report) -> str:
    text, bad = unescape(raw, dollar=dollar)
    if bad is not None:
        report.add(token_errors.bad_escape(Span(source, start + bad.start, start + bad.end)))
    return text
