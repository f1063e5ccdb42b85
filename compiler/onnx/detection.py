"""ONNX of SSD's boxes."""

from netdef.compiler.layers.detection import DetectionEvaluate, DetectionOutput, MultiBoxLoss
from netdef.compiler.onnx.base import EXPORT, UNWRITTEN

for _kind in (DetectionEvaluate, DetectionOutput, MultiBoxLoss):
    EXPORT.refuse(_kind, UNWRITTEN)
