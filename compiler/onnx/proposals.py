"""ONNX of regions that a net proposes."""

from typing import NamedTuple

import numpy as np
from onnx import TensorProto

from netdef.compiler.layers.anchors import Boxes
from netdef.compiler.layers.proposals import BoxAnnotatorOHEM, PixelProposal, Proposal
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT, UNWRITTEN
from netdef.compiler.onnx.graph import Graph
from netdef.compiler.onnx.rois import positions
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import product

EXPORT.refuse(BoxAnnotatorOHEM, UNWRITTEN)


class Proposing(NamedTuple):
    """How regions are proposed.

    anchors      at a map's first position
    stride       pixels from one position to the next
    least_side   in pixels, times the image's scale; what is smaller is ``of_small``
    of_small     the score of what is smaller
    before       boxes that are kept before overlaps are removed, the best ones
    behind       boxes that are kept in the end
    threshold    boxes that overlap a better one by more are removed
    """

    anchors: Boxes
    stride: int
    least_side: int
    of_small: float
    before: int
    behind: int
    threshold: float


NOTHING = -np.inf
"""The score of what doesn't count."""


def _proposal(layer: Proposal | PixelProposal, node: Node, graph: Graph) -> None:
    """By the layer's own numbers."""
    if not layer.anchors:
        raise Refusal("N1011", "it says no ratio or no scale of its anchors", help="add ratio: 1 scale: 8")
    how = Proposing(
        anchors=layer.anchors,
        stride=layer.feat_stride,
        least_side=layer.min_size,
        of_small=0.0,
        before=layer.pre_nms_topn,
        behind=layer.post_nms_topn,
        threshold=layer.nms_thresh,
    )
    regions, scores = propose(how, node, graph)
    graph.op("Identity", regions, into=node.tops[0].id)
    for top in node.tops[1:]:
        graph.op("Identity", scores, into=top.id)


EXPORT.rule(Proposal)(_proposal)
EXPORT.rule(PixelProposal)(_proposal)


def propose(how: Proposing, node: Node, graph: Graph) -> tuple[str, str]:
    """Regions (R, 5) and their scores (R): NonMaxSuppression of the best boxes of each image."""
    boxes, scores = _decoded(how, node, graph)
    size = graph.op("Shape", scores, start=1, end=2)
    num = graph.op("Min", size, graph.constant([how.before], np.int64))
    scores, order = graph.ops("TopK", scores, num, into=[None, None], axis=1)
    each = graph.op("Expand", _behind(order, graph), graph.constant([1, 1, 4], np.int64))
    boxes = graph.op("GatherElements", boxes, each, axis=1)
    far = graph.op("Add", boxes, graph.constant([0, 0, 1, 1]))  # a corner is a pixel of the box
    chosen = graph.op(
        "NonMaxSuppression",
        far,
        graph.op("Unsqueeze", scores, graph.constant([1], np.int64)),
        graph.constant([how.behind], np.int64),
        graph.constant([min(how.threshold, 1.0)]),
        graph.constant([np.finfo(np.float32).min]),
    )
    rows = graph.op("Gather", chosen, graph.constant([0, 2], np.int64), axis=1)
    image = graph.op("Slice", rows, *(graph.constant([number], np.int64) for number in (0, 1, 1)))
    image = graph.op("Cast", image, to=TensorProto.FLOAT)
    regions = graph.op("Concat", image, graph.op("GatherND", boxes, rows), axis=1)
    return regions, graph.op("GatherND", scores, rows)


def _behind(value: str, graph: Graph) -> str:
    """With an axis of 1 behind its two."""
    return graph.op("Unsqueeze", value, graph.constant([2], np.int64))


def _decoded(how: Proposing, node: Node, graph: Graph) -> tuple[str, str]:
    """Boxes (N, K, 4) within the image, and their scores (N, K), at all positions of the map."""
    scores, deltas, info = node.bottoms
    num = len(how.anchors)
    predicted = graph.op("Transpose", deltas.id, perm=[0, 2, 3, 1])
    predicted = graph.reshape(predicted, [*graph.sizes(deltas, 0, 1), -1, 4])
    of_objects = graph.op("Slice", scores.id, *(graph.constant([end], np.int64) for end in (num, 2 * num, 1)))
    of_objects = graph.op("Transpose", of_objects, perm=[0, 2, 3, 1])
    of_objects = graph.reshape(of_objects, [*graph.sizes(scores, 0, 1), -1])
    numbers = graph.reshape(info.id, [-1])
    boxes = _moved(_everywhere(how, node, graph), predicted, graph)
    limits = graph.op("Gather", numbers, graph.constant([1, 0, 1, 0], np.int64))
    limits = graph.op("Sub", limits, graph.constant(1))
    boxes = graph.op("Min", graph.op("Max", boxes, graph.constant(0)), limits)
    least, most = graph.ops("Split", boxes, into=[None, None], axis=-1, num_outputs=2)
    sides = graph.op("Add", graph.op("Sub", most, least), graph.constant(1))
    has_both = not isinstance(count := product(info.shape), int) or count > 3
    scale = graph.op("Gather", numbers, graph.constant([3, 2] if has_both else [2, 2], np.int64))
    smallest = graph.op("Mul", scale, graph.constant(how.least_side))
    lacks = graph.op("Cast", graph.op("Less", sides, smallest), to=TensorProto.FLOAT)
    lacks = graph.op("ReduceMax", lacks, graph.constant([2], np.int64), keepdims=0)
    is_small = graph.op("Cast", lacks, to=TensorProto.BOOL)
    return boxes, graph.op("Where", is_small, graph.constant(how.of_small), of_objects)


def _everywhere(how: Proposing, node: Node, graph: Graph) -> str:
    """The anchors (K, 4) at all positions, row by row."""
    x = node.bottoms[0].id
    rows, columns = (
        graph.op(
            "Mul",
            graph.reshape(positions(x, axis, graph), shape),
            graph.constant(np.array(which) * how.stride),
        )
        for axis, shape, which in ((2, [-1, 1, 1, 1], (0, 1, 0, 1)), (3, [1, -1, 1, 1], (1, 0, 1, 0)))
    )
    shifts = graph.op("Add", rows, columns)
    return graph.reshape(graph.op("Add", shifts, graph.constant(how.anchors)), [-1, 4])


def _moved(anchors: str, deltas: str, graph: Graph) -> str:
    """Boxes moved by a share of their size, and resized by e^d; the far corner is the centre + half the size."""
    least, most = graph.ops("Split", anchors, into=[None, None], axis=-1, num_outputs=2)
    shift, stretch = graph.ops("Split", deltas, into=[None, None], axis=-1, num_outputs=2)
    half = graph.constant(0.5)
    size = graph.op("Add", graph.op("Sub", most, least), graph.constant(1))
    centre = graph.op("Add", least, graph.op("Mul", size, half))
    centre = graph.op("Add", graph.op("Mul", shift, size), centre)
    to_side = graph.op("Mul", graph.op("Mul", graph.op("Exp", stretch), size), half)
    return graph.op("Concat", graph.op("Sub", centre, to_side), graph.op("Add", centre, to_side), axis=-1)
