"""Texts that are given for a net, and are something else, or hold more: a solver, a recipe, nothing, a second net."""

from collections.abc import Sequence

from netdef.compiler.diagnostics import Diagnostic, Label, Report, Severity
from netdef.compiler.net_in_solver import FIELDS as NETS_WITHIN
from netdef.compiler.net_in_solver import name_of_net
from netdef.compiler.schema.caffe import NetFrame
from netdef.compiler.syntax.tree import Expanded, Field, Group, Plain, Statement

SOLVER = "N414"
SOLVER_FIELDS = frozenset(
    ("net", "train_net", "test_net", "base_lr", "lr_policy", "max_iter", "solver_mode", "test_iter")
)
"""Fields by which a solver is known."""

_SURE, _SHOWN = 2, 3
"""How many fields of a solver make one, and how many of them are named."""


def is_recipe(path: str) -> bool:
    """Whether a file's name says that it is a recipe of ours."""
    return path.endswith((".yaml", ".yml", ".json"))


def recipe_for_net(path: str) -> Diagnostic:
    """The no to a recipe in the place of a net."""
    help = f"a recipe is given to training: netdef train NET --recipe {path}"
    return Diagnostic(SOLVER, f"{path} is a recipe, not a net", help=help)


def no_net(expanded: Expanded, rest: Sequence[Plain]) -> Diagnostic | None:
    """What a text without layers is, if it isn't the blocks of other files."""
    path = expanded.source.path
    solver = next((each for each in rest if each.name in SOLVER_FIELDS), None)
    if solver is not None:
        message = f"{path} is a solver, not a net"
        help = f"a solver is given to training: netdef train --recipe {path}"
        if within := [name_of_net(path, each.name) for each in rest if each.name in NETS_WITHIN]:
            help = f"its nets: {', '.join(within)}"
        return Diagnostic(SOLVER, message, Label(solver.at), help=help)
    if expanded.has_constructs or any(each.name == "input" for each in rest):
        return None
    if rest and all(each.name == "item" for each in rest):
        help = "it has the names of classes, which SSD's layers take by label_map_file"
        return Diagnostic("N415", f"{path} is a label map, not a net", Label(rest[0].at), help=help)
    help = 'a net has layers: layer { name: "data" type: "Input" ... }, or input "data" [1, 3, 224, 224]'
    return Diagnostic("N415", f"{path} is no net: there is no layer in it", help=help)


def net_alone(expanded: Expanded, report: Report) -> Expanded:
    """A net without what stands behind or around it in one text, and is another file's: a net more, or a solver."""
    if not expanded.is_sound or not any(map(is_layer, expanded.body)):
        return expanded
    return _without_solver(first_net(expanded, report), report)


def first_net(expanded: Expanded, report: Report) -> Expanded:
    """The first of several nets in one text, which is a mistake; a net begins with its name."""
    body = expanded.body
    names = [index for index, each in enumerate(body) if isinstance(each, Field) and each.name == "name"]
    layers = [index for index, each in enumerate(body) if is_layer(each)] if len(names) > 1 else []
    second = next((index for index in names[1:] if layers and layers[0] < index < layers[-1]), None)
    if second is None:
        return expanded
    label, help = Label(body[names[0]].at, "the first begins here"), "give each a file of its own"
    report.add(Diagnostic("N404", "a second net begins here", Label(body[second].at), (label,), help=help))
    return expanded._replace(body=body[:second])


def is_layer(statement: Statement) -> bool:
    """Whether a statement is a layer of any format, written as prototxt."""
    return isinstance(statement, Group) and statement.name in ("layer", "layers")


def _without_solver(expanded: Expanded, report: Report) -> Expanded:
    """A net without the fields of a solver, by which two or more it is known that it is one."""
    fields = [each for each in expanded.body if isinstance(each, Field) and each.name not in NetFrame.fields]
    if sum(each.name in SOLVER_FIELDS for each in fields) < _SURE:
        return expanded
    named = ", ".join(dict.fromkeys(each.name for each in fields[:_SHOWN]))
    message = f"a solver stands in the net's file: {named}{', ...' if len(fields) > _SHOWN else ''}"
    help = "give it a file of its own, for training: netdef train --recipe solver.prototxt"
    severity = Severity.ERROR if expanded.has_constructs else Severity.WARNING
    report.add(Diagnostic(SOLVER, message, Label(fields[0].at), help=help, severity=severity))
    of_solver = {id(each) for each in fields}
    return expanded._replace(body=tuple(each for each in expanded.body if id(each) not in of_solver))
