"""MS-CNN's boxes."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

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
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import known
from netdef.compiler.size import symbol
from netdef.runtime.lower_net import lower
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused, fork
from tests.nets import net_of

MAPS = 'input "x" [2, 6, 8, 10] input "z" [2, 6, 4, 5] '
FIELDS = "field_w: 20 field_h: 20 downsample_rate: 4 field_w: 40 field_h: 40 downsample_rate: 8"
LABELLED = 'input "x" [2, 7, 4, 5] input "t" [2, 6, 4, 5] '
ONE_FIELD = "cls_num: 3 field_h: 24 field_w: 20 downsample_rate: 8"

Doubles = NDArray[np.float64]


def overlap(a: Doubles, b: Doubles) -> float:
    """Of two boxes x, y, width, height."""
    sides = [min(a[k] + a[k + 2], b[k] + b[k + 2]) - max(a[k], b[k]) for k in (0, 1)]
    common = max(sides[0], 0) * max(sides[1], 0)
    return float(common / (a[2] * a[3] + b[2] * b[3] - common))


def found_at(t: Doubles, row: int, column: int, field: tuple[int, int], rate: int, most: float) -> Doubles:
    """The box of one position: x, y, width, height; its size is twice the field's at most."""
    centre = np.clip(t[:2], -most, most) * field + (np.array([column, row]) + 0.5) * rate
    size = np.array(field) * np.exp(np.clip(t[2:], -np.log(2), np.log(2)))
    return np.array([*(centre - size / 2), *size])


def put_out(*maps: Doubles) -> tuple[Doubles, Doubles]:
    """Box by box, over maps of strides 4 and 8."""
    rows = []
    for image in range(len(maps[0])):
        boxes = []
        for x, field, rate in zip(maps, (20, 40), (4, 8), strict=True):
            for row, column in np.ndindex(*x.shape[2:]):
                values = x[image, :, row, column]
                box = found_at(values[2:], row, column, (field, field), rate, 0.5)
                box[:2] = np.maximum(box[:2], 0)
                box[2:] = np.minimum(box[2:], np.array([x.shape[3], x.shape[2]]) * rate - box[:2])
                if values[1] >= values[0] and min(box[2:]) >= 4:
                    boxes.append((values[1] - values[0], box))
        kept: list[tuple[float, Doubles]] = []
        for score, box in sorted(boxes, key=lambda each: -each[0]):
            if all(overlap(other, box) <= 0.5 for _, other in kept):
                kept.append((score, box))
        rows += [[image, *box[:2], *(box[:2] + box[2:]), score] for score, box in kept]
    found = np.array(rows)[..., None, None]
    return found[:, :5], found


def decoded(x: Doubles, r: Doubles) -> Doubles:
    """Region by region, by deviations of a half."""
    rows = []
    for t, (image, *corners) in zip(x[:, 4:] / 2, r[:, :5], strict=True):
        first, last = np.array(corners[:2]), np.array(corners[2:])
        size = last - first + 1
        centre, new = (first + last) / 2 + t[:2] * size, size * np.exp(t[2:])
        rows.append([image, *(centre - (new - 1) / 2), *(centre + (new - 1) / 2)])
    return np.array(rows)[..., None, None]


def measured(x: Doubles, t: Doubles) -> tuple[Doubles, Doubles]:
    """Position by position, by a field of 20 x 24 and stride 8."""
    right, overlaps = [], []
    for image, row, column in np.ndindex(len(x), *x.shape[2:]):
        values, truth = x[image, :, row, column], t[image, :, row, column]
        kind = int(truth[0])
        if kind or truth[5] < 0.5:
            right.append((kind, values[:3].argmax() == kind))
        if kind:
            wanted = np.array([*(truth[1:3] - truth[3:5] / 2), *truth[3:5]])
            overlaps.append(overlap(found_at(values[3:], row, column, (20, 24), 8, 0.25), wanted))
    shares = [np.mean([good for kind, good in right if kind or not positive]) for positive in (False, True)]
    return np.array(shares).reshape(1, 1, 1, 2), np.array(overlaps).mean().reshape(1, 1, 1, 1)


