"""ONNX of YOLO's boxes."""

from netdef.compiler.layers.yolo import (
    EvalDetection,
    RegionLoss,
    YoloDetectionOutput,
    YoloSeg,
    Yolov3,
    Yolov3DetectionOutput,
)
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.rules import SHAPES_ALONE

for _kind in (EvalDetection, RegionLoss, YoloDetectionOutput, YoloSeg, Yolov3, Yolov3DetectionOutput):
    EXPORT.refuse(_kind, SHAPES_ALONE)
