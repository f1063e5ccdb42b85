"""ONNX of other shapes for the same values."""

from netdef.compiler.layers.reshaping import Flatten, Reshape
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph, SizeOrAxis


@EXPORT.rule(Flatten)
def flatten(layer: Flatten, node: Node, graph: Graph) -> None:
    """Flatten behind the batch, and Reshape between other axes."""
    bottom, top = node.bottoms[0], node.tops[0].id
    rank = len(bottom.shape)
    first, last = layer.span(rank)
    if (first, last) == (1, rank - 1):
        graph.op("Flatten", bottom.id, into=top, axis=1)
    else:
        graph.reshape(bottom.id, [*graph.sizes(bottom, 0, first), -1, *graph.sizes(bottom, last + 1)], into=top)


@EXPORT.rule(Reshape)
def reshape(layer: Reshape, node: Node, graph: Graph) -> None:
    """Reshape; sizes that are copied stay free."""
    bottom, top = node.bottoms[0], node.tops[0]
    layer = layer.for_any_batch((bottom.shape,), (top.shape,))
    first, last = layer.replaced(len(bottom.shape))
    copies = graph.sizes(bottom)
    between: list[SizeOrAxis] = [copies[first + i] if dim == 0 else dim for i, dim in enumerate(layer.shape.dim)]
    graph.reshape(bottom.id, [*copies[:first], *between, *copies[last:]], into=top.id)
