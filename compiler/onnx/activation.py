"""ONNX of functions of one value."""

import numpy as np
from onnx import TensorProto, numpy_helper

from netdef.compiler.layers.activation import (
    BNLL,
    ELU,
    AbsVal,
    Clip,
    Exp,
    Log,
    Power,
    PReLU,
    ReLU,
    Sigmoid,
    Swish,
    TanH,
    Threshold,
)
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph


@EXPORT.rule(ReLU)
def relu(layer: ReLU, node: Node, graph: Graph) -> None:
    """Relu, or LeakyRelu."""
    x, y = node.bottoms[0].id, node.tops[0].id
    if layer.negative_slope:
        graph.op("LeakyRelu", x, into=y, alpha=layer.negative_slope)
    else:
        graph.op("Relu", x, into=y)


@EXPORT.rule(PReLU)
def prelu(layer: PReLU, node: Node, graph: Graph) -> None:
    """PRelu, its slopes as (C, 1, ...) so that they meet the channels."""
    rank = len(node.bottoms[0].shape)
    shape = (1,) if layer.channel_shared else (*node.weights[0].weight.shape, *(1,) * (rank - 2))
    graph.op("PRelu", node.bottoms[0].id, graph.weight(0, shape), into=node.tops[0].id)


@EXPORT.rule(ELU)
def elu(layer: ELU, node: Node, graph: Graph) -> None:
    """Elu."""
    graph.op("Elu", node.bottoms[0].id, into=node.tops[0].id, alpha=layer.alpha)


@EXPORT.rule(Sigmoid)
def sigmoid(layer: Sigmoid, node: Node, graph: Graph) -> None:
    """Sigmoid."""
    graph.op("Sigmoid", node.bottoms[0].id, into=node.tops[0].id)


@EXPORT.rule(TanH)
def tanh(layer: TanH, node: Node, graph: Graph) -> None:
    """Tanh."""
    graph.op("Tanh", node.bottoms[0].id, into=node.tops[0].id)


@EXPORT.rule(Power)
def power(layer: Power, node: Node, graph: Graph) -> None:
    """Mul, Add and Pow, as far as each changes anything."""
    x, top = node.bottoms[0].id, node.tops[0].id
    if layer.power * layer.scale == 0:  # power_layer.cpp writes a constant, whatever x is: infinite, say
        value = 1.0 if layer.power == 0 else np.float32(layer.shift) ** np.float32(layer.power)
        filled = numpy_helper.from_array(np.asarray([value], np.float32))
        graph.op("ConstantOfShape", graph.op("Shape", x), into=top, value=filled)
        return
    steps = [
        ("Mul", layer.scale, 1.0),
        ("Add", layer.shift, 0.0),
        ("Pow", layer.power, 1.0),
    ]
    needed = [(kind, number) for kind, number, neutral in steps if number != neutral]
    for kind, number in needed[:-1]:
        x = graph.op(kind, x, graph.constant(number))
    if needed:
        kind, number = needed[-1]
        graph.op(kind, x, graph.constant(number), into=top)
    else:
        graph.op("Identity", x, into=top)


def _linear(graph: Graph, x: str, scale: float, shift: float) -> str:
    """Mul and Add, as far as each changes anything."""
    for kind, number, neutral in (("Mul", scale, 1.0), ("Add", shift, 0.0)):
        if number != neutral:
            x = graph.op(kind, x, graph.constant(number))
    return x


@EXPORT.rule(AbsVal)
def abs_val(layer: AbsVal, node: Node, graph: Graph) -> None:
    """Abs."""
    graph.op("Abs", node.bottoms[0].id, into=node.tops[0].id)


@EXPORT.rule(BNLL)
def bnll(layer: BNLL, node: Node, graph: Graph) -> None:
    """Softplus."""
    graph.op("Softplus", node.bottoms[0].id, into=node.tops[0].id)


@EXPORT.rule(Clip)
def clip(layer: Clip, node: Node, graph: Graph) -> None:
    """Clip; min counts where it lies above max."""
    least, greatest = (graph.constant(limit) for limit in (layer.min, max(layer.min, layer.max)))
    graph.op("Clip", node.bottoms[0].id, least, greatest, into=node.tops[0].id)


@EXPORT.rule(Exp)
def exp(layer: Exp, node: Node, graph: Graph) -> None:
    """Exp of shift + scale x, both times the base's logarithm."""
    factor = layer.log_base
    graph.op(
        "Exp", _linear(graph, node.bottoms[0].id, layer.scale * factor, layer.shift * factor), into=node.tops[0].id
    )


@EXPORT.rule(Log)
def log(layer: Log, node: Node, graph: Graph) -> None:
    """Log, over the base's."""
    x, top = _linear(graph, node.bottoms[0].id, layer.scale, layer.shift), node.tops[0].id
    if layer.log_base == 1:
        graph.op("Log", x, into=top)
    else:
        graph.op("Mul", graph.op("Log", x), graph.constant(1 / layer.log_base), into=top)


@EXPORT.rule(Swish)
def swish(layer: Swish, node: Node, graph: Graph) -> None:
    """X times Sigmoid."""
    x = node.bottoms[0].id
    graph.op("Mul", x, graph.op("Sigmoid", _linear(graph, x, layer.beta, 0.0)), into=node.tops[0].id)


@EXPORT.rule(Threshold)
def threshold(layer: Threshold, node: Node, graph: Graph) -> None:
    """Greater, as floats."""
    above = graph.op("Greater", node.bottoms[0].id, graph.constant(layer.threshold))
    graph.op("Cast", above, into=node.tops[0].id, to=TensorProto.FLOAT)
