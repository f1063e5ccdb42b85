"""Losses of forks and public copies."""

from netdef.compiler.layers.fork_losses import (
    DiceCoefLoss,
    FlowL1Loss,
    FocalLoss,
    L1Loss,
    QuartetLoss,
    WeightedFmeasureLoss,
    WeightEuclideanLoss,
)
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused

TWO = 'input "x" [2, 1, 5, 7] input "t" [2, 1, 5, 7] '
BOTH = 'bottom: ["x", "t"]'


class TestForkLosses(Family):
    cases = (
        *(
            Case(
                kind.type_name,
                TWO + f'layer "y" {kind.type_name} {{ {BOTH} }}',
                layer=kind(),
                shapes={"y": ()},
                refused=SHAPES_ALONE,
            )
            for kind in (L1Loss, DiceCoefLoss, WeightEuclideanLoss, WeightedFmeasureLoss)
        ),
        Case(
            "L1Loss of FlowNet",
            TWO + f'layer "y" L1Loss {{ {BOTH} l1_loss_param {{ plateau: 0.05 }} }}',
            layer=FlowL1Loss(plateau=0.05),
            shapes={"y": ()},
            refused=SHAPES_ALONE,
        ),
        Case(
            "FocalLoss",
            f'input "x" [5, 4] input "t" [5] layer "y" FocalLoss {{ {BOTH} gamma: 1 }}',
            layer=FocalLoss(gamma=1),
            shapes={"y": ()},
            refused=SHAPES_ALONE,
        ),
        Case(
            "QuartetLoss",
            TWO + 'layer "y" QuartetLoss { bottom: ["x", "t", "x", "t"] margin: 2 }',
            layer=QuartetLoss(margin=2),
            shapes={"y": ()},
            refused=SHAPES_ALONE,
        ),
    )
    refused = (
        Refused("other sizes", f'input "x" [2, 3] input "t" [2, 4] layer "y" L1Loss {{ {BOTH} }}', "N206"),
        Refused("one bottom", 'input "x" [2, 3] layer "y" DiceCoefLoss', "N503"),
        Refused("too few labels", f'input "x" [5, 4] input "t" [4] layer "y" FocalLoss {{ {BOTH} }}', "N206"),
    )