def bettered(x: Doubles, r: Doubles, g: Doubles) -> tuple[Doubles, Doubles]:
    """Region by region."""
    after, before = [], []
    for classes, region, truth in zip(x, r[:, 1:5], g, strict=True):
        if truth[0] > 0 and truth[5] <= 0.975:
            t = classes[4 * int(truth[0]) :][:4]
            size = region[2:] - region[:2] + 1
            new = size * np.exp(t[2:])
            wanted = np.array([*truth[1:3], *(truth[3:5] - truth[1:3] + 1)])
            corner = region[:2] + size / 2 + t[:2] * size - new / 2
            after.append(overlap(np.array([*corner, *new]), wanted))
            before.append(overlap(np.array([*region[:2], *size]), wanted))
    return np.array(after).mean().reshape(1, 1, 1, 1), np.array(before).mean().reshape(1, 1, 1, 1)


def labels_of_map() -> Doubles:
    """Classes, centres, sizes and overlaps."""
    random = np.random.default_rng(5)
    t = random.uniform(8, 30, (2, 6, 4, 5))
    t[:, 0] = random.integers(0, 3, (2, 4, 5))
    t[:, 5] = random.uniform(0, 1, (2, 4, 5))
    return t


REGIONS = np.array([[0, 3, 4, 30, 28], [0, 10, 2, 25, 40], [1, 5, 5, 12, 30], [1, 0, 8, 33, 20], [1, 9, 9, 20, 21]])
LONG_REGIONS = np.hstack([REGIONS, np.full((5, 2), 99)])
TRUTH = np.array(
    [[1, 4, 6, 31, 30, 0.8], [2, 9, 0, 24, 38, 0.7], [0, 1, 1, 9, 9, 0], [1, 2, 8, 30, 23, 1], [2, 7, 9, 24, 25, 0.6]]
)


