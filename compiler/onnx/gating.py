"""ONNX of channels let through as far as something else says."""

import numpy as np

from netdef.compiler.layers.gating import Axpy, PwAttend
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph
from netdef.compiler.rules import SHAPES_ALONE

EXPORT.refuse(PwAttend, SHAPES_ALONE)


@EXPORT.rule(Axpy)
def axpy(layer: Axpy, node: Node, graph: Graph) -> None:
    """Mul and Add."""
    scales, x, z = node.bottoms
    factor = scales.id
    if len(scales.shape) == 2:
        factor = graph.op("Unsqueeze", factor, graph.constant([2, 3], np.int64))
    graph.op("Add", graph.op("Mul", factor, x.id), z.id, into=node.tops[0].id)
