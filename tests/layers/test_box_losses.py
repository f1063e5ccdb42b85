"""Losses of detectors."""

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.layers.box_losses import (
    OhemLossParameter,
    OhemNormalization,
    SmoothL1Loss,
    SmoothL1LossOHEM,
    SoftmaxWithLossOHEM,
    WeightedSmoothL1Loss,
)
from tests.layers.cases import Case, Family, Refused, fork
from tests.nets import net_of

Doubles = NDArray[np.float64]

TWO = 'input "x" [3, 8] input "t" [3, 8] '
FOUR = TWO + 'input "i" [3, 8] input "o" [3, 8] '
PRE_FIXED = OhemLossParameter(normalization=OhemNormalization.PRE_FIXED, pre_fixed_normalizer=7)


def bent(d: Doubles, sigma: float = 1.0) -> Doubles:
    """The distance that grows straight from 1 / sigma^2 on."""
    near = np.abs(d) < sigma**-2
    found: Doubles = np.where(near, 0.5 * (sigma * d) ** 2, np.abs(d) - 0.5 / sigma**2)
    return found


def soft_losses(x: Doubles, t: Doubles, ignored: int) -> tuple[Doubles, Doubles]:
    """Probabilities, and the loss of each label."""
    p = np.exp(x - x.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    each = np.array([0 if label == ignored else -np.log(row[int(label)]) for row, label in zip(p, t, strict=True)])
    return p, each


class TestBoxLosses(Family):
    cases = (
        *fork("smooth_l1_ssd", "smooth_l1_sigma", "smooth_l1_rcnn_default", "smooth_l1_sigma_two_bottoms"),
        *fork("smooth_l1_ohem", "softmax_loss_ohem", "softmax_loss_ohem_none"),
        Case(
            "SmoothL1Loss of SSD",
            TWO + 'layer "y" SmoothL1Loss { bottom: ["x", "t"] }',
            layer=SmoothL1Loss(),
            shapes={"y": ()},
            formula=lambda x, t: bent(x - t).sum() / 3,
            refused={"ONNX": "N1011"},
        ),
        Case(
            "SmoothL1Loss of Fast R-CNN",
            FOUR + 'layer "y" SmoothL1Loss { bottom: ["x", "t", "i", "o"] sigma: 3 }',
            layer=WeightedSmoothL1Loss(sigma=3),
            shapes={"y": ()},
            formula=lambda x, t, i, o: (o * bent(i * (x - t), 3)).sum() / 3,
            refused={"ONNX": "N1011"},
        ),
        Case(
            "SmoothL1LossOHEM, weighted, by a number of its own",
            'input "x" [4, 8] input "t" [4, 8, 1, 1] input "w" [4, 8] layer "y" SmoothL1LossOHEM { '
            'bottom: ["x", "t", "w"] top: ["y", "z"] loss_param { normalization: PRE_FIXED pre_fixed_normalizer: 7 } }',
            layer=SmoothL1LossOHEM(loss=PRE_FIXED),
            shapes={"y": (), "z": (4, 1, 1, 1)},
            formula=lambda x, t, w: (
                bent(w * (x - t[:, :, 0, 0])).sum() / 7,
                bent(w * (x - t[:, :, 0, 0])).sum(1)[:, None, None, None],
            ),
            refused={"ONNX": "N1011"},
        ),
        Case(
            "SoftmaxWithLossOHEM, a label ignored",
            'input "x" [6, 5] input "t" [6] layer "y" SoftmaxWithLossOHEM { bottom: ["x", "t"] top: ["y", "p", "z"] '
            "loss_param { ignore_label: 2 } }",
            layer=SoftmaxWithLossOHEM(loss=OhemLossParameter(ignore_label=2)),
            shapes={"y": (), "p": (6, 5), "z": (6,)},
            fed={"t": [0, 2, 4, 2, 1, 3]},
            formula=lambda x, t: (soft_losses(x, t, 2)[1].sum() / 4, *soft_losses(x, t, 2)),
            refused={"ONNX": "N1011"},
        ),
    )
    refused = (
        Refused(
            "no distance",
            'input "x" [4] input "t" [4] layer "y" SmoothL1Loss { bottom: ["x", "t", "t", "t"] sigma: 0 }',
            "N202",
        ),
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
