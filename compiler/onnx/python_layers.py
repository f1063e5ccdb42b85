"""ONNX of Python layers that many nets name."""

import numpy as np

from netdef.compiler.layers.python_layers import (
    KEPT,
    LEAST_SIDE,
    NMS_THRESHOLD,
    AnchorTargetLayer,
    DetectNetBoxes,
    DetectNetMeasures,
    MaskLayer,
    ProposalLayer,
    ProposalTargetLayer,
    RoIDataLayer,
    SegmentationDataLayer,
    SelectedRoIDataLayer,
    StageBridgeLayer,
    TextProposalLayer,
)
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.data import data
from netdef.compiler.onnx.graph import Graph
from netdef.compiler.onnx.proposals import NOTHING, Proposing, propose
from netdef.compiler.rules import SHAPES_ALONE
from netdef.compiler.schema.message import Refusal

for _kind in (DetectNetBoxes, DetectNetMeasures, MaskLayer, StageBridgeLayer, TextProposalLayer):
    EXPORT.refuse(_kind, SHAPES_ALONE)
for _drawn in (AnchorTargetLayer, ProposalTargetLayer):
    EXPORT.refuse(_drawn, "draws by chance what is learnt from")
for _data in (RoIDataLayer, SegmentationDataLayer, SelectedRoIDataLayer):
    EXPORT.rule(_data)(data)


@EXPORT.rule(ProposalLayer)
def proposal_layer(layer: ProposalLayer, node: Node, graph: Graph) -> None:
    """py-faster-rcnn's; boxes that are too small don't count."""
    if layer.module.startswith("pylayer."):
        raise Refusal("N1011", "what MNC's ProposalLayer makes is known to its fork alone", at="module")
    numbers = KEPT[graph.phase]
    how = Proposing(
        anchors=layer.anchors,
        stride=layer.feat_stride,
        least_side=LEAST_SIDE,
        of_small=NOTHING,
        before=numbers.before,
        behind=numbers.behind,
        threshold=NMS_THRESHOLD,
    )
    regions, scores = propose(how, node, graph)
    graph.op("Identity", regions, into=node.tops[0].id)
    for top in node.tops[1:]:
        graph.op("Unsqueeze", scores, graph.constant([1], np.int64), into=top.id)
