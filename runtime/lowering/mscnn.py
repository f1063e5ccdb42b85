"""MS-CNN."""

from netdef.compiler.layers.mscnn import (
    BboxAccuracy,
    BoxOutput,
    DecodeBBox,
    DetectionAccuracy,
    DetectionLoss,
    GridDetectionLoss,
    ProposalTarget,
)
from netdef.compiler.rules import SHAPES_ALONE
from netdef.runtime.lowering.base import refuse

for _kind in (
    BboxAccuracy,
    BoxOutput,
    DecodeBBox,
    DetectionAccuracy,
    DetectionLoss,
    GridDetectionLoss,
    ProposalTarget,
):
    refuse(_kind, SHAPES_ALONE)
