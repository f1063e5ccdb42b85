"""ONNX of losses that compare blobs."""

import numpy as np

from netdef.compiler.layers.losses import EuclideanLoss
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph


@EXPORT.rule(EuclideanLoss)
def euclidean_loss(layer: EuclideanLoss, node: Node, graph: Graph) -> None:
    """The mean over the batch of half the squared distances; the blobs' other axes need not agree, only count alike."""
    first, second = (graph.op("Flatten", bottom.id, axis=1) for bottom in node.bottoms)
    difference = graph.op("Sub", first, second)
    squares = graph.op("Mul", difference, difference)
    distances = graph.op("ReduceSum", squares, graph.constant([1], np.int64), keepdims=0)
    mean = graph.op("ReduceMean", distances, keepdims=0)
    graph.op("Mul", mean, graph.constant(0.5), into=node.tops[0].id)
