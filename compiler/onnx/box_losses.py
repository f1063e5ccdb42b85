"""ONNX of detectors' losses."""

from netdef.compiler.layers.box_losses import SmoothL1Loss, SmoothL1LossOHEM, SoftmaxWithLossOHEM, WeightedSmoothL1Loss
from netdef.compiler.onnx.base import EXPORT, UNWRITTEN

for _kind in (SmoothL1Loss, SmoothL1LossOHEM, SoftmaxWithLossOHEM, WeightedSmoothL1Loss):
    EXPORT.refuse(_kind, UNWRITTEN)
