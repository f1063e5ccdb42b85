"""Texts that are given for a net, and are something else: a solver, a recipe, nothing at all."""

from collections.abc import Sequence

from netdef.compiler.diagnostics import Diagnostic, Label
from netdef.compiler.net_in_solver import FIELDS as NETS_WITHIN
from netdef.compiler.net_in_solver import name_of_net
from netdef.compiler.syntax.tree import Expanded, Plain

SOLVER = "N414"
SOLVER_FIELDS = frozenset(
    ("net", "train_net", "test_net", "base_lr", "lr_policy", "max_iter", "solver_mode", "test_iter")
)
"""Fields by which a solver is known."""


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
    help = 'a net has layers: layer { name: "data" type: "Input" ... }, or input "data" [1, 3, 224, 224]'
    return Diagnostic("N415", f"{path} is no net: there is no layer in it", help=help)
