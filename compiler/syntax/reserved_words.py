"""Words in places that the grammar allows and the language does not: design rule 8, and a layer's head said twice."""

from collections.abc import Iterable
from typing import TypeGuard

from netdef.compiler.diagnostics import Report
from netdef.compiler.source import Span
from netdef.compiler.syntax import syntax_errors
from netdef.compiler.syntax.tree import Block, Group, If, LayerStatement, Let, Repeat, Statement

RESERVED = frozenset(
    {"layer", "input", "let", "block", "repeat", "in", "if", "else", "include", "opaque"}
    | {"and", "or", "not", "true", "false"}
)


def check_names(statements: Iterable[Statement], report: Report) -> None:
    """Report names that are words of the language, and what goes on after the head of a layer."""
    before: Statement | None = None
    for statement in statements:
        match statement:
            case Let():
                _check(statement.name, statement.at, report)
            case Block():
                _check(statement.name, statement.at, report)
                for parameter in statement.parameters:
                    _check(parameter.name, parameter.at, report)
                check_names(statement.body, report)
            case Repeat():
                for name in (statement.index, *statement.target.names):
                    _check(name or "", statement.target.at, report)
                check_names(statement.body, report)
            case If():
                check_names(statement.then + statement.otherwise, report)
            case Group(name="else"):
                report.add(syntax_errors.else_without_if(statement.at))
            case Group(name=name) if name[:1].isupper() and _is_bare_head(before, statement.at):
                report.add(syntax_errors.bad_form(before.at, syntax_errors.FORMS["LAYER"], statement.at))
            case _:
                pass
        before = statement


def _is_bare_head(statement: Statement | None, following: Span) -> TypeGuard[LayerStatement]:
    """Whether a layer has no braces, and something that looks like a type stands behind it on its line."""
    return isinstance(statement, LayerStatement) and statement.close is None and statement.at.line == following.line


def _check(name: str, at: Span, report: Report) -> None:
    if name in RESERVED:
        report.add(syntax_errors.reserved_word(at, name))
