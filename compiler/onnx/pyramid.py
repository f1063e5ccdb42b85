"""ONNX of pooling at several scales."""

from netdef.compiler.layers.pyramid import SPP
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph
from netdef.compiler.onnx.pooling import fixed_windows, refuse_chance


@EXPORT.rule(SPP)
def spp(layer: SPP, node: Node, graph: Graph) -> None:
    """Each level's pooling, flattened, and Concat."""
    refuse_chance(layer.pool)
    bottom, top = node.bottoms[0], node.tops[0]
    levels = layer.levels(bottom.shape)
    if len(levels) == 1:
        fixed_windows(levels[0].pooling, bottom, levels[0].top, [top.id], graph)
        return
    rows = []
    for level in levels:
        (pooled,) = fixed_windows(level.pooling, bottom, level.top, [None], graph)
        rows.append(graph.op("Flatten", pooled, axis=1))
    graph.op("Concat", *rows, into=top.id, axis=1)
