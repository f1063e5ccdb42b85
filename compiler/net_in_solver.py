"""Nets that stand in a solver: Caffe's ``net_param { layer { ... } ... }`` and its like.

Such a net goes by the solver's path and the field, as in ``solver.prototxt#net_param``, wherever a net's file is named.
"""

from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.syntax.tree import Expanded, Group

FIELDS = ("net_param", "train_net_param", "test_net_param")
"""The fields of a solver that hold a net."""


class NetPlace(NamedTuple):
    """Where a net's text stands: a file, and the field of a solver in it; mostly the file alone."""

    file: str
    field: str = ""


def place_of_net(name: str) -> NetPlace:
    """What a net's name means."""
    file, mark, field = name.rpartition("#")
    return NetPlace(file, field) if mark and field in FIELDS else NetPlace(name)


def name_of_net(file: str, field: str) -> str:
    """What the net in a field of a solver is called."""
    return f"{file}#{field}"


def net_within(expanded: Expanded, field: str, report: Report) -> Expanded:
    """The net in a solver; a file that is none as it is.

    Without a ``field``, that of the solver's one ``net_param``. What isn't there goes to the report.
    """
    found = [each for each in expanded.body if isinstance(each, Group) and each.name == (field or "net_param")]
    if found and (field or not any(each.name == "layer" for each in expanded.body)):
        return expanded._replace(body=found[0].fields)
    if field:
        message = f"{expanded.source.path} has no {field}"
        help = f"a solver holds its net in {' or '.join(FIELDS)}"
        at = Label(expanded.body[0].at) if expanded.body else None
        report.add(Diagnostic("N414", message, at, help=help))
        return expanded._replace(body=())
    return expanded
