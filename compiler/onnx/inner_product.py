"""ONNX of the fully connected layer."""

from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.inner_product import InnerProduct
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph


@EXPORT.rule(InnerProduct)
def inner_product(layer: InnerProduct, node: Node, graph: Graph) -> None:
    """Gemm over (samples, K), with what brings the bottom there and the top back."""
    bottom, top = node.bottoms[0], node.tops[0]
    axis = find_axis(layer.axis, len(bottom.shape))
    x = bottom.id
    if axis != 1:
        length = node.weights[0].weight.shape[0 if layer.transpose else 1]
        x = graph.reshape(x, [-1, length])
    elif len(bottom.shape) > 2:
        x = graph.op("Flatten", x, axis=1)
    weights = [graph.weight(index) for index in range(len(node.weights))]
    into = top.id if axis == 1 else None
    y = graph.op("Gemm", x, *weights, into=into, transB=0 if layer.transpose else 1)
    if axis != 1:
        graph.reshape(y, [*graph.sizes(bottom, 0, axis), layer.num_output], into=top.id)
