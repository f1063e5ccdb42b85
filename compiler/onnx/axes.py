"""ONNX of other orders of the axes."""

from netdef.compiler.layers.axes import Permute
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph


@EXPORT.rule(Permute)
def permute(layer: Permute, node: Node, graph: Graph) -> None:
    """Transpose."""
    bottom = node.bottoms[0]
    graph.op("Transpose", bottom.id, into=node.tops[0].id, perm=layer.of(len(bottom.shape)))
