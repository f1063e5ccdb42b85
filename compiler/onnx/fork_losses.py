"""ONNX of forks' losses."""

from netdef.compiler.layers.fork_losses import (
    DiceCoefLoss,
    FlowL1Loss,
    FocalLoss,
    L1Loss,
    QuartetLoss,
    WeightedFmeasureLoss,
    WeightEuclideanLoss,
)
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.rules import SHAPES_ALONE

for _kind in (
    DiceCoefLoss,
    FlowL1Loss,
    FocalLoss,
    L1Loss,
    QuartetLoss,
    WeightEuclideanLoss,
    WeightedFmeasureLoss,
):
    EXPORT.refuse(_kind, SHAPES_ALONE)
