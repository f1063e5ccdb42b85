"""ONNX of many values to one."""

import numpy as np

from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.reduction import Reduction, Sum
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph

_OPERATORS = {Sum.SUM: "ReduceSum", Sum.ASUM: "ReduceL1", Sum.SUMSQ: "ReduceSumSquare", Sum.MEAN: "ReduceMean"}


@EXPORT.rule(Reduction)
def reduction(layer: Reduction, node: Node, graph: Graph) -> None:
    """The operator of the sum, and Mul by the coefficient."""
    rank = len(node.bottoms[0].shape)
    axes = graph.constant(range(find_axis(layer.axis, rank), rank), np.int64)
    operator, x, top = _OPERATORS[layer.operation], node.bottoms[0].id, node.tops[0].id
    if layer.coeff == 1:
        graph.op(operator, x, axes, into=top, keepdims=0)
    else:
        graph.op("Mul", graph.op(operator, x, axes, keepdims=0), graph.constant(layer.coeff), into=top)
