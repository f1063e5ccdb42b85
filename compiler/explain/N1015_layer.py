"""A layer type whose ONNX no runtime runs, though ONNX itself has nothing against it."""

from typing import TYPE_CHECKING

from netdef.layer_types import Layer, onnx_rule, pytorch_rule

if TYPE_CHECKING:
    from netdef.compiler.net.net import Node
    from netdef.compiler.onnx.graph import Graph
    from netdef.runtime.lowering.base import Op, Setting


class Even(Layer):
    """The bottom itself."""


@pytorch_rule(Even)
def even(layer: Even, node: "Node", setting: "Setting") -> "Op":
    """Nothing is done."""
    from netdef.runtime.lowering.base import Function

    return Function(node, lambda x: x)


@onnx_rule(Even)
def even_in_onnx(layer: Even, node: "Node", graph: "Graph") -> None:
    """Division by 1."""
    graph.op("LRN", node.bottoms[0].id, into=node.tops[0].id, size=3, alpha=0.0, beta=1.0, bias=1.0)
