"""Prototxt without constructs: only lists, and words with a sign, are left to resolve."""

from collections.abc import Iterator, Sequence

from netdef.compiler.diagnostics import Report
from netdef.compiler.expand.evaluate import evaluate
from netdef.compiler.expand.place import literal_of
from netdef.compiler.expand.scope import Mistake, Quiet, Scope
from netdef.compiler.syntax.tree import (
    Broken,
    Expression,
    Field,
    Group,
    List,
    Literal,
    Lost,
    Plain,
    Statement,
)


def plain(body: Sequence[Statement], report: Report) -> Iterator[Plain]:
    """The statements, a list as several fields."""
    for statement in body:
        if isinstance(statement, Group):
            yield statement if _is_plain(statement) else statement._replace(body=tuple(plain(statement.body, report)))
        elif isinstance(statement, Field):
            value = statement.value
            if isinstance(value, Literal):
                yield statement
                continue
            for item in value.items if isinstance(value, List) else (value,):
                yield statement._replace(value=_resolved(item, report))
        elif isinstance(statement, Lost):
            yield statement


def _is_plain(group: Group) -> bool:
    """Whether there is nothing to resolve in a group, as in most."""
    return all(isinstance(each, Field) and isinstance(each.value, Literal) for each in group.body)


def _resolved(value: Expression, report: Report) -> Literal | Broken:
    if isinstance(value, Literal):
        return value
    try:
        return literal_of(evaluate(value, Scope()), value.at, None)  # -inf
    except Mistake as mistake:
        report.add(mistake.diagnostic)
    except Quiet:
        pass
    return Broken(value.at)
