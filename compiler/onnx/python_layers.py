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
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.data import data
from netdef.compiler.rules import SHAPES_ALONE

for _kind in (
    AnchorTargetLayer,
    DetectNetBoxes,
    DetectNetMeasures,
    MaskLayer,
    ProposalLayer,
    ProposalTargetLayer,
    StageBridgeLayer,
    TextProposalLayer,
):
    EXPORT.refuse(_kind, SHAPES_ALONE)
for _data in (RoIDataLayer, SegmentationDataLayer, SelectedRoIDataLayer):
    EXPORT.rule(_data)(data)
