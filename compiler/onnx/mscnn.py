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
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.rules import SHAPES_ALONE

for _kind in (
    BboxAccuracy,
    BoxOutput,
    DecodeBBox,
    DetectionAccuracy,
    DetectionLoss,
    GridDetectionLoss,
    ProposalTarget,
):
    EXPORT.refuse(_kind, SHAPES_ALONE)
