"""Layers of face recognition."""

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.layers.faces import (
    GeneralContrastiveLoss,
    GeneralTripletLoss,
    InnerDistance,
    LabelMargin,
    LabelSpecificAdd,
    LabelSpecificRescale,
)
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused, fork

Doubles = NDArray[np.float64]

NET = 'input "x" [6, 4] input "t" [6] '
BOTH = 'bottom: ["x", "t"]'


def contrastive(x: Doubles, t: Doubles) -> float:
    """Row by row; the search for the one negative begins at class 0, also where that is the own one."""
    total = 0.0
    for row, label in zip(x, t.astype(int), strict=True):
        terms = [max(0.0, d - 0.1) if c == label else 0.5 * max(0.0, 1.2 - d) for c, d in enumerate(row)]
        best = 0
        for c in range(1, len(terms)):
            if c != label and (terms[c] > terms[best] or best == label != 0):
                best = c
        total += terms[label] + (terms[best] if best != label else 0)
    return total / len(x)


class TestFaces(Family):
    cases = (
        *fork("center_loss", "margin_ip_single", "margin_ip_double", "margin_ip_quadruple"),
        *fork("normalize_face", "normalize_face_l1", "normalize_face_norm_top", "inner_distance", "inner_distance_l1"),
        *fork("general_contrastive", "general_triplet", "label_specific_add", "label_margin"),
        Case(
            "InnerDistance to learned points, stored by columns",
            'input "x" [3, 2, 2] layer "y" InnerDistance { num_output: 5 distance_type: "L1" transpose: true }',
            layer=InnerDistance(num_output=5, distance_type="L1", transpose=True),
            shapes={"y": (3, 5)},
            weights={"weight": (4, 5)},
            macs=3 * 4 * 5,
            stored=[np.random.default_rng(2).standard_normal((4, 5))],
            formula=lambda x, w: np.abs(x.reshape(3, 4, 1) - w).sum(1),
        ),
        Case(
            "InnerDistance to learned points of length 1",
            'input "x" [3, 2, 4] layer "y" InnerDistance { num_output: 5 axis: 2 normalize: true }',
            layer=InnerDistance(num_output=5, axis=2, normalize=True),
            shapes={"y": (3, 2, 5)},
            weights={"weight": (5, 4)},
            macs=6 * 4 * 5,
            stored=[np.random.default_rng(2).standard_normal((5, 4))],
            formula=lambda x, w: ((x[:, :, None] - w / np.sqrt((w**2).sum(1, keepdims=True) + 1e-6)) ** 2).sum(3),
        ),
        Case(
            "LabelSpecificAdd in TRAIN, scores with an axis of 1 behind them",
            f'input "x" [6, 4, 1] input "t" [6] layer "y" LabelSpecificAdd {{ {BOTH} bias: -0.35 }}',
            phase="TRAIN",
            layer=LabelSpecificAdd(bias=-0.35),
            shapes={"y": (6, 4, 1)},
            fed={"t": [0, 1, 2, 3, 0, 1]},
            formula=lambda x, t: x - 0.35 * ((np.arange(4) == t[:, None])[..., None] & (x > 0.35)),
        ),
        Case(
            "InnerDistance to the second bottom",
            'input "x" [3, 8] input "w" [5, 8, 1, 1] layer "y" InnerDistance { bottom: ["x", "w"] }',
            layer=InnerDistance(),
            shapes={"y": (3, 5)},
            macs=3 * 8 * 5,
            formula=lambda x, w: ((x[:, None] - w.reshape(5, 8)) ** 2).sum(2),
        ),
        Case(
            "InnerDistance to the samples themselves",
            'input "x" [3, 8] input "w" [3, 8] layer "y" InnerDistance { bottom: ["x", "w"] }',
            layer=InnerDistance(),
            shapes={"y": (3, 3)},
            macs=3 * 8 * 3,
            formula=lambda x, w: ((x[:, None] - w) ** 2).sum(2),
        ),
        Case(
            "GeneralContrastiveLoss, one negative of a row",
            NET + f'layer "y" GeneralContrastiveLoss {{ {BOTH} positive_margin: 0.1 negative_margin: 1.2 '
            "negative_weight: 0.5 max_negative_only: true }",
            layer=GeneralContrastiveLoss(
                positive_margin=0.1, negative_margin=1.2, negative_weight=0.5, max_negative_only=True
            ),
            shapes={"y": ()},
            fed={"x": np.random.default_rng(4).uniform(0, 2, (6, 4)), "t": [0, 1, 2, 3, 0, 1]},
            formula=contrastive,
            refused={"ONNX": "N1011"},
        ),
        Case(
            "GeneralTripletLoss, the hardest of a row",
            NET + f'layer "y" GeneralTripletLoss {{ {BOTH} margin: 0.4 hardest_only: true }}',
            layer=GeneralTripletLoss(margin=0.4, hardest_only=True),
            shapes={"y": ()},
            fed={"t": [0, 1, 2, 3, 0, 1]},
            formula=lambda x, t: (
                sum(
                    max([0.0, *(row[int(c)] + 0.4 - d for k, d in enumerate(row) if k != c)])
                    for row, c in zip(x, t, strict=True)
                )
                / 6
            ),
            refused={"ONNX": "N1011"},
        ),
        Case(
            "LabelSpecificAdd in TEST",
            NET + f'layer "y" LabelSpecificAdd {{ {BOTH} bias: -0.35 }}',
            layer=LabelSpecificAdd(bias=-0.35),
            shapes={"y": (6, 4)},
            formula=lambda x, t: x,
        ),
        Case(
            "LabelMargin in TEST, always four axes",
            NET + f'layer "y" LabelMargin {{ {BOTH} bias: 0.5 }}',
            layer=LabelMargin(bias=0.5),
            shapes={"y": (6, 4, 1, 1)},
            formula=lambda x, t: x.reshape(6, 4, 1, 1),
        ),
        Case(
            "LabelSpecificRescale",
            NET + f'layer "y" LabelSpecificRescale {{ {BOTH} positive_weight: 2 }}',
            layer=LabelSpecificRescale(positive_weight=2),
            shapes={"y": (6, 4)},
            refused=SHAPES_ALONE,
        ),
    )
    refused = (
        Refused(
            "too few labels",
            f'input "x" [6, 4] input "t" [5] layer "y" CenterLoss {{ {BOTH} num_output: 3 }}',
            "N206",
        ),
        Refused(
            "a row of less than a sample",
            f'input "x" [6, 4, 2] input "t" [6] layer "y" CenterLoss {{ {BOTH} num_output: 3 axis: 2 }}',
            "N202",
        ),
        Refused(
            "scores of positions",
            f'input "x" [6, 4, 2] input "t" [6] layer "y" LabelSpecificAdd {{ {BOTH} bias: -0.35 }}',
            "N203",
        ),
        Refused(
            "labels of positions",
            f'input "x" [6, 4] input "t" [6, 2] layer "y" LabelMargin {{ {BOTH} bias: 0.5 }}',
            "N206",
        ),
        Refused("an angle without end", NET + f'layer "y" LabelMargin {{ {BOTH} bias: inf }}', "N202"),
        Refused(
            "no such norm", 'input "x" [6, 4] layer "y" Normalize { normalize_param { normalize_type: "L3" } }', "N403"
        ),
        Refused("points of nobody", 'input "x" [6, 4] layer "y" InnerDistance', "N201"),
        Refused(
            "points of another length",
            'input "x" [3, 8] input "w" [5, 7] layer "y" InnerDistance { bottom: ["x", "w"] }',
            "N206",
        ),
        Refused(
            "distances without classes",
            'input "x" [6] input "t" [6] layer "y" GeneralTripletLoss { bottom: ["x", "t"] }',
            "N203",
        ),
    )
