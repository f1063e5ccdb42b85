"""ONNX of multiplying by, and adding, a blob that is broadcast from an axis."""

import numpy as np

from netdef.compiler.layers.scaling import Bias, Scale
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph


@EXPORT.rule(Scale)
def scale(layer: Scale, node: Node, graph: Graph) -> None:
    """Mul, and Add for a bias."""
    x, top = node.bottoms[0].id, node.tops[0].id
    factor = _operand(layer, node, graph)
    if layer.bias_term:
        graph.op("Add", graph.op("Mul", x, factor), _weight(layer, node, graph, len(node.weights) - 1), into=top)
    else:
        graph.op("Mul", x, factor, into=top)


@EXPORT.rule(Bias)
def bias(layer: Bias, node: Node, graph: Graph) -> None:
    """Add."""
    graph.op("Add", node.bottoms[0].id, _operand(layer, node, graph), into=node.tops[0].id)


def _operand(layer: Scale | Bias, node: Node, graph: Graph) -> str:
    """What is multiplied or added: the second bottom, or a weight."""
    if len(node.bottoms) == 1:
        return _weight(layer, node, graph, 0)
    second = node.bottoms[1]
    rank = len(second.shape)
    ones = range(rank, rank + _num_behind(layer, node, rank))
    return graph.op("Unsqueeze", second.id, graph.constant(ones, np.int64)) if ones else second.id


def _weight(layer: Scale | Bias, node: Node, graph: Graph, index: int) -> str:
    shape = node.weights[index].weight.shape
    return graph.weight(index, (*shape, *(1,) * _num_behind(layer, node, len(shape))))


def _num_behind(layer: Scale | Bias, node: Node, rank: int) -> int:
    """How many axes of 1 an operand needs behind its own, so that it begins at the layer's axis."""
    bottom = node.bottoms[0].shape
    return len(bottom) - layer.start(bottom) - rank
