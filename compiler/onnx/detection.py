"""ONNX of SSD's boxes."""

from netdef.compiler.layers.detection import DetectionEvaluate, DetectionOutput, MultiBoxLoss
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.rules import SHAPES_ALONE

for _kind in (
    DetectionEvaluate,
    DetectionOutput,
    MultiBoxLoss,
):
    EXPORT.refuse(_kind, SHAPES_ALONE)
