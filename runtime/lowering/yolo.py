"""YOLO's boxes."""

from netdef.compiler.layers.yolo import (
    EvalDetection,
    RegionLoss,
    YoloDetectionOutput,
    YoloSeg,
    Yolov3,
    Yolov3DetectionOutput,
)
from netdef.compiler.rules import SHAPES_ALONE
from netdef.runtime.lowering.base import refuse

for _kind in (
    EvalDetection,
    RegionLoss,
    YoloDetectionOutput,
    YoloSeg,
    Yolov3,
    Yolov3DetectionOutput,
):
    refuse(_kind, SHAPES_ALONE)
