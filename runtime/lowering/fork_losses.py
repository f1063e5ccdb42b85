"""Losses of forks and public copies."""

import torch
from torch import Tensor

from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.fork_losses import (
    DiceCoefLoss,
    DiceCoefLossOfSquares,
    FlowL1Loss,
    FocalLoss,
    L1Loss,
    QuartetLoss,
    WeightedFmeasureLoss,
    WeightEuclideanLoss,
)
from netdef.compiler.layers.softmax import Normalization
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.compiler.rules import SHAPES_ALONE
from netdef.runtime.lowering.base import Function, Op, Setting, lower, rank, refuse, wide, with_gradient_of

for _kind in (FlowL1Loss, QuartetLoss, WeightedFmeasureLoss, WeightEuclideanLoss):
    refuse(_kind, SHAPES_ALONE)


@lower(L1Loss)
def l1_loss(layer: L1Loss, node: Node, setting: Setting) -> Op:
    """The absolute distance, over the batch."""
    return Function(node, lambda x, t: (wide(x) - wide(t).reshape(x.shape)).abs().sum() / len(x))


@lower(DiceCoefLoss)
def dice_coef_loss(layer: DiceCoefLoss, node: Node, setting: Setting) -> Op:
    """One less the coefficient of the whole batch."""

    def loss(x: Tensor, t: Tensor) -> Tensor:
        x, t = wide(x), wide(t).reshape(x.shape)
        return 1 - (2 * (x * t).sum() + 1) / (x.sum() + t.sum() + 1)

    return Function(node, loss)


@lower(DiceCoefLossOfSquares)
def dice_coef_loss_of_squares(layer: DiceCoefLossOfSquares, node: Node, setting: Setting) -> Op:
    """One less each image's coefficient: their mean, and the gradient of their sum."""

    def loss(x: Tensor, t: Tensor) -> Tensor:
        rows, wanted = (wide(each).reshape(x.shape[0], -1) for each in (x, t))
        shares = (2 * (rows * wanted).sum(1) + 1) / (rows.square().sum(1) + wanted.square().sum(1) + 1)
        losses = 1 - shares
        return with_gradient_of(losses.mean(), losses.sum())

    return Function(node, loss)


class _Focal(Op):
    """-alpha (1 - p)^gamma ln p of each label, summed and divided."""

    def __init__(self, layer: FocalLoss, node: Node) -> None:
        super().__init__(node)
        self.focal = layer
        self.axis = find_axis(layer.softmax.axis, rank(node))
        self.num_tops = len(node.tops)

    @override
    def forward(self, scores: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        layer = self.focal
        logs = wide(scores).log_softmax(self.axis)
        places = labels.detach().long().reshape(logs.select(self.axis, 0).shape)
        counts = torch.ones_like(places, dtype=torch.bool) if layer.ignored is None else places != layer.ignored
        found = logs.gather(self.axis, torch.where(counts, places, 0).unsqueeze(self.axis)).squeeze(self.axis)
        losses = torch.where(counts, -layer.alpha * (1 - found.exp()) ** layer.gamma * found, 0.0)
        by = {
            Normalization.FULL: counts.numel(),
            Normalization.VALID: int(counts.sum()),
            Normalization.BATCH_SIZE: scores.shape[: self.axis].numel(),
            Normalization.NONE: 1,
        }[layer.normalization]
        return (losses.sum() / max(by, 1), logs.detach().exp())[: self.num_tops]


@lower(FocalLoss)
def focal_loss(layer: FocalLoss, node: Node, setting: Setting) -> Op:
    """The logistic loss, less for what is well known already."""
    return _Focal(layer, node)
