"""ONNX of what joins and parts blobs."""

from functools import reduce

import numpy as np

from netdef.compiler.layers.branching import Combine, Concat, Eltwise, Silence, Slice, Split
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph


@EXPORT.rule(Concat)
def concat(layer: Concat, node: Node, graph: Graph) -> None:
    """Concat."""
    axis = layer.along(len(node.bottoms[0].shape))
    graph.op("Concat", *(bottom.id for bottom in node.bottoms), into=node.tops[0].id, axis=axis)


@EXPORT.rule(Slice)
def slice_(layer: Slice, node: Node, graph: Graph) -> None:
    """Split, in sizes where they are known and else in equal parts; a last piece of unknown size is cut by Slice."""
    bottom = node.bottoms[0]
    axis = layer.along(len(bottom.shape))
    tops = [top.id for top in node.tops]
    sizes = [graph.shape(top)[axis] for top in node.tops]
    if len(tops) == 1:
        graph.op("Identity", bottom.id, into=tops[0])
    elif all(isinstance(size, int) for size in sizes):
        graph.ops("Split", bottom.id, graph.constant(sizes, np.int64), into=tops, axis=axis)
    elif not layer.slice_point:
        graph.ops("Split", bottom.id, into=tops, axis=axis, num_outputs=len(tops))
    else:
        along = graph.constant([axis], np.int64)
        edges = (0, *layer.slice_point, np.iinfo(np.int64).max)
        for top, start, end in zip(tops, edges, edges[1:], strict=False):
            cut = (graph.constant([edge], np.int64) for edge in (start, end))
            graph.op("Slice", bottom.id, *cut, along, into=top)


@EXPORT.rule(Split)
def split(layer: Split, node: Node, graph: Graph) -> None:
    """Identity for each name."""
    for top in node.tops:
        graph.op("Identity", node.bottoms[0].id, into=top.id)


@EXPORT.rule(Eltwise)
def eltwise(layer: Eltwise, node: Node, graph: Graph) -> None:
    """Add or Sum, Mul one after the other, or Max."""
    bottoms = [bottom.id for bottom in node.bottoms]
    top = node.tops[0].id
    if layer.operation is Combine.MAX:
        graph.op("Max", *bottoms, into=top)
    elif layer.operation is Combine.PROD:
        almost = reduce(lambda product, bottom: graph.op("Mul", product, bottom), bottoms[:-1])
        graph.op("Mul", almost, bottoms[-1], into=top)
    else:
        for index, factor in enumerate(layer.coeff):
            if factor != 1:
                bottoms[index] = graph.op("Mul", bottoms[index], graph.constant(factor))
        graph.op("Add" if len(bottoms) == 2 else "Sum", *bottoms, into=top)


@EXPORT.rule(Silence)
def silence(layer: Silence, node: Node, graph: Graph) -> None:
    """Nothing: what nobody reads needs no silencing."""
