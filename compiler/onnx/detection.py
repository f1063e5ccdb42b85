"""ONNX of SSD's boxes.

DetectionOutput sees each class of each image as an image of its own: N L of them, L classes but the background. A place
is a number below N L P: that of a box in the table of all (N, L, P).
"""

from typing import NamedTuple

import numpy as np
from onnx import TensorProto

from netdef.compiler.layers.detection import CodeType, DetectionEvaluate, DetectionOutput, MultiBoxLoss
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT, UNWRITTEN
from netdef.compiler.onnx.graph import Graph
from netdef.compiler.schema.message import Refusal

for _kind in (DetectionEvaluate, MultiBoxLoss):
    EXPORT.refuse(_kind, UNWRITTEN)


class _Table(NamedTuple):
    """What is known of each class of each image: boxes (N, L, P, 4), scores (N, L, P), and P as a value."""

    boxes: str
    scores: str
    num_priors: str


@EXPORT.rule(DetectionOutput)
def detection_output(layer: DetectionOutput, node: Node, graph: Graph) -> None:
    """NonMaxSuppression of the best boxes, and of its rows those that an image keeps."""
    if layer.nms.changes_threshold:
        message = "NonMaxSuppression has one threshold for all boxes, and eta lowers it with each that is kept"
        raise Refusal("N1011", message, at="eta", help="leave eta out")
    classes = [label for label in range(layer.num_classes) if label != layer.background_label_id]
    scores = graph.reshape(node.bottoms[1].id, [*graph.sizes(node.bottoms[1], 0, 1), -1, layer.num_classes])
    scores = _of_classes(graph.op("Transpose", scores, perm=[0, 2, 1]), classes, graph)
    table = _Table(_decoded(layer, node, classes, graph), scores, graph.op("Shape", scores, start=2, end=3))
    rows, places = _kept(layer, table, graph)
    if layer.keep_top_k >= 0:
        is_kept = _best_of_images(layer.keep_top_k, table, places, graph)
        rows, places = (graph.op("Compress", each, is_kept, axis=0) for each in (rows, places))
    _written(table, classes, (rows, places), node, graph)


def _of_classes(table: str, classes: list[int], graph: Graph) -> str:
    """The rows of some classes of a table (N, K, ...)."""
    return graph.op("Gather", table, graph.constant(classes, np.int64), axis=1)


def _decoded(layer: DetectionOutput, node: Node, classes: list[int], graph: Graph) -> str:
    """Boxes (N, L, P, 4): priors, moved by what is predicted."""
    codes, _, blob, *_ = node.bottoms
    of_prior = 1 if layer.share_location else layer.num_classes
    predicted = graph.reshape(codes.id, [*graph.sizes(codes, 0, 1), -1, of_prior, 4])
    predicted = graph.op("Transpose", predicted, perm=[0, 2, 1, 3])
    first, second = (graph.constant(index, np.int64) for index in (0, 1))
    both = graph.reshape(graph.op("Gather", blob.id, first, axis=0), [2, -1, 4])
    priors = graph.op("Gather", both, first, axis=0)
    if not layer.variance_encoded_in_target:
        predicted = graph.op("Mul", predicted, graph.op("Gather", both, second, axis=0))
    boxes = _moved(layer.code_type, predicted, priors, graph)
    if layer.share_location:
        return graph.op("Expand", boxes, graph.constant([1, len(classes), 1, 1], np.int64))
    return _of_classes(boxes, classes, graph)


def _moved(code: CodeType, predicted: str, priors: str, graph: Graph) -> str:
    """Priors (P, 4) moved and stretched by codes (..., P, 4)."""
    if code is CodeType.CORNER:
        return graph.op("Add", priors, predicted)
    least, most = graph.ops("Split", priors, into=[None, None], axis=-1, num_outputs=2)
    sides = graph.op("Sub", most, least)
    if code is CodeType.CORNER_SIZE:
        stretch = graph.op("Concat", sides, sides, axis=-1)
        return graph.op("Add", priors, graph.op("Mul", predicted, stretch))
    half = graph.constant(0.5)
    shift, stretch = graph.ops("Split", predicted, into=[None, None], axis=-1, num_outputs=2)
    centres = graph.op("Mul", graph.op("Add", most, least), half)
    centres = graph.op("Add", graph.op("Mul", shift, sides), centres)
    to_side = graph.op("Mul", graph.op("Mul", graph.op("Exp", stretch), sides), half)
    return graph.op("Concat", graph.op("Sub", centres, to_side), graph.op("Add", centres, to_side), axis=-1)


_LEAST = float(np.finfo(np.float32).min)
_NONE = -np.inf
"""The score of what doesn't count."""


