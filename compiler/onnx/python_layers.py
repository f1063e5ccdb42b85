"""ONNX of Python layers that many nets name."""

from netdef.compiler.layers.python_layers import (
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
from netdef.compiler.onnx.base import EXPORT, UNWRITTEN
from netdef.compiler.onnx.data import data
from netdef.compiler.rules import SHAPES_ALONE

EXPORT.refuse(ProposalLayer, UNWRITTEN)
for _kind in (DetectNetBoxes, DetectNetMeasures, MaskLayer, StageBridgeLayer, TextProposalLayer):
    EXPORT.refuse(_kind, SHAPES_ALONE)
for _drawn in (AnchorTargetLayer, ProposalTargetLayer):
    EXPORT.refuse(_drawn, "draws by chance what is learnt from")
for _data in (RoIDataLayer, SegmentationDataLayer, SelectedRoIDataLayer):
    EXPORT.rule(_data)(data)
