"""Caffe's snapshots of a solver: ``NAME_iter_N.solverstate`` beside ``NAME_iter_N.caffemodel``.

Such a file has the iteration and the momentum in Caffe's own form, and the weights' path, but no weights. Wherever one
is given it is named for what it is.
"""

from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic

ENDINGS = (".solverstate", ".solverstate.h5")


def is_solver_state(name: str) -> bool:
    """Whether a name is that of such a file."""
    return name.endswith(ENDINGS)


def solver_state(name: str, code: str) -> Diagnostic:
    """The no to such a file, with what to give instead."""
    ending = next((ending for ending in ENDINGS if name.endswith(ending)), "")
    weights = f"{name.removesuffix(ending)}.caffemodel"
    where = "stands beside it" if Path(weights).is_file() else "Caffe writes beside it"
    message = f"{name} is the state of one of Caffe's solvers: its iteration and momentum, and no weights"
    help = f"give the weights, which {where}: --weights {weights}; a new run begins with them, for --max-iter N more"
    return Diagnostic(code, message, help=help)
