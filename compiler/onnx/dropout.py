"""ONNX of Dropout."""

from netdef.compiler.layers.dropout import Dropout
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph
from netdef.compiler.schema.caffe import Phase
from netdef.compiler.schema.message import Refusal


@EXPORT.rule(Dropout)
def dropout(layer: Dropout, node: Node, graph: Graph) -> None:
    """Identity in TEST; the random masks of TRAIN are no part of a model."""
    if graph.phase is Phase.TRAIN:
        raise Refusal("N1011", "in TRAIN, Dropout's masks are random", help="export the TEST phase")
    graph.op("Identity", node.bottoms[0].id, into=node.tops[0].id)
