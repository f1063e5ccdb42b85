"""ONNX of forks' losses."""

from netdef.compiler.layers.fork_losses import (
    DiceCoefLoss,
    DiceCoefLossOfSquares,
    FlowL1Loss,
    FocalLoss,
    L1Loss,
    QuartetLoss,
    WeightedFmeasureLoss,
    WeightEuclideanLoss,
)
from netdef.compiler.onnx.base import EXPORT, UNWRITTEN
from netdef.compiler.rules import SHAPES_ALONE

for _kind in (DiceCoefLoss, DiceCoefLossOfSquares, FocalLoss, L1Loss):
    EXPORT.refuse(_kind, UNWRITTEN)
for _alone in (FlowL1Loss, QuartetLoss, WeightEuclideanLoss, WeightedFmeasureLoss):
    EXPORT.refuse(_alone, SHAPES_ALONE)
