"""A solver.prototxt that is given to be checked: all that training would refuse of it, before it is trained by."""

from pathlib import Path

from netdef.compiler.diagnostics import Report
from netdef.compiler.net.no_net import SOLVER_FIELDS, is_layer
from netdef.compiler.net_error import NetError
from netdef.compiler.syntax.tree import Field, Group, Tree
from netdef.runtime.training.recipe.file import read_recipe_file


def is_solver(tree: Tree) -> bool:
    """Whether a text says how a net is trained, be a net within it or not."""
    has_field = any(isinstance(each, Field | Group) and each.name in SOLVER_FIELDS for each in tree.body)
    return has_field and not any(map(is_layer, tree.body))


def check_solver(path: Path) -> Report:
    """What is wrong with a solver, the nets that it names among it; whether these are sound is asked of them."""
    report = Report()
    try:
        file = read_recipe_file(path)
        report.extend(file.report)
        for net in dict.fromkeys(filter(None, (file.train_net, file.test_net))):
            file.found(net)
    except NetError as error:
        report.extend(error.report)
    return report
