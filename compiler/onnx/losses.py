"""ONNX of losses that compare blobs."""

import numpy as np
from onnx import TensorProto

from netdef.compiler.layers.losses import ContrastiveLoss, EuclideanLoss
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


@EXPORT.rule(ContrastiveLoss)
def contrastive_loss(layer: ContrastiveLoss, node: Node, graph: Graph) -> None:
    """Squared distances of pairs that are alike, what others lack to the margin, halved and averaged."""
    first, second = (graph.op("Flatten", bottom.id, axis=1) for bottom in node.bottoms[:2])
    squares = graph.op("ReduceSumSquare", graph.op("Sub", first, second), graph.constant([1], np.int64), keepdims=0)
    distance = squares if layer.legacy_version else graph.op("Sqrt", squares)
    lack = graph.op("Relu", graph.op("Sub", graph.constant(layer.margin), distance))
    missing = lack if layer.legacy_version else graph.op("Mul", lack, lack)
    alike = graph.op("Cast", graph.op("Cast", graph.reshape(node.bottoms[2].id, [-1]), to=_WHOLE), to=TensorProto.BOOL)
    mean = graph.op("ReduceMean", graph.op("Where", alike, squares, missing), keepdims=0)
    graph.op("Mul", mean, graph.constant(0.5), into=node.tops[0].id)


_WHOLE = TensorProto.INT64
"""Caffe cuts fractions off: 0.5 says that a pair isn't alike."""
