"""ONNX of what is read off scores."""

import numpy as np
from onnx import TensorProto

from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.measures import Accuracy, ArgMax
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph
from netdef.compiler.onnx.softmax import label_index, mean_of_counted
from netdef.compiler.schema.message import Refusal


@EXPORT.rule(Accuracy)
def accuracy(layer: Accuracy, node: Node, graph: Graph) -> None:
    """A label is right if at most top_k scores, its own among them, are no less than its own: ties count against it."""
    scores, labels = node.bottoms
    axis = find_axis(layer.axis, len(scores.shape))
    index, counts = label_index(graph, scores, labels, axis, layer.ignored)
    own = graph.op("GatherElements", scores.id, index, axis=axis)
    rivals = graph.op("Cast", graph.op("GreaterOrEqual", scores.id, own), to=TensorProto.FLOAT)
    rank = graph.op("ReduceSum", rivals, graph.constant([axis], np.int64), keepdims=1)
    right = graph.op("Cast", graph.op("LessOrEqual", rank, graph.constant(layer.top_k)), to=TensorProto.FLOAT)
    if counts is None:
        graph.op("ReduceMean", right, into=node.tops[0].id, keepdims=0)
    else:
        right = graph.op("Where", counts, right, graph.constant(0))
        mean_of_counted(graph, right, counts, into=node.tops[0].id)
    if len(node.tops) > 1:
        _by_class(graph, index, right, counts)


def _by_class(graph: Graph, index: str, right: str, counts: str | None) -> None:
    """The share of right labels of each class; 0 for a class without labels."""
    (classes,) = graph.shape(graph.node.tops[1])
    if not isinstance(classes, int):
        raise Refusal("N1011", "the share for each class needs a fixed number of classes", at="top 1")
    of_class = graph.op(
        "OneHot", graph.reshape(index, [-1]), graph.constant([classes], np.int64), graph.constant([0, 1]), axis=1
    )
    if counts is not None:
        counted = graph.op("Cast", graph.reshape(counts, [-1, 1]), to=TensorProto.FLOAT)
        of_class = graph.op("Mul", of_class, counted)
    rows = graph.constant([0], np.int64)
    hits = graph.op("ReduceSum", graph.op("Mul", of_class, graph.reshape(right, [-1, 1])), rows, keepdims=0)
    number = graph.op("Max", graph.op("ReduceSum", of_class, rows, keepdims=0), graph.constant(1))
    graph.op("Div", hits, number, into=graph.node.tops[1].id)


@EXPORT.rule(ArgMax)
def arg_max(layer: ArgMax, node: Node, graph: Graph) -> None:
    """TopK over the reversed axis: of equal values, argmax_layer.cpp takes the last, and TopK the first."""
    bottom, top = node.bottoms[0], node.tops[0].id
    axis = 1 if layer.axis is None else find_axis(layer.axis, len(bottom.shape))
    x = bottom.id if layer.axis is not None else graph.op("Flatten", bottom.id, axis=1)
    backwards = [graph.constant([number], np.int64) for number in (-1, np.iinfo(np.int64).min, axis, -1)]
    values, places = graph.ops(
        "TopK",
        graph.op("Slice", x, *backwards),
        graph.constant([layer.top_k], np.int64),
        into=[None, None],
        axis=axis,
    )
    if layer.axis is not None and layer.out_max_val:
        graph.op("Identity", values, into=top)
        return
    last = graph.op("Sub", graph.op("Shape", x, start=axis, end=axis + 1), graph.constant([1], np.int64))
    positions = graph.op("Sub", last, places)
    if layer.axis is not None:
        graph.op("Cast", positions, into=top, to=TensorProto.FLOAT)
        return
    # (N, top_k) each, and the top is (N, 1 or 2, top_k), with axes of 1 up to the bottom's rank
    ones = graph.constant([1, *range(3, len(node.tops[0].shape))], np.int64)
    found = [graph.op("Cast", positions, to=TensorProto.FLOAT), *([values] if layer.out_max_val else [])]
    graph.op("Concat", *(graph.op("Unsqueeze", each, ones) for each in found), into=top, axis=1)
