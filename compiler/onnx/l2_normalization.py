"""ONNX of vectors of one length."""

import numpy as np

from netdef.compiler.layers.l2_normalization import Normalize
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph


@EXPORT.rule(Normalize)
def normalize(layer: Normalize, node: Node, graph: Graph) -> None:
    """Division by the root of a sum of squares, and a product."""
    x, rank = node.bottoms[0].id, len(node.bottoms[0].shape)
    axes = range(1, rank) if layer.across_spatial else [1]
    energy = graph.op("ReduceSum", graph.op("Mul", x, x), graph.constant([*axes], np.int64), keepdims=1)
    norm = graph.op("Sqrt", graph.op("Add", energy, graph.constant(layer.eps)))
    channels = node.weights[0].weight.shape
    scale = graph.weight(0, (*channels, *(1,) * (rank - 2)) if channels else ())
    graph.op("Mul", graph.op("Div", x, norm), scale, into=node.tops[0].id)