class TestMscnn(Family):
    cases = (
        *fork("box_output", "box_output_iomu", "box_output_empty", "decode_bbox", "bbox_accuracy"),
        *fork("detection_loss_bootstrap", "detection_loss_weighted", "detection_accuracy"),
        Case(
            "BoxOutput, two maps",
            MAPS + f'layer "y" BoxOutput {{ bottom: ["x", "z"] top: ["y", "s"] {FIELDS} min_size: 4 }}',
            layer=BoxOutput(field_w=(20, 40), field_h=(20, 40), downsample_rate=(4, 8), min_size=4),
            shapes={"y": (symbol("R", 1), 5, 1, 1), "s": (symbol("R", 1), 6, 1, 1)},
            formula=put_out,
            refused={"ONNX": "N1011"},
        ),
        Case(
            "DecodeBBox, normalised",
            'input "x" [5, 8] input "r" [5, 5] layer "y" DecodeBBox { bottom: ["x", "r"] bbox_reg_param { '
            + " ".join(["bbox_mean: 0 bbox_std: 0.5"] * 4)
            + " } }",
            layer=DecodeBBox(regression=BBoxRegression(bbox_mean=(0,) * 4, bbox_std=(0.5,) * 4)),
            shapes={"y": (symbol("K"), 5, 1, 1)},
            fed={"r": REGIONS},
            formula=decoded,
            refused={"ONNX": "N1011"},
        ),
        Case(
            "DecodeBBox, of longer regions the first numbers",
            'input "x" [5, 8] input "r" [5, 7] layer "y" DecodeBBox { bottom: ["x", "r"] bbox_reg_param { '
            + " ".join(["bbox_mean: 0 bbox_std: 0.5"] * 4)
            + " } }",
            layer=DecodeBBox(regression=BBoxRegression(bbox_mean=(0,) * 4, bbox_std=(0.5,) * 4)),
            shapes={"y": (symbol("K"), 5, 1, 1)},
            fed={"r": LONG_REGIONS},
            formula=decoded,
            refused={"ONNX": "N1011"},
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
            fed={"t": labels_of_map()},
            formula=measured,
            refused={"ONNX": "N1011"},
        ),
        Case(
            "BboxAccuracy",
            'input "x" [5, 12] input "r" [5, 5] input "g" [5, 6] '
            'layer "y" BboxAccuracy { bottom: ["x", "r", "g"] top: ["y", "z"] }',
            layer=BboxAccuracy(),
            shapes={"y": (1, 1, 1, 1), "z": (1, 1, 1, 1)},
            fed={"r": REGIONS, "g": TRUTH},
            formula=bettered,
            refused={"ONNX": "N1011"},
        ),
        Case(
            "BboxAccuracy, of longer regions the first numbers",
            'input "x" [5, 12] input "r" [5, 7] input "g" [5, 6] '
            'layer "y" BboxAccuracy { bottom: ["x", "r", "g"] top: ["y", "z"] }',
            layer=BboxAccuracy(),
            shapes={"y": (1, 1, 1, 1), "z": (1, 1, 1, 1)},
            fed={"r": LONG_REGIONS, "g": TRUTH},
            formula=bettered,
            refused={"ONNX": "N1011"},
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
        Refused(
            "negatives by chance",
            LABELLED + f'layer "y" DetectionLoss {{ bottom: ["x", "t"] {ONE_FIELD} }}',
            "N1001",
            by="PyTorch",
        ),
        Refused(
            "a loss of objects",
            LABELLED
            + f'layer "y" DetectionLoss {{ bottom: ["x", "t"] {ONE_FIELD} sample_mode: "all" objectness: true }}',
            "N1001",
            by="PyTorch",
        ),
        Refused(
            "accuracy of objects",
            LABELLED + f'layer "y" DetectionAccuracy {{ bottom: ["x", "t"] {ONE_FIELD} objectness: true }}',
            "N1001",
            by="PyTorch",
        ),
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
            "true boxes of other regions",
            'input "x" [5, 8] input "r" [5, 5] input "g" [4, 6] layer "y" DecodeBBox { bottom: ["x", "r", "g"] }',
            "N206",
        ),
        Refused(
            "true boxes of other regions, measured",
            'input "x" [5, 8] input "r" [5, 5] input "g" [4, 6] layer "y" BboxAccuracy { bottom: ["x", "r", "g"] }',
            "N206",
        ),
        Refused(
            "less than a box, measured",
            'input "x" [5, 3] input "r" [5, 5] input "g" [5, 6] layer "y" BboxAccuracy { bottom: ["x", "r", "g"] }',
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


@pytest.mark.parametrize(
    ("text", "fed", "most"),
    [
        (LABELLED + f'layer "y" DetectionLoss {{ bottom: ["x", "t"] {ONE_FIELD} sample_mode: "all" }}', "t", 2),
        (LABELLED + f'layer "y" DetectionAccuracy {{ bottom: ["x", "t"] {ONE_FIELD} }}', "t", 2),
        (
            'input "x" [5, 12] input "r" [5, 5] input "g" [5, 6] layer "y" BboxAccuracy { bottom: ["x", "r", "g"] }',
            "g",
            2,
        ),
    ],
)
def test_a_label_of_no_class_is_said(text: str, fed: str, most: int) -> None:
    net = net_of(text)
    blobs = {name: torch.zeros([known(size) for size in shape]) for name, shape in net.inputs.items()}
    blobs[fed][:, 0] = most + 1
    with pytest.raises(NetError, match=f"{fed} holds the number {most + 1}, and y takes those from 0 to {most}"):
        lower(net)(**blobs)


def test_a_label_below_0_neither_counts_nor_breaks_a_loss() -> None:
    text = f'layer "y" DetectionLoss {{ bottom: ["x", "t"] {ONE_FIELD} sample_mode: "all" }}'
    x, t = torch.randn(2, 7, 4, 5), torch.tensor(labels_of_map(), dtype=torch.float32)
    ignored, background = t.clone(), t.clone()
    ignored[:, 0, 0] = -1
    background[:, 0, 0], background[:, 5, 0] = 0, 1  # overlaps too much to be a negative
    losses = [lower(net_of(LABELLED + text))(x=x, t=labels)["y"] for labels in (ignored, background)]
    assert torch.equal(*losses)
