"""Layers of face recognition."""

from netdef.compiler.layers.faces import (
    CenterLoss,
    GeneralContrastiveLoss,
    GeneralTripletLoss,
    InnerDistance,
    LabelMargin,
    LabelSpecificAdd,
    LabelSpecificRescale,
    Margin,
    MarginInnerProduct,
    Normalize,
)
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused

NET = 'input "x" [6, 4] input "t" [6] '
BOTH = 'bottom: ["x", "t"]'


class TestFaces(Family):
    cases = (
        Case(
            "CenterLoss",
            NET + f'layer "y" CenterLoss {{ {BOTH} num_output: 3 }}',
            layer=CenterLoss(num_output=3),
            shapes={"y": ()},
            weights={"weight": (3, 4)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "MarginInnerProduct",
            NET + f'layer "y" MarginInnerProduct {{ {BOTH} top: ["y", "l"] '
            "margin_inner_product_param { num_output: 7 type: DOUBLE base: 1000 } }",
            layer=MarginInnerProduct(num_output=7, type=Margin.DOUBLE, base=1000),
            shapes={"y": (6, 7), "l": (1,)},
            weights={"weight": (7, 4)},
            macs=6 * 4 * 7,
            refused=SHAPES_ALONE,
        ),
        Case(
            "Normalize of faces, with lengths",
            'input "x" [3, 4, 5, 7] layer "y" Normalize { top: ["y", "n"] normalize_param { normalize_type: "L1" } }',
            layer=Normalize(normalize_type="L1"),
            shapes={"y": (3, 4, 5, 7), "n": (3, 1, 5, 7)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "Normalize of faces, always four axes",
            'input "x" [4, 6] layer "y" Normalize { normalize_param { } }',
            layer=Normalize(),
            shapes={"y": (4, 6, 1, 1)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "InnerDistance to learned points",
            'input "x" [3, 2, 2] layer "y" InnerDistance { num_output: 5 distance_type: "L1" transpose: true }',
            layer=InnerDistance(num_output=5, distance_type="L1", transpose=True),
            shapes={"y": (3, 5)},
            weights={"weight": (4, 5)},
            macs=3 * 4 * 5,
            refused=SHAPES_ALONE,
        ),
        Case(
            "InnerDistance to the second bottom",
            'input "x" [3, 8] input "w" [5, 8, 1, 1] layer "y" InnerDistance { bottom: ["x", "w"] }',
            layer=InnerDistance(),
            shapes={"y": (3, 5)},
            macs=3 * 8 * 5,
            refused=SHAPES_ALONE,
        ),
        Case(
            "GeneralContrastiveLoss",
            NET + f'layer "y" GeneralContrastiveLoss {{ {BOTH} top: ["y", "d"] negative_weight: 0.5 }}',
            layer=GeneralContrastiveLoss(negative_weight=0.5),
            shapes={"y": (), "d": ()},
            refused=SHAPES_ALONE,
        ),
        Case(
            "GeneralTripletLoss",
            NET + f'layer "y" GeneralTripletLoss {{ {BOTH} margin: 0.4 }}',
            layer=GeneralTripletLoss(margin=0.4),
            shapes={"y": ()},
            refused=SHAPES_ALONE,
        ),
        Case(
            "LabelSpecificAdd",
            NET + f'layer "y" LabelSpecificAdd {{ {BOTH} bias: -0.35 }}',
            layer=LabelSpecificAdd(bias=-0.35),
            shapes={"y": (6, 4)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "LabelSpecificRescale",
            NET + f'layer "y" LabelSpecificRescale {{ {BOTH} positive_weight: 2 }}',
            layer=LabelSpecificRescale(positive_weight=2),
            shapes={"y": (6, 4)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "LabelMargin, always four axes",
            NET + f'layer "y" LabelMargin {{ {BOTH} bias: 0.5 }}',
            layer=LabelMargin(bias=0.5),
            shapes={"y": (6, 4, 1, 1)},
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
