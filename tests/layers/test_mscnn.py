"""MS-CNN's boxes."""

from netdef.compiler.layers.mscnn import (
    BboxAccuracy,
    BBoxRegression,
    BoxOutput,
    DecodeBBox,
    DetectionAccuracy,
    DetectionLoss,
    GridDetectionLoss,
    ProposalTarget,
)
from netdef.compiler.size import symbol
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused

MAPS = 'input "x" [2, 6, 8, 10] input "z" [2, 6, 4, 5] '
FIELDS = "field_w: 20 field_h: 20 downsample_rate: 4 field_w: 40 field_h: 40 downsample_rate: 8"
LABELLED = 'input "x" [2, 7, 4, 5] input "t" [2, 6, 4, 5] '
ONE_FIELD = "cls_num: 3 field_h: 24 field_w: 20 downsample_rate: 8"


class TestMscnn(Family):
    cases = (
        Case(
            "BoxOutput, two maps",
            MAPS + f'layer "y" BoxOutput {{ bottom: ["x", "z"] top: ["y", "s"] {FIELDS} min_size: 4 }}',
            layer=BoxOutput(field_w=(20, 40), field_h=(20, 40), downsample_rate=(4, 8), min_size=4),
            shapes={"y": (symbol("R", 1), 5, 1, 1), "s": (symbol("R", 1), 6, 1, 1)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "DecodeBBox, normalised",
            'input "x" [5, 8] input "r" [5, 5] layer "y" DecodeBBox { bottom: ["x", "r"] bbox_reg_param { '
            + " ".join(["bbox_mean: 0 bbox_std: 0.5"] * 4)
            + " } }",
            layer=DecodeBBox(regression=BBoxRegression(bbox_mean=(0,) * 4, bbox_std=(0.5,) * 4)),
            shapes={"y": (symbol("K"), 5, 1, 1)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "DetectionLoss of MS-CNN",
            LABELLED + f'layer "y" DetectionLoss {{ bottom: ["x", "t"] {ONE_FIELD} lambda: 2 }}',
            layer=DetectionLoss(cls_num=3, field_h=24, field_w=20, downsample_rate=8, lambda_=2),
            shapes={"y": (1, 1, 1, 2)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "DetectionLoss of YOLO's first version",
            'input "x" [4, 1470] input "t" [4, 343] '
            'layer "y" DetectionLoss { bottom: ["x", "t"] side: 7 num_class: 20 }',
            layer=GridDetectionLoss(side=7, num_class=20),
            shapes={"y": ()},
            refused=SHAPES_ALONE,
        ),
        Case(
            "DetectionAccuracy",
            LABELLED + f'layer "y" DetectionAccuracy {{ bottom: ["x", "t"] top: ["y", "z"] {ONE_FIELD} }}',
            layer=DetectionAccuracy(cls_num=3, field_h=24, field_w=20, downsample_rate=8),
            shapes={"y": (1, 1, 1, 2), "z": (1, 1, 1, 1)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "BboxAccuracy",
            'input "x" [9, 12] input "r" [9, 5] input "g" [9, 6] '
            'layer "y" BboxAccuracy { bottom: ["x", "r", "g"] top: ["y", "z"] }',
            layer=BboxAccuracy(),
            shapes={"y": (1, 1, 1, 1), "z": (1, 1, 1, 1)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "ProposalTarget, as many rows as asked for",
            'input "r" [300, 5] input "g" [4, 7] layer "y" ProposalTarget { bottom: ["r", "g"] '
            'top: ["a", "b", "c", "d", "e", "f", "g2"] cls_num: 2 batch_size: 64 }',
            layer=ProposalTarget(cls_num=2, batch_size=64),
            shapes={
                "a": (64, 5, 1, 1),
                "b": (64, 1, 1, 1),
                "c": (64, 8, 1, 1),
                "d": (64, 8, 1, 1),
                "e": (64, 8, 1, 1),
                "f": (64, 6, 1, 1),
                "g2": (64, 1, 1, 1),
            },
            refused=SHAPES_ALONE,
        ),
    )
    refused = (
        Refused("a field for one map of two", MAPS + 'layer "y" BoxOutput { bottom: ["x", "z"] field_h: 9 }', "N202"),
        Refused(
            "no such overlap", MAPS + f'layer "y" BoxOutput {{ bottom: ["x", "z"] {FIELDS} nms_type: "I" }}', "N403"
        ),
        Refused(
            "boxes of one class",
            'input "x" [5, 4] input "r" [5, 5] layer "y" DecodeBBox { bottom: ["x", "r"] }',
            "N206",
        ),
        Refused(
            "three deviations",
            'input "x" [5, 8] input "r" [5, 5] layer "y" DecodeBBox { bottom: ["x", "r"] '
            "bbox_reg_param { bbox_std: 1 bbox_std: 1 bbox_std: 1 } }",
            "N202",
        ),
        Refused(
            "other classes than channels",
            'input "x" [2, 6, 4, 5] input "t" [2, 6, 4, 5] '
            f'layer "y" DetectionLoss {{ bottom: ["x", "t"] {ONE_FIELD} }}',
            "N202",
        ),
        Refused(
            "labels of other positions",
            'input "x" [2, 7, 4, 5] input "t" [2, 6, 4, 4] '
            f'layer "y" DetectionAccuracy {{ bottom: ["x", "t"] {ONE_FIELD} }}',
            "N206",
        ),
    )
