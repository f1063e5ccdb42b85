"""Losses of forks and public copies."""

import numpy as np
import torch
from numpy.typing import NDArray

from netdef.compiler.layers.fork_losses import (
    DiceCoefLossOfSquares,
    FlowL1Loss,
    FocalLoss,
    QuartetLoss,
    WeightedFmeasureLoss,
    WeightEuclideanLoss,
)
from netdef.compiler.layers.softmax import LossParameter
from netdef.runtime import lower
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused, fork
from tests.nets import net_of

Doubles = NDArray[np.float64]

TWO = 'input "x" [2, 1, 5, 7] input "t" [2, 1, 5, 7] '
BOTH = 'bottom: ["x", "t"]'


def focal(row: Doubles, label: int) -> float:
    """Of one label, gamma 1 and alpha 0.25."""
    p = np.exp(row[label] - row.max()) / np.exp(row - row.max()).sum()
    return float(-0.25 * (1 - p) * np.log(p))


def dice_of_squares(x: Doubles, t: Doubles) -> Doubles:
    """Of each image."""
    x, t = x.reshape(2, -1), t.reshape(2, -1)
    losses: Doubles = 1 - (2 * (x * t).sum(1) + 1) / ((x**2).sum(1) + (t**2).sum(1) + 1)
    return losses


class TestForkLosses(Family):
    cases = (
        *fork("l1_loss", "dice_coef_loss", "focal_loss"),
        *(
            Case(
                kind.type_name,
                TWO + f'layer "y" {kind.type_name} {{ {BOTH} }}',
                layer=kind(),
                shapes={"y": ()},
                refused=SHAPES_ALONE,
            )
            for kind in (WeightEuclideanLoss, WeightedFmeasureLoss)
        ),
        Case(
            "L1Loss of FlowNet",
            TWO + f'layer "y" L1Loss {{ {BOTH} l1_loss_param {{ plateau: 0.05 }} }}',
            layer=FlowL1Loss(plateau=0.05),
            shapes={"y": ()},
            refused=SHAPES_ALONE,
        ),
        Case(
            "DiceCoefLoss of each image's squares",
            TWO + f'layer "y" DiceCoefLoss {{ {BOTH} origin: "other copies" }}',
            layer=DiceCoefLossOfSquares(),
            shapes={"y": ()},
            formula=lambda x, t: np.mean(dice_of_squares(x, t)),
            refused={"ONNX": "N1011"},
        ),
        Case(
            "FocalLoss, a label ignored",
            f'input "x" [5, 4] input "t" [5] layer "y" FocalLoss {{ {BOTH} gamma: 1 '
            "loss_param { ignore_label: 1 } }",
            layer=FocalLoss(gamma=1, loss=LossParameter(ignore_label=1)),
            shapes={"y": ()},
            fed={"t": [0, 1, 2, 3, 1]},
            formula=lambda x, t: sum(focal(row, int(label)) for row, label in zip(x, t, strict=True) if label != 1) / 3,
            refused={"ONNX": "N1011"},
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


def test_the_gradient_of_dice_coefficients_of_images_is_that_of_their_sum() -> None:
    net = net_of(TWO + f'layer "y" DiceCoefLoss {{ {BOTH} origin: "other copies" }}')
    x, t = np.random.default_rng(1).random((2, 2, 1, 5, 7))
    given = torch.tensor(x, dtype=torch.float32, requires_grad=True)
    loss = lower(net)(x=given, t=torch.tensor(t, dtype=torch.float32))["y"]
    (gradient,) = torch.autograd.grad(loss, given)
    step = np.zeros_like(x)
    step[1, 0, 2, 3] = 1e-6
    slope = (dice_of_squares(x + step, t).sum() - dice_of_squares(x - step, t).sum()) / 2e-6
    np.testing.assert_allclose(gradient[1, 0, 2, 3], slope, rtol=1e-3)
