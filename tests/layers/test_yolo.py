"""YOLO's boxes: what is detected, and the losses that train for it."""

from typing import Any

from netdef.compiler.layers.yolo import (
    EvalDetection,
    RegionLoss,
    YoloDetectionOutput,
    YoloSeg,
    Yolov3,
    Yolov3DetectionOutput,
)
from netdef.compiler.size import symbol
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused, fork

R: Any = symbol("R", 1)
NET = 'input "x" [2, 6, 5, 5] input "t" [2, 1, 300, 5]'


def detect(fields: str) -> str:
    """A net with a YoloDetectionOutput."""
    return f'{NET} layer "y" YoloDetectionOutput {{ bottom: "x" {fields} }}'


class TestYolo(Family):
    cases = (
        *fork("yolo_detection_output", "yolo_detection_output_empty", "yolov3_detection_output", "yolov3_one_head"),
        Case(
            "YoloDetectionOutput",
            f'{NET} layer "y" YoloDetectionOutput {{ bottom: "x" num_classes: 1 num_box: 1 biases: [1, 2] }}',
            layer=YoloDetectionOutput(num_classes=1, num_box=1, biases=(1.0, 2.0)),
            shapes={"y": (1, 1, R, 7)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "Yolov3DetectionOutput",
            f'{NET} layer "y" Yolov3DetectionOutput {{ bottom: "x" num_classes: 1 num_box: 1 biases: [1, 2] mask: 0'
            " anchors_scale: 32 mask_group_num: 1 }",
            layer=Yolov3DetectionOutput(
                num_classes=1, num_box=1, biases=(1.0, 2.0), mask=(0,), anchors_scale=(32,), mask_group_num=1
            ),
            shapes={"y": (1, 1, R, 7)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "RegionLoss",
            f'{NET} layer "y" RegionLoss {{ bottom: ["x", "t"] num_class: 1 num: 1 biases: [1, 2] thresh: 0.6 }}',
            layer=RegionLoss(num_class=1, num=1, biases=(1.0, 2.0), thresh=0.6),
            shapes={"y": ()},
            refused=SHAPES_ALONE,
        ),
        Case(
            "Yolov3",
            f'{NET} layer "y" Yolov3 {{ bottom: ["x", "t"] num_class: 1 num: 1 biases: [1, 2] mask: 0 }}',
            layer=Yolov3(num_class=1, num=1, biases=(1.0, 2.0), mask=(0,)),
            shapes={"y": ()},
            refused=SHAPES_ALONE,
        ),
        Case(
            "YoloSeg",
            f'{NET} layer "y" YoloSeg {{ bottom: ["x", "x"] object_scale: 0.5 }}',
            layer=YoloSeg(object_scale=0.5),
            shapes={"y": ()},
            refused=SHAPES_ALONE,
        ),
        Case(
            "EvalDetection",
            'input "x" [2, 125] input "t" [2, 35] layer "y" EvalDetection { bottom: ["x", "t"] side: 2 num_class: 3 }',
            layer=EvalDetection(side=2, num_class=3),
            shapes={"y": (2, 35)},
            refused=SHAPES_ALONE,
        ),
    )
    refused = (
        Refused("YoloDetectionOutput, other channels", detect("num_classes: 3 num_box: 1 biases: [1, 2]"), "N206"),
        Refused("YoloDetectionOutput without biases", detect("num_classes: 1 num_box: 1"), "N201"),
        Refused(
            "Yolov3DetectionOutput, one map of two",
            f'{NET} layer "y" Yolov3DetectionOutput {{ bottom: "x" num_classes: 1 num_box: 1 biases: [1, 2]'
            " mask: [0, 0] anchors_scale: [32, 16] }",
            "N202",
        ),
        Refused(
            "RegionLoss, other channels",
            f'{NET} layer "y" RegionLoss {{ bottom: ["x", "t"] num_class: 3 num: 1 }}',
            "N206",
        ),
        Refused(
            "EvalDetection of too little",
            'input "x" [2, 9] layer "y" EvalDetection { bottom: ["x", "x"] side: 7 }',
            "N206",
        ),
    )
