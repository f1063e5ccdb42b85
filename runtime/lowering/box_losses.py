"""Losses of detectors."""

import torch
from torch import Tensor
from torch.nn import functional

from netdef.compiler.layers.box_losses import (
    OhemLossParameter,
    OhemNormalization,
    SmoothL1Loss,
    SmoothL1LossOHEM,
    SoftmaxWithLossOHEM,
    WeightedSmoothL1Loss,
)
from netdef.compiler.layers.checks import find_axis
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.runtime.lowering.base import Function, Op, Setting, Tops, lower, rank, wide
from netdef.runtime.lowering.softmax import GREATEST_LOSS


def bent(difference: Tensor, sigma: float = 1.0) -> Tensor:
    """0.5 (sigma d)^2 within 1 / sigma^2, and straight from there on."""
    return functional.smooth_l1_loss(difference, torch.zeros_like(difference), reduction="none", beta=sigma**-2)


@lower(SmoothL1Loss)
def smooth_l1_loss(layer: SmoothL1Loss, node: Node, setting: Setting) -> Op:
    """SSD's."""
    return Function(node, lambda x, t: bent(wide(x) - wide(t).reshape(x.shape)).sum() / len(x))


@lower(WeightedSmoothL1Loss)
def weighted_smooth_l1_loss(layer: WeightedSmoothL1Loss, node: Node, setting: Setting) -> Op:
    """Fast R-CNN's; no gradient goes to the weights."""

    def loss(x: Tensor, t: Tensor, *weights: Tensor) -> Tensor:
        inside, outside = (wide(each.detach()).reshape(x.shape) for each in weights) if weights else (1.0, 1.0)
        return (outside * bent(inside * (wide(x) - wide(t).reshape(x.shape)), layer.sigma)).sum() / len(x)

    return Function(node, loss)


def _divisor(loss: OhemLossParameter, num: int, positions: int, counted: Tensor | int) -> Tensor | float:
    """What a sum is divided by, at least 1."""
    by = {
        OhemNormalization.FULL: positions,
        OhemNormalization.VALID: counted,
        OhemNormalization.BATCH_SIZE: num,
        OhemNormalization.PRE_FIXED: loss.pre_fixed_normalizer,
        OhemNormalization.NONE: 1,
    }[loss.chosen]
    return by.clamp(min=1) if isinstance(by, Tensor) else max(by, 1)


@lower(SmoothL1LossOHEM)
def smooth_l1_loss_ohem(layer: SmoothL1LossOHEM, node: Node, setting: Setting) -> Op:
    """Summed by position; the gradient is as if the weights were 1 where they aren't 0."""

    def losses(x: Tensor, t: Tensor, *weights: Tensor) -> tuple[Tensor, ...]:
        plain = wide(x) - wide(t).reshape(x.shape)
        difference = plain
        if weights:  # the weighted value, and the gradient of the plain one
            difference = (wide(weights[0].detach()).reshape(x.shape) * plain).detach() + plain - plain.detach()
        each = bent(difference)
        four = each.reshape(*each.shape, *(1,) * (4 - each.dim())).sum(1, keepdim=True)
        loss = each.sum() / _divisor(layer.loss, len(x), four.numel(), four.numel())
        return (loss, four.detach())[: len(node.tops)]

    return Tops(node, losses)


class _OhemLogLoss(Op):
    """-log(probability of the label), summed and divided, and by label."""

    def __init__(self, layer: SoftmaxWithLossOHEM, node: Node) -> None:
        super().__init__(node)
        self.loss = layer.loss
        self.axis = find_axis(layer.softmax.axis, rank(node))
        self.num_tops = len(node.tops)

    @override
    def forward(self, scores: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        scores = wide(scores)
        logs = scores.log_softmax(self.axis)
        places = labels.detach().long().reshape(logs.select(self.axis, 0).shape)
        counts = torch.ones_like(places, dtype=torch.bool)
        if self.loss.ignore_label is not None:
            counts = places != self.loss.ignore_label
        losses = -logs.gather(self.axis, torch.where(counts, places, 0).unsqueeze(self.axis)).squeeze(self.axis)
        # Where the loss saturates its gradient goes on, as in Caffe
        losses = torch.where(losses > GREATEST_LOSS, losses - losses.detach() + GREATEST_LOSS, losses)
        losses = torch.where(counts, losses, 0.0)
        loss = losses.sum() / _divisor(self.loss, scores.shape[: self.axis].numel(), counts.numel(), counts.sum())
        return (loss, logs.detach().exp(), losses.detach().reshape(labels.shape))[: self.num_tops]


@lower(SoftmaxWithLossOHEM)
def softmax_with_loss_ohem(layer: SoftmaxWithLossOHEM, node: Node, setting: Setting) -> Op:
    """The loss of all labels and of each."""
    return _OhemLogLoss(layer, node)
