"""ONNX of face recognition."""

from math import cos

import numpy as np
from onnx import TensorProto

from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.faces import (
    CenterLoss,
    GeneralContrastiveLoss,
    GeneralTripletLoss,
    InnerDistance,
    LabelMargin,
    LabelSpecificAdd,
    LabelSpecificRescale,
    MarginInnerProduct,
    Normalize,
)
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT, UNWRITTEN
from netdef.compiler.onnx.graph import Array, Graph
from netdef.compiler.rules import SHAPES_ALONE
from netdef.compiler.schema.caffe import Phase

for _kind in (CenterLoss, GeneralContrastiveLoss, GeneralTripletLoss):
    EXPORT.refuse(_kind, UNWRITTEN)
EXPORT.refuse(LabelSpecificRescale, SHAPES_ALONE)
EXPORT.refuse(MarginInnerProduct, "counts its passes, and a model remembers nothing from run to run")

_EPS = 1e-6
"""Beneath each length, lest it be 0."""


# ---- lengths and distances
@EXPORT.rule(Normalize)
def normalize(layer: Normalize, node: Node, graph: Graph) -> None:
    """Division by a sum over the channels, or its root."""
    x = _in_four_axes(node.bottoms[0].id, node, graph)
    parts = graph.op("Abs", x) if layer.normalize_type == "L1" else graph.op("Mul", x, x)
    total = graph.op("ReduceSum", parts, graph.constant([1], np.int64), keepdims=1)
    into = node.tops[1].id if len(node.tops) > 1 else None
    if layer.normalize_type == "L1":
        length = graph.op("Add", total, graph.constant(_EPS), into=into)
    else:
        length = graph.op("Sqrt", graph.op("Add", total, graph.constant(_EPS)), into=into)
    graph.op("Div", x, length, into=node.tops[0].id)


def _in_four_axes(x: str, node: Node, graph: Graph, into: str | None = None) -> str:
    """A value of the first bottom's shape, with axes of 1 behind it up to four."""
    behind = range(len(node.bottoms[0].shape), 4)
    if behind:
        return graph.op("Unsqueeze", x, graph.constant(behind, np.int64), into=into)
    return graph.op("Identity", x, into=into)


@EXPORT.rule(InnerDistance)
def inner_distance(layer: InnerDistance, node: Node, graph: Graph) -> None:
    """Squares of lengths less products, or sums of absolute differences."""
    bottom, top = node.bottoms[0], node.tops[0]
    axis = find_axis(layer.axis, len(bottom.shape))
    points = _points(layer, node, graph)
    x = graph.op("Flatten", bottom.id, axis=axis)
    if layer.distance_type == "L1":
        difference = graph.op("Sub", graph.op("Unsqueeze", x, graph.constant([1], np.int64)), points)
        found = graph.op("ReduceSum", graph.op("Abs", difference), graph.constant([2], np.int64), keepdims=0)
    else:
        squares = [
            graph.op("ReduceSum", graph.op("Mul", each, each), graph.constant([1], np.int64), keepdims=keep)
            for each, keep in ((x, 1), (points, 0))
        ]
        products = graph.op("MatMul", x, graph.op("Transpose", points, perm=[1, 0]))
        found = graph.op("Sub", graph.op("Add", *squares), graph.op("Mul", products, graph.constant(2)))
    num = graph.shape(top)[-1]
    graph.reshape(found, [*graph.sizes(bottom, 0, axis), num if isinstance(num, int) else -1], into=top.id)


def _points(layer: InnerDistance, node: Node, graph: Graph) -> str:
    """The points (P, K)."""
    if len(node.bottoms) > 1:
        points = graph.op("Flatten", node.bottoms[1].id, axis=1)
    elif layer.normalize:
        along = 0 if layer.transpose else 1

        def of_length_1() -> Array:
            stored = graph.stored(node, 0)
            length: Array = np.sqrt(np.square(stored).sum(along, keepdims=True) + np.float32(_EPS))
            return np.divide(stored, length)

        points = graph.computed("points", node.weights[0].weight.shape, of_length_1)
    else:
        points = graph.weight(0)
    return graph.op("Transpose", points, perm=[1, 0]) if layer.transpose else points


# ---- the own class's score
@EXPORT.rule(LabelSpecificAdd)
def label_specific_add(layer: LabelSpecificAdd, node: Node, graph: Graph) -> None:
    """Where, in TRAIN; Identity in TEST."""
    x, top = node.bottoms[0].id, node.tops[0].id
    if graph.phase is Phase.TRAIN:
        added = graph.op("Add", x, graph.constant(layer.bias))
        graph.op("Where", _own_above(-layer.bias, node, graph), added, x, into=top)
    else:
        graph.op("Identity", x, into=top)


@EXPORT.rule(LabelMargin)
def label_margin(layer: LabelMargin, node: Node, graph: Graph) -> None:
    """Where, in TRAIN; the same numbers in TEST, in four axes."""
    x, top = node.bottoms[0].id, node.tops[0].id
    if graph.phase is not Phase.TRAIN:
        _in_four_axes(x, node, graph, into=top)
        return
    cosine = graph.constant(cos(layer.bias))
    squares = graph.op("Relu", graph.op("Sub", graph.constant(1), graph.op("Mul", x, x)))
    moved = graph.op("Sub", graph.op("Mul", x, cosine), graph.op("Mul", graph.op("Sqrt", squares), cosine))
    bent = graph.op("Where", _own_above(cos(layer.bias), node, graph), moved, x)
    _in_four_axes(bent, node, graph, into=top)


def _own_above(limit: float, node: Node, graph: Graph) -> str:
    """Which scores are of the sample's own class, and above a limit."""
    x, labels = node.bottoms
    num = graph.op("Squeeze", graph.op("Shape", x.id, start=1, end=2), graph.constant([0], np.int64))
    classes = graph.op("Range", graph.constant(0, np.int64), num, graph.constant(1, np.int64))
    own = graph.op("Equal", graph.reshape(graph.op("Cast", labels.id, to=TensorProto.INT64), [-1, 1]), classes)
    behind = range(2, len(x.shape))
    if behind:
        own = graph.op("Unsqueeze", own, graph.constant(behind, np.int64))
    return graph.op("And", own, graph.op("Greater", x.id, graph.constant(limit)))
