"""ONNX of MS-CNN."""

from netdef.compiler.layers.mscnn import (
    BboxAccuracy,
    BoxOutput,
    DecodeBBox,
    DetectionAccuracy,
    DetectionLoss,
    GridDetectionLoss,
    ProposalTarget,
)
from netdef.compiler.onnx.base import EXPORT, UNWRITTEN
from netdef.compiler.rules import SHAPES_ALONE

for _kind in (BboxAccuracy, BoxOutput, DecodeBBox, DetectionAccuracy, DetectionLoss):
    EXPORT.refuse(_kind, UNWRITTEN)
for _alone in (GridDetectionLoss, ProposalTarget):
    EXPORT.refuse(_alone, SHAPES_ALONE)
