"""Losses of scores against labels or targets, beside that of soft-max."""

import torch
from torch import Tensor
from torch.nn import functional

from netdef.compiler.infogain import infogain_matrix
from netdef.compiler.layers.score_losses import (
    HingeLoss,
    InfogainLoss,
    MultinomialLogisticLoss,
    Norm,
    SigmoidCrossEntropyLoss,
)
from netdef.compiler.layers.softmax import Normalization
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.compiler.shape import known
from netdef.runtime.lowering.base import Function, Op, Setting, lower, rank, wide, with_gradient_of

LEAST_PROBABILITY = 1e-20
"""What Caffe takes lesser ones to be (loss_layer.hpp)."""


def negative_log(probabilities: Tensor) -> Tensor:
    """-log p, p no less than ``LEAST_PROBABILITY``; the gradient of lesser ones goes on, as in Caffe."""
    return -with_gradient_of(probabilities.clamp(min=LEAST_PROBABILITY), probabilities).log()


def _rows(scores: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Scores (N, classes), and labels (N, 1) as places in them: the first N numbers."""
    rows = wide(scores).reshape(len(scores), -1)
    return rows, labels.detach().reshape(-1)[: len(rows)].long().unsqueeze(1)


@lower(HingeLoss)
def hinge_loss(layer: HingeLoss, node: Node, setting: Setting) -> Op:
    """How far each class's score misses its margin."""

    def loss(scores: Tensor, labels: Tensor) -> Tensor:
        rows, places = _rows(scores, labels)
        missed = (1 + rows.scatter(1, places, -rows.gather(1, places))).clamp(min=0)
        missed = missed.abs() if layer.norm is Norm.L1 else missed.square()
        return missed.sum() / len(rows)

    return Function(node, loss)


@lower(MultinomialLogisticLoss)
def multinomial_logistic_loss(layer: MultinomialLogisticLoss, node: Node, setting: Setting) -> Op:
    """The mean of -log(probability of the label)."""

    def loss(probabilities: Tensor, labels: Tensor) -> Tensor:
        rows, places = _rows(probabilities, labels)
        return negative_log(rows.gather(1, places)).mean()

    return Function(node, loss)


class _Infogain(Op):
    """Soft-max, and a weighted sum of each position's -log(probability)."""

    own: Tensor
    """The matrix, where no bottom brings it."""

    def __init__(self, layer: InfogainLoss, node: Node) -> None:
        super().__init__(node)
        self.axis = layer.classes_axis(rank(node))
        self.ignored = layer.ignored
        self.normalization = layer.normalization
        self.num_tops = len(node.tops)
        own = None
        if len(node.bottoms) < 3:
            classes = known(node.bottoms[0].shape[self.axis])
            own = torch.tensor(infogain_matrix(node, layer.source, classes), dtype=torch.float32)
        self.register_buffer("own", own, persistent=False)

    @override
    def forward(self, scores: Tensor, labels: Tensor, matrix: Tensor | None = None) -> tuple[Tensor, ...]:
        given = self.own if matrix is None else matrix.detach()
        probabilities = wide(scores).softmax(self.axis)
        rows = probabilities.movedim(self.axis, -1)
        num, classes = rows.shape[:-1].numel(), rows.shape[-1]
        rows = rows.reshape(num, classes)
        places = labels.detach().reshape(num).long()
        counts = None if self.ignored is None else places != self.ignored
        found = places if counts is None else torch.where(counts, places, 0)
        scored = wide(scores).movedim(self.axis, -1).reshape(num, classes)
        logs = with_gradient_of(-negative_log(rows), scored.log_softmax(1))  # Caffe's, which the least doesn't stop
        losses = -(given.reshape(classes, classes)[found] * logs).sum(1)
        if counts is not None:
            losses = torch.where(counts, losses, 0.0)
        outer = scores.shape[: self.axis].numel()
        loss = losses.sum() / divisor(self.normalization, num, outer, counts)
        return (loss,) if self.num_tops == 1 else (loss, probabilities.detach())


def divisor(normalization: Normalization, num: int, outer: int, counts: Tensor | None) -> Tensor | int:
    """What the sum of ``num`` positions' losses is divided by, at least 1; ``outer`` is the batch's size."""
    if normalization is Normalization.VALID and counts is not None:
        return counts.sum().clamp(min=1)
    if normalization is Normalization.BATCH_SIZE:
        return max(outer, 1)
    return 1 if normalization is Normalization.NONE else max(num, 1)


@lower(InfogainLoss)
def infogain_loss(layer: InfogainLoss, node: Node, setting: Setting) -> Op:
    """The weighted sum of -log(probability)."""
    return _Infogain(layer, node)


@lower(SigmoidCrossEntropyLoss)
def sigmoid_cross_entropy_loss(layer: SigmoidCrossEntropyLoss, node: Node, setting: Setting) -> Op:
    """The cross-entropy of a sigmoid."""

    def loss(scores: Tensor, targets: Tensor) -> Tensor:
        scores = wide(scores)
        targets = wide(targets.detach()).reshape(scores.shape)
        losses = functional.binary_cross_entropy_with_logits(scores, targets, reduction="none")
        counts = None if layer.ignored is None else targets.trunc() != layer.ignored
        if counts is not None:
            losses = torch.where(counts, losses, 0.0)
        return losses.sum() / divisor(layer.normalization, scores.numel(), len(scores), counts)

    return Function(node, loss)
