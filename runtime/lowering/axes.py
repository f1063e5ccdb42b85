"""The same values along other axes, or in another order along them."""

from netdef.compiler.layers.axes import Flip, Gather, Permute, Reverse, ShuffleChannel, Squeeze, Transpose
from netdef.compiler.net.net import Node
from netdef.runtime.lowering.base import Function, Op, Setting, lower, rank


@lower(Permute)
def permute(layer: Permute, node: Node, setting: Setting) -> Op:
    """Another order of the axes."""
    order = layer.of(rank(node))
    return Function(node, lambda x: x.permute(order))


@lower(Transpose)
def transpose(layer: Transpose, node: Node, setting: Setting) -> Op:
    """Another order of the axes."""
    return Function(node, lambda x: x.permute(layer.dim))


@lower(Reverse)
def reverse(layer: Reverse, node: Node, setting: Setting) -> Op:
    """One axis from its end."""
    return Function(node, lambda x: x.flip(layer.axis))


@lower(Flip)
def flip(layer: Flip, node: Node, setting: Setting) -> Op:
    """A mirror."""
    return Function(node, lambda x: x.flip(layer.axes))


@lower(Squeeze)
def squeeze(layer: Squeeze, node: Node, setting: Setting) -> Op:
    """Fewer axes: those of the file's own sizes, whatever comes."""
    dropped = layer.dropped(node.bottoms[0].shape)
    return Function(node, lambda x: x.squeeze(dropped))


@lower(ShuffleChannel)
def shuffle_channel(layer: ShuffleChannel, node: Node, setting: Setting) -> Op:
    """Groups as rows, read by column."""
    return Function(node, lambda x: x.unflatten(1, (layer.group, -1)).transpose(1, 2).flatten(1, 2))


@lower(Gather)
def gather(layer: Gather, node: Node, setting: Setting) -> Op:
    """The bottom itself."""
    return Function(node, lambda x: x)
