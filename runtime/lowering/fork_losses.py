"""Forks' losses."""

from netdef.compiler.layers.fork_losses import (
    DiceCoefLoss,
    FlowL1Loss,
    FocalLoss,
    L1Loss,
    QuartetLoss,
    WeightedFmeasureLoss,
    WeightEuclideanLoss,
)
from netdef.compiler.rules import SHAPES_ALONE
from netdef.runtime.lowering.base import refuse

for _kind in (
    DiceCoefLoss,
    FlowL1Loss,
    FocalLoss,
    L1Loss,
    QuartetLoss,
    WeightEuclideanLoss,
    WeightedFmeasureLoss,
):
    refuse(_kind, SHAPES_ALONE)
