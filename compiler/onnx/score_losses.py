"""ONNX of losses of scores against labels or targets, beside that of soft-max."""

import numpy as np
from onnx import TensorProto

from netdef.compiler.infogain import infogain_matrix
from netdef.compiler.layers.score_losses import (
    HingeLoss,
    InfogainLoss,
    MultinomialLogisticLoss,
    Norm,
    SigmoidCrossEntropyLoss,
)
from netdef.compiler.layers.softmax import Normalization
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph
from netdef.compiler.onnx.softmax import mean_of_counted
from netdef.compiler.shape import known

LEAST_PROBABILITY = 1e-20
"""What Caffe takes lesser ones to be (loss_layer.hpp)."""


def _places(graph: Graph, labels: str, rows: str) -> str:
    """Labels (N, 1) as places in rows (N, classes): the first N numbers, whatever stands behind each."""
    flat = graph.op("Cast", graph.reshape(labels, [-1]), to=TensorProto.INT64)
    num = graph.op("Shape", rows, start=0, end=1)
    first = graph.op("Slice", flat, graph.constant([0], np.int64), num)
    return graph.op("Unsqueeze", first, graph.constant([1], np.int64))


@EXPORT.rule(HingeLoss)
def hinge_loss(layer: HingeLoss, node: Node, graph: Graph) -> None:
    """What each class misses: the label's score is negated by a sign that is -1 at its place."""
    scores, labels = node.bottoms
    rows = graph.op("Flatten", scores.id, axis=1)
    places = _places(graph, labels.id, rows)
    ones = graph.op("Expand", graph.constant(1), graph.op("Shape", rows))
    signs = graph.op("ScatterElements", ones, places, _like(graph, places, -1), axis=1)
    missed = graph.op("Relu", graph.op("Add", graph.op("Mul", rows, signs), graph.constant(1)))
    behind = graph.constant([1], np.int64)
    total = graph.op("ReduceSum" if layer.norm is Norm.L1 else "ReduceSumSquare", missed, behind, keepdims=0)
    graph.op("ReduceMean", total, into=node.tops[0].id, keepdims=0)


def _like(graph: Graph, value: str, number: float) -> str:
    """A number, in the shape of a value."""
    return graph.op("Expand", graph.constant(number), graph.op("Shape", value))


@EXPORT.rule(MultinomialLogisticLoss)
def multinomial_logistic_loss(layer: MultinomialLogisticLoss, node: Node, graph: Graph) -> None:
    """The mean of the labels' negative logarithms."""
    probabilities, labels = node.bottoms
    rows = graph.op("Flatten", probabilities.id, axis=1)
    own = graph.op("GatherElements", rows, _places(graph, labels.id, rows), axis=1)
    mean = graph.op("ReduceMean", _logarithm(graph, own), keepdims=0)
    graph.op("Neg", mean, into=node.tops[0].id)


def _logarithm(graph: Graph, probabilities: str) -> str:
    return graph.op("Log", graph.op("Max", probabilities, graph.constant(LEAST_PROBABILITY)))


@EXPORT.rule(InfogainLoss)
def infogain_loss(layer: InfogainLoss, node: Node, graph: Graph) -> None:
    """Each label's row of the matrix, times the logarithms of soft-max."""
    scores, labels = node.bottoms[:2]
    rank = len(scores.shape)
    axis = layer.classes_axis(rank)
    loss, *probabilities = (top.id for top in node.tops)
    made = graph.op("Softmax", scores.id, into=probabilities[0] if probabilities else None, axis=axis)
    last = graph.op("Transpose", made, perm=[*(at for at in range(rank) if at != axis), axis])
    classes = graph.sizes(scores, axis, axis + 1)
    rows = graph.reshape(last, [-1, *classes])
    places = graph.op("Cast", graph.reshape(labels.id, [-1]), to=TensorProto.INT64)
    counts = None
    if layer.ignored is not None:
        counts = graph.op("Not", graph.op("Equal", places, graph.constant(layer.ignored, np.int64)))
        places = graph.op("Where", counts, places, graph.constant(0, np.int64))
    if len(node.bottoms) > 2:
        matrix = graph.reshape(node.bottoms[2].id, [*classes, -1])
    else:
        matrix = graph.constant(infogain_matrix(node, layer.source, known(scores.shape[axis])))
    weights = graph.op("Gather", matrix, places, axis=0)
    weighed = graph.op("Mul", weights, _logarithm(graph, rows))
    losses = graph.op("Neg", graph.op("ReduceSum", weighed, graph.constant([1], np.int64), keepdims=0))
    _normalised(graph, losses, counts, scores.id, axis, by=layer.normalization, into=loss)


@EXPORT.rule(SigmoidCrossEntropyLoss)
def sigmoid_cross_entropy_loss(layer: SigmoidCrossEntropyLoss, node: Node, graph: Graph) -> None:
    """Softplus of -|x|, and max(x, 0) - t x: what stays finite for large scores."""
    scores, targets = (graph.op("Flatten", bottom.id, axis=1) for bottom in node.bottoms)
    bend = graph.op("Softplus", graph.op("Neg", graph.op("Abs", scores)))
    straight = graph.op("Sub", graph.op("Relu", scores), graph.op("Mul", targets, scores))
    losses = graph.op("Add", bend, straight)
    counts = None
    if layer.ignored is not None:
        whole = graph.op("Cast", targets, to=TensorProto.INT64)
        counts = graph.op("Not", graph.op("Equal", whole, graph.constant(layer.ignored, np.int64)))
    _normalised(graph, losses, counts, scores, 1, by=layer.normalization, into=node.tops[0].id)


def _normalised(
    graph: Graph, losses: str, counts: str | None, scores: str, axis: int, *, by: Normalization, into: str
) -> None:
    """The sum of the positions' losses, divided; the first ``axis`` axes of the scores are the batch."""
    if counts is not None:
        losses = graph.op("Where", counts, losses, graph.constant(0))
    if by is Normalization.NONE or (by is Normalization.BATCH_SIZE and axis == 0):
        graph.op("ReduceSum", losses, into=into, keepdims=0)
    elif by is Normalization.BATCH_SIZE:
        num = graph.op("ReduceProd", graph.op("Shape", scores, start=0, end=axis), keepdims=0)
        total = graph.op("ReduceSum", losses, keepdims=0)
        graph.op("Div", total, graph.op("Cast", num, to=TensorProto.FLOAT), into=into)
    elif by is Normalization.VALID and counts is not None:
        mean_of_counted(graph, losses, counts, into=into)
    else:
        graph.op("ReduceMean", losses, into=into, keepdims=0)
