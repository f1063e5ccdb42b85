"""ONNX of pooling at several scales."""

import numpy as np

from netdef.compiler.layers.pyramid import SPP, ICNetSubgraph, SpatialPyramidParts, SpatialPyramidPooling
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph
from netdef.compiler.onnx.pooling import fixed_windows, refuse_chance
from netdef.compiler.rules import SHAPES_ALONE
from netdef.compiler.shape import known

EXPORT.refuse(SpatialPyramidParts, SHAPES_ALONE)


@EXPORT.rule(SPP)
def spp(layer: SPP, node: Node, graph: Graph) -> None:
    """Each level's pooling, flattened, and Concat."""
    refuse_chance(layer.pool)
    _in_a_row(layer, node, graph)


@EXPORT.rule(SpatialPyramidPooling)
def spatial_pyramid_pooling(layer: SpatialPyramidPooling, node: Node, graph: Graph) -> None:
    """Each level's pooling, flattened, and Concat, as channels of one pixel."""
    _in_a_row(layer, node, graph, of_one_pixel=True)


def _in_a_row(layer: SPP | SpatialPyramidPooling, node: Node, graph: Graph, *, of_one_pixel: bool = False) -> None:
    bottom, top = node.bottoms[0], node.tops[0]
    levels = layer.levels(bottom.shape)
    if len(levels) == 1:
        fixed_windows(levels[0].pooling, bottom, levels[0].top, [top.id], graph)
        return
    rows = []
    for level in levels:
        (pooled,) = fixed_windows(level.pooling, bottom, level.top, [None], graph)
        rows.append(graph.op("Flatten", pooled, axis=1))
    row = graph.op("Concat", *rows, into=None if of_one_pixel else top.id, axis=1)
    if of_one_pixel:
        graph.op("Unsqueeze", row, graph.constant([2, 3], np.int64), into=top.id)


@EXPORT.rule(ICNetSubgraph)
def icnet_subgraph(layer: ICNetSubgraph, node: Node, graph: Graph) -> None:
    """Each level's AveragePool and Resize, and Sum."""
    bottom = node.bottoms[0]
    around = graph.op("Shape", bottom.id, start=0, end=2)
    sides = graph.constant([known(side) for side in bottom.shape[2:]], np.int64)
    sizes = graph.op("Concat", around, sides, axis=0)
    levels = [bottom.id]
    for level in layer.levels(bottom.shape):
        (pooled,) = fixed_windows(level.pooling, bottom, level.top, [None], graph)
        how = {"mode": "linear", "coordinate_transformation_mode": "align_corners"}
        levels.append(graph.op("Resize", pooled, "", "", sizes, **how))
    graph.op("Sum", *levels, into=node.tops[0].id)
