"""ONNX of functions of one value."""

import numpy as np
from onnx import numpy_helper

from netdef.compiler.layers.activation import ELU, Power, PReLU, ReLU, Sigmoid, TanH
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
