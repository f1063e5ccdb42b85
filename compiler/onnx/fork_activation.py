"""ONNX of functions of one value that BVLC Caffe lacks."""

from netdef.compiler.layers.fork_activation import HardSigmoid, HardSwish, Mish, ReLU6, SeLu, SteepHardSwish
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph

SLOPE, MIDDLE = 0.2, 0.5
"""HardSigmoid's line, in Caffe's forks and in ONNX."""


@EXPORT.rule(ReLU6)
def relu6(layer: ReLU6, node: Node, graph: Graph) -> None:
    """Clip, behind LeakyRelu where there is a slope."""
    x, y = node.bottoms[0].id, node.tops[0].id
    if layer.negative_slope:
        graph.op("Min", graph.op("LeakyRelu", x, alpha=layer.negative_slope), graph.constant(6.0), into=y)
    else:
        graph.op("Clip", x, graph.constant(0.0), graph.constant(6.0), into=y)


@EXPORT.rule(HardSwish)
def hard_swish(layer: HardSwish, node: Node, graph: Graph) -> None:
    """X times HardSigmoid of slope 1/6: HardSwish itself came with opset 14."""
    _gated(node, graph, 1 / 6)


@EXPORT.rule(SteepHardSwish)
def steep_hard_swish(layer: SteepHardSwish, node: Node, graph: Graph) -> None:
    """X times HardSigmoid."""
    _gated(node, graph, SLOPE)


def _gated(node: Node, graph: Graph, slope: float) -> None:
    x = node.bottoms[0].id
    graph.op("Mul", x, graph.op("HardSigmoid", x, alpha=slope, beta=MIDDLE), into=node.tops[0].id)


@EXPORT.rule(HardSigmoid)
def hard_sigmoid(layer: HardSigmoid, node: Node, graph: Graph) -> None:
    """HardSigmoid."""
    graph.op("HardSigmoid", node.bottoms[0].id, into=node.tops[0].id, alpha=SLOPE, beta=MIDDLE)


@EXPORT.rule(Mish)
def mish(layer: Mish, node: Node, graph: Graph) -> None:
    """X times Tanh of Softplus: Mish itself came with opset 18."""
    x = node.bottoms[0].id
    graph.op("Mul", x, graph.op("Tanh", graph.op("Softplus", x)), into=node.tops[0].id)


@EXPORT.rule(SeLu)
def selu(layer: SeLu, node: Node, graph: Graph) -> None:
    """Selu."""
    graph.op("Selu", node.bottoms[0].id, into=node.tops[0].id, alpha=layer.alpha, gamma=layer.scale)