def _kept(layer: DetectionOutput, table: _Table, graph: Graph) -> tuple[str, str]:
    """Of each class the boxes that no better one covers, best first: numbers of class and prior (M, 2), and places (M).

    A box of a side below 0 overlaps nothing in Caffe; ONNX would turn it about, and gets one of no size.
    """
    scores = table.scores
    if layer.nms.num_seen is not None:
        scores = _best(scores, layer.nms.num_seen, table.num_priors, graph)
    least, most = graph.ops("Split", table.boxes, into=[None, None], axis=-1, num_outputs=2)
    boxes = graph.op("Concat", least, graph.op("Max", least, most), axis=-1)
    threshold = _LEAST if layer.confidence_threshold is None else layer.confidence_threshold
    minus_1, one, four = (_number(number, graph) for number in (-1, 1, 4))
    chosen = graph.op(
        "NonMaxSuppression",
        graph.op("Reshape", boxes, graph.op("Concat", minus_1, table.num_priors, four, axis=0)),
        graph.op("Reshape", scores, graph.op("Concat", minus_1, one, table.num_priors, axis=0)),
        _number(np.iinfo(np.int32).max, graph),
        graph.constant([min(layer.nms.nms_threshold, 1.0)]),
        graph.constant([threshold]),
    )
    rows = graph.op("Gather", chosen, graph.constant([0, 2], np.int64), axis=1)
    classes, priors = _columns(rows, graph)
    return rows, graph.op("Add", graph.op("Mul", classes, table.num_priors), priors)


def _number(number: int, graph: Graph) -> str:
    return graph.constant([number], np.int64)


def _columns(rows: str, graph: Graph) -> tuple[str, str]:
    """Two columns (M, 2) as (M) each."""
    first, second = (graph.op("Gather", rows, graph.constant(index, np.int64), axis=1) for index in (0, 1))
    return first, second


def _best(scores: str, num: int, size: str, graph: Graph) -> str:
    """Scores along the last axis, of that ``size``: all but the best ``num`` don't count."""
    values, indices = graph.ops("TopK", scores, graph.op("Min", size, _number(num, graph)), into=[None, None], axis=-1)
    nothing = graph.op("Expand", graph.constant(_NONE), graph.op("Shape", scores))
    return graph.op("ScatterElements", nothing, indices, values, axis=-1)


def _best_of_images(num: int, table: _Table, places: str, graph: Graph) -> str:
    """Which places (M) are among the best ``num`` of their image; of equal scores the first classes' are better."""
    flat = graph.reshape(table.scores, [-1])
    nothing = graph.op("Expand", graph.constant(_NONE), graph.op("Shape", flat))
    found = graph.op("ScatterElements", nothing, places, graph.op("Gather", flat, places), axis=0)
    num_images = graph.op("Shape", table.scores, start=0, end=1)
    by_image = graph.op("Reshape", found, graph.op("Concat", num_images, _number(-1, graph), axis=0))
    best = graph.reshape(_best(by_image, num, graph.op("Shape", by_image, start=1, end=2), graph), [-1])
    return graph.op("Greater", graph.op("Gather", best, places), graph.constant(_NONE))


def _written(table: _Table, classes: list[int], found: tuple[str, str], node: Node, graph: Graph) -> None:
    """Rows of image, label, score and box; where there are none, one of each image's number and -1."""
    rows, places = found
    number = _columns(rows, graph)[0]
    image = graph.op("Div", number, _number(len(classes), graph))
    label = graph.op("Gather", graph.constant(classes), graph.op("Mod", number, _number(len(classes), graph)))
    parts = [
        graph.op("Unsqueeze", each, _number(1, graph))
        for each in (
            graph.op("Cast", image, to=TensorProto.FLOAT),
            label,
            graph.op("Gather", graph.reshape(table.scores, [-1]), places),
        )
    ]
    boxes = graph.op("Gather", graph.reshape(table.boxes, [-1, 4]), places, axis=0)
    made = graph.op("Concat", *parts, boxes, axis=1)
    made = graph.op("Concat", made, _of_nothing(table, rows, graph), axis=0)
    graph.op("Unsqueeze", made, graph.constant([0, 1], np.int64), into=node.tops[0].id)


def _of_nothing(table: _Table, rows: str, graph: Graph) -> str:
    """A row for each image where nothing is found, and none else."""
    num_images = graph.op("Shape", table.scores, start=0, end=1)
    is_none = graph.op("Equal", graph.op("Shape", rows, start=0, end=1), _number(0, graph))
    num = graph.op("Squeeze", graph.op("Mul", num_images, graph.op("Cast", is_none, to=TensorProto.INT64)))
    images = graph.op("Range", graph.constant(0, np.int64), num, graph.constant(1, np.int64))
    column = graph.op("Unsqueeze", graph.op("Cast", images, to=TensorProto.FLOAT), _number(1, graph))
    return graph.op("Pad", column, graph.constant([0, 0, 0, 6], np.int64), graph.constant(-1))
