"""Names that nobody may give: design rule 8."""

from collections.abc import Iterable

from netdef.compiler.diagnostics import Report
from netdef.compiler.source import Span
from netdef.compiler.syntax import syntax_errors
from netdef.compiler.syntax.tree import Block, Group, If, Let, Repeat, Statement

RESERVED = frozenset(
    {"layer", "input", "let", "block", "repeat", "in", "if", "else", "include", "opaque"}
    | {"and", "or", "not", "true", "false"}
)


def check_names(statements: Iterable[Statement], report: Report) -> None:
    """Report blocks, parameters and variables that are called like words of the language."""
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
            case _:
                pass


def _check(name: str, at: Span, report: Report) -> None:
    if name in RESERVED:
        report.add(syntax_errors.reserved_word(at, name))
