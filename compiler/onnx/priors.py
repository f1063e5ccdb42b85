"""ONNX of default boxes: a constant where the sizes are known."""

import numpy as np

from netdef.compiler.layers.prior_boxes import half_sizes, prior_boxes, variances
from netdef.compiler.layers.priors import PriorBox, Side
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph
from netdef.compiler.shape import Pair, Shape, known

FLOAT = 1


@EXPORT.rule(PriorBox)
def prior_box(layer: PriorBox, node: Node, graph: Graph) -> None:
    """A constant, or the boxes of the cells that a run has, computed from its sizes."""
    cells, image = (_sides(graph.shape(bottom)) for bottom in node.bottoms)
    if cells is not None and image is not None:
        graph.op("Identity", graph.constant(prior_boxes(layer, cells, image)), into=node.tops[0].id)
        return
    (height, y), (width, x) = (_along(side, axis, layer, node, graph) for axis, side in enumerate(layer.sides, 2))
    grid = graph.op("Expand", graph.constant([[[0.0]]]), _num_cells(node, graph))
    rows = graph.op("Add", grid, graph.op("Unsqueeze", y, graph.constant([1, 2], np.int64)))
    columns = graph.op("Add", grid, graph.op("Unsqueeze", x, graph.constant([0, 2], np.int64)))
    centres = graph.op("Concat", columns, rows, columns, rows, axis=2)
    offsets = graph.constant(half_sizes(layer) * [-1, -1, 1, 1])
    boxes = graph.op("Add", graph.op("Unsqueeze", centres, graph.constant([2], np.int64)), offsets)
    boxes = graph.op("Div", boxes, graph.op("Concat", width, height, width, height, axis=0))
    if layer.clip:
        boxes = graph.op("Clip", boxes, graph.constant(0.0), graph.constant(1.0))
    spread = graph.op("Expand", graph.constant(variances(layer)), graph.op("Shape", boxes))
    flat = [graph.op("Reshape", each, graph.constant([1, 1, -1], np.int64)) for each in (boxes, spread)]
    graph.op("Concat", *flat, into=node.tops[0].id, axis=1)


def _sides(shape: Shape) -> Pair | None:
    height, width = shape[2:]
    is_known = isinstance(height, int) and isinstance(width, int)
    return Pair(known(height), known(width)) if is_known else None


def _num_cells(node: Node, graph: Graph) -> str:
    sizes = graph.op("Shape", node.bottoms[0].id, start=2, end=4)
    return graph.op("Concat", sizes, graph.constant([1], np.int64), axis=0)


def _along(side: Side, axis: int, layer: PriorBox, node: Node, graph: Graph) -> tuple[str, str]:
    """The image's size along one axis, [1] pixels; and the centres of the cells, in pixels."""
    cells, image = (
        graph.op("Cast", graph.op("Shape", bottom.id, start=axis, end=axis + 1), to=FLOAT) for bottom in node.bottoms
    )
    size = graph.constant([side.size]) if side.size else image
    step = graph.constant([side.step]) if side.step else graph.op("Div", size, cells)
    end = graph.op("Squeeze", cells, graph.constant([0], np.int64))
    places = graph.op("Range", graph.constant(0.0), end, graph.constant(1.0))
    return size, graph.op("Mul", graph.op("Add", places, graph.constant(layer.offset)), step)
