"""Many values to one."""

from collections.abc import Callable

from torch import Tensor

from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.reduction import Reduction, Sum
from netdef.compiler.net.net import Node
from netdef.runtime.lowering.base import Function, Op, Setting, lower, rank, wide

_SUMS: dict[Sum, Callable[[Tensor], Tensor]] = {
    Sum.SUM: lambda rows: rows.sum(-1),
    Sum.ASUM: lambda rows: rows.abs().sum(-1),
    Sum.SUMSQ: lambda rows: rows.square().sum(-1),
    Sum.MEAN: lambda rows: rows.mean(-1),
}


@lower(Reduction)
def reduction(layer: Reduction, node: Node, setting: Setting) -> Op:
    """The sum of all axes from one on, times the coefficient."""
    axis, reduced = find_axis(layer.axis, rank(node)), _SUMS[layer.operation]
    return Function(node, lambda x: reduced(wide(x).flatten(axis)) * layer.coeff)
