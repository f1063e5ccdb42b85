"""ONNX of other axes, and other orders along them."""

from collections.abc import Sequence

import numpy as np

from netdef.compiler.layers.axes import Flip, Gather, Permute, Reverse, ShuffleChannel, Squeeze, Transpose
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph


@EXPORT.rule(Permute)
def permute(layer: Permute, node: Node, graph: Graph) -> None:
    """Transpose."""
    _transpose(layer.of(len(node.bottoms[0].shape)), node, graph)


@EXPORT.rule(Transpose)
def transpose(layer: Transpose, node: Node, graph: Graph) -> None:
    """Transpose."""
    _transpose(layer.dim, node, graph)


def _transpose(axes: Sequence[int], node: Node, graph: Graph) -> None:
    """The axes in another order; a scalar has none to name."""
    bottom, top = node.bottoms[0].id, node.tops[0].id
    if axes:
        graph.op("Transpose", bottom, into=top, perm=axes)
    else:
        graph.op("Identity", bottom, into=top)


@EXPORT.rule(Reverse)
def reverse(layer: Reverse, node: Node, graph: Graph) -> None:
    """Slice by steps of -1."""
    _mirror((layer.axis,), node, graph)


@EXPORT.rule(Flip)
def flip(layer: Flip, node: Node, graph: Graph) -> None:
    """Slice by steps of -1."""
    if layer.axes:
        _mirror(layer.axes, node, graph)
    else:
        graph.op("Identity", node.bottoms[0].id, into=node.tops[0].id)


def _mirror(axes: tuple[int, ...], node: Node, graph: Graph) -> None:
    ends = ([-1] * len(axes), [np.iinfo(np.int64).min] * len(axes), axes, [-1] * len(axes))
    graph.op("Slice", node.bottoms[0].id, *(graph.constant(end, np.int64) for end in ends), into=node.tops[0].id)


@EXPORT.rule(Squeeze)
def squeeze(layer: Squeeze, node: Node, graph: Graph) -> None:
    """Squeeze."""
    axes = graph.constant(layer.dropped(node.bottoms[0].shape), np.int64)
    graph.op("Squeeze", node.bottoms[0].id, axes, into=node.tops[0].id)


@EXPORT.rule(ShuffleChannel)
def shuffle_channel(layer: ShuffleChannel, node: Node, graph: Graph) -> None:
    """Reshape to groups, Transpose, and Reshape."""
    bottom = node.bottoms[0]
    batch, channels, *rest = graph.sizes(bottom)
    parts = graph.reshape(bottom.id, [batch, layer.group, -1, *rest])
    moved = graph.op("Transpose", parts, perm=[0, 2, 1, *range(3, 3 + len(rest))])
    graph.reshape(moved, [batch, channels, *rest], into=node.tops[0].id)


@EXPORT.rule(Gather)
def gather(layer: Gather, node: Node, graph: Graph) -> None:
    """Identity."""
    graph.op("Identity", node.bottoms[0].id, into=node.tops[0].id)
