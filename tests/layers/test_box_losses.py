"""Losses of detectors."""

from netdef.compiler.layers.box_losses import (
    OhemLossParameter,
    OhemNormalization,
    SmoothL1Loss,
    SmoothL1LossOHEM,
    SoftmaxWithLossOHEM,
    WeightedSmoothL1Loss,
)
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused
from tests.nets import net_of

TWO = 'input "x" [3, 8] input "t" [3, 8] '
FOUR = TWO + 'input "i" [3, 8] input "o" [3, 8] '
PRE_FIXED = OhemLossParameter(normalization=OhemNormalization.PRE_FIXED, pre_fixed_normalizer=7)


class TestBoxLosses(Family):
    cases = (
        Case(
            "SmoothL1Loss of SSD",
            TWO + 'layer "y" SmoothL1Loss { bottom: ["x", "t"] }',
            layer=SmoothL1Loss(),
            shapes={"y": ()},
            refused=SHAPES_ALONE,
        ),
        Case(
            "SmoothL1Loss of Fast R-CNN",
            FOUR + 'layer "y" SmoothL1Loss { bottom: ["x", "t", "i", "o"] sigma: 3 }',
            layer=WeightedSmoothL1Loss(sigma=3),
            shapes={"y": ()},
            refused=SHAPES_ALONE,
        ),
        Case(
            "SmoothL1Loss of Fast R-CNN, by its parameter",
            TWO + 'layer "y" SmoothL1Loss { bottom: ["x", "t"] smooth_l1_loss_param { sigma: 3 } }',
            layer=WeightedSmoothL1Loss(sigma=3),
            shapes={"y": ()},
            refused=SHAPES_ALONE,
        ),
        Case(
            "SmoothL1LossOHEM",
            'input "x" [4, 8] input "t" [4, 8, 1, 1] layer "y" SmoothL1LossOHEM { bottom: ["x", "t"] top: ["y", "z"] '
            "loss_param { normalization: PRE_FIXED pre_fixed_normalizer: 7 } }",
            layer=SmoothL1LossOHEM(loss=PRE_FIXED),
            shapes={"y": (), "z": (4, 1, 1, 1)},
            refused=SHAPES_ALONE,
        ),
        Case(
            "SoftmaxWithLossOHEM",
            'input "x" [6, 5] input "t" [6] layer "y" SoftmaxWithLossOHEM { bottom: ["x", "t"] top: ["y", "p", "z"] }',
            layer=SoftmaxWithLossOHEM(),
            shapes={"y": (), "p": (6, 5), "z": (6,)},
            refused=SHAPES_ALONE,
        ),
    )
    refused = (
        Refused(
            "smooth_l1_three_bottoms: one weight of two",
            FOUR + 'layer "y" SmoothL1Loss { bottom: ["x", "t", "i"] }',
            "N503",
        ),
        Refused(
            "smooth_l1_ssd_weights: SSD's takes no weights",
            FOUR + 'layer "y" SmoothL1Loss { origin: "ssd" bottom: ["x", "t", "i"] loss_weight: 1.5 }',
            "N503",
        ),
        Refused(
            "other numbers of values",
            'input "x" [3, 8] input "t" [3, 7] layer "y" SmoothL1Loss { bottom: ["x", "t"] }',
            "N206",
        ),
        Refused(
            "too few labels",
            'input "x" [6, 5] input "t" [5] layer "y" SoftmaxWithLossOHEM { bottom: ["x", "t"] }',
            "N206",
        ),
    )


def test_losses_whose_setup_forgets_their_weight_count_nothing_by_themselves() -> None:
    net = net_of(
        FOUR
        + """
        layer "rcnn" SmoothL1Loss { bottom: ["x", "t", "i", "o"] }
        layer "said" SmoothL1Loss { bottom: ["x", "t", "i", "o"] loss_weight: 1 }
        layer "ssd" SmoothL1Loss { bottom: ["x", "t"] origin: "ssd" }
        layer "ohem" SmoothL1LossOHEM { bottom: ["x", "t"] }
        input "label" [3]
        layer "soft" SoftmaxWithLossOHEM { bottom: ["x", "label"] }
        """
    )
    weights = {node.name: node.loss_weights for node in net.nodes if node.bottoms}
    assert weights == {"rcnn": (0.0,), "said": (1.0,), "ssd": (1.0,), "ohem": (0.0,), "soft": (1.0,)}
