"""The same values with their axes in another order."""

from netdef.compiler.layers.axes import Permute
from netdef.compiler.net.net import Node
from netdef.runtime.lowering.base import Function, Op, Setting, lower, rank


@lower(Permute)
def permute(layer: Permute, node: Node, setting: Setting) -> Op:
    """Another order of the axes."""
    order = layer.of(rank(node))
    return Function(node, lambda x: x.permute(order))
