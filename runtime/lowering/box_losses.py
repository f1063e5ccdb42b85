"""Detectors' losses."""

from netdef.compiler.layers.box_losses import SmoothL1Loss, SmoothL1LossOHEM, SoftmaxWithLossOHEM, WeightedSmoothL1Loss
from netdef.compiler.rules import SHAPES_ALONE
from netdef.runtime.lowering.base import refuse

for _kind in (
    SmoothL1Loss,
    SmoothL1LossOHEM,
    SoftmaxWithLossOHEM,
    WeightedSmoothL1Loss,
):
    refuse(_kind, SHAPES_ALONE)
