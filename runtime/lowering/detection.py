"""SSD's boxes."""

from netdef.compiler.layers.detection import DetectionEvaluate, DetectionOutput, MultiBoxLoss
from netdef.compiler.rules import SHAPES_ALONE
from netdef.runtime.lowering.base import refuse

for _kind in (
    DetectionEvaluate,
    DetectionOutput,
    MultiBoxLoss,
):
    refuse(_kind, SHAPES_ALONE)
