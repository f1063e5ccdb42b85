"""ONNX of soft-max, and of the loss on it."""

from math import log

import numpy as np
from onnx import TensorProto

from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.softmax import Normalization, Softmax, SoftmaxWithLoss
from netdef.compiler.net.net import BlobVersion, Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph

GREATEST_LOSS = -log(np.finfo(np.float32).tiny)
"""87.3365: Caffe takes a probability below the least normal float as that (softmax_loss_layer.cpp)."""


@EXPORT.rule(Softmax)
def softmax(layer: Softmax, node: Node, graph: Graph) -> None:
    """Softmax, its axis said."""
    axis = find_axis(layer.axis, len(node.bottoms[0].shape))
    graph.op("Softmax", node.bottoms[0].id, into=node.tops[0].id, axis=axis)


@EXPORT.rule(SoftmaxWithLoss)
def softmax_with_loss(layer: SoftmaxWithLoss, node: Node, graph: Graph) -> None:
    """The negative logarithm of each label's probability, summed and divided as ``normalization`` says."""
    scores, labels = node.bottoms
    rank = len(scores.shape)
    axis = find_axis(layer.softmax.axis, rank)
    loss, *probabilities = (top.id for top in node.tops)
    for top in probabilities:
        graph.op("Softmax", scores.id, into=top, axis=axis)
    index, counts = label_index(graph, scores, labels, axis, layer.ignored)
    logarithm = graph.op("GatherElements", graph.op("LogSoftmax", scores.id, axis=axis), index, axis=axis)
    losses = graph.op("Min", graph.op("Neg", logarithm), graph.constant(GREATEST_LOSS))
    if counts is not None:
        losses = graph.op("Where", counts, losses, graph.constant(0))
    if layer.normalization is Normalization.NONE:
        graph.op("ReduceSum", losses, into=loss, keepdims=0)
    elif layer.normalization is Normalization.BATCH_SIZE:
        behind = graph.constant(range(axis, rank), np.int64)
        graph.op("ReduceMean", graph.op("ReduceSum", losses, behind, keepdims=0), into=loss, keepdims=0)
    elif layer.normalization is Normalization.VALID and counts is not None:
        mean_of_counted(graph, losses, counts, into=loss)
    else:
        graph.op("ReduceMean", losses, into=loss, keepdims=0)


def label_index(
    graph: Graph, scores: BlobVersion, labels: BlobVersion, axis: int, ignore: int | None
) -> tuple[str, str | None]:
    """The labels as places along the classes' axis, shaped as the scores with 1 there, and which of them count.

    An ignored label may be any number; its place is taken to be 0. None as the second says that all count.
    """
    index = graph.op("Cast", labels.id, to=TensorProto.INT64)
    index = graph.reshape(index, [*graph.sizes(scores, 0, axis), 1, *graph.sizes(scores, axis + 1)])
    if ignore is None:
        return index, None
    counts = graph.op("Not", graph.op("Equal", index, graph.constant(ignore, np.int64)))
    return graph.op("Where", counts, index, graph.constant(0, np.int64)), counts


def mean_of_counted(graph: Graph, values: str, counts: str, into: str) -> None:
    """The sum of the values over the number of those that count, or 0 where none does."""
    total = graph.op("ReduceSum", values, keepdims=0)
    number = graph.op("ReduceSum", graph.op("Cast", counts, to=TensorProto.FLOAT), keepdims=0)
    graph.op("Div", total, graph.op("Max", number, graph.constant(1)), into=into)
