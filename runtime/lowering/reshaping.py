"""The same values under another shape."""

from torch import Tensor

from netdef.compiler.layers.reshaping import Flatten, Reshape
from netdef.compiler.net.net import Node
from netdef.runtime.lowering.base import Function, Op, Setting, lower, rank


@lower(Flatten)
def flatten(layer: Flatten, node: Node, setting: Setting) -> Op:
    """Several axes as one."""
    first, last = layer.span(rank(node))
    return Function(node, lambda x: x.flatten(first, last))


@lower(Reshape)
def reshape(layer: Reshape, node: Node, setting: Setting) -> Op:
    """Sizes as the file has them, 0 and -1 from the bottom that runs; a written batch follows it too."""
    layer = layer.for_any_batch((node.bottoms[0].shape,), (node.tops[0].shape,))
    first, last = layer.replaced(rank(node))

    def reshaped(x: Tensor) -> Tensor:
        sizes = [dim or x.shape[first + index] for index, dim in enumerate(layer.shape.dim)]
        return x.reshape((*x.shape[:first], *sizes, *x.shape[last:]))  # which may be no size at all

    op = Function(node, reshaped)
    op.layer = layer
    return op
