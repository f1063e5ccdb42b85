"""ONNX of other orders of the axes."""

from netdef.compiler.layers.axes import Permute
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph


@EXPORT.rule(Permute)
def permute(layer: Permute, node: Node, graph: Graph) -> None:
    """Transpose; a scalar has no axes to name."""
    bottom, top = node.bottoms[0], node.tops[0].id
    if bottom.shape:
        graph.op("Transpose", bottom.id, into=top, perm=layer.of(len(bottom.shape)))
    else:
        graph.op("Identity", bottom.id, into=top)
