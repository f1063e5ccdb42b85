"""ONNX of numbers of things to what is learned of each."""

from onnx import TensorProto

from netdef.compiler.layers.embedding import Embed
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph


@EXPORT.rule(Embed)
def embed(layer: Embed, node: Node, graph: Graph) -> None:
    """Gather of the weight's rows, and Add."""
    places, top = graph.op("Cast", node.bottoms[0].id, to=TensorProto.INT64), node.tops[0].id
    if layer.bias_term:
        graph.op("Add", graph.op("Gather", graph.weight(0), places, axis=0), graph.weight(1), into=top)
    else:
        graph.op("Gather", graph.weight(0), places, into=top, axis=0)
