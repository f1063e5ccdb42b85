"""Soft-max, and the loss on it."""

from math import log

import torch
from torch import Tensor

from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.softmax import Normalization, Softmax, SoftmaxWithLoss
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.runtime.lowering.base import Function, Op, Setting, lower, rank, wide

GREATEST_LOSS = -log(torch.finfo(torch.float32).tiny)
"""87.3365: Caffe takes a probability below the least normal float as that (softmax_loss_layer.cpp)."""


@lower(Softmax)
def softmax(layer: Softmax, node: Node, setting: Setting) -> Op:
    """Probabilities."""
    axis = find_axis(layer.axis, rank(node))
    return Function(node, lambda x: wide(x).softmax(axis))


class _LogLoss(Op):
    """-log(probability of the label), summed and divided."""

    def __init__(self, layer: SoftmaxWithLoss, node: Node) -> None:
        super().__init__(node)
        self.axis = find_axis(layer.softmax.axis, rank(node))
        self.ignored = layer.ignored
        self.normalization = layer.normalization
        self.num_tops = len(node.tops)

    @override
    def forward(self, scores: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        if scores.dim() == 1:  # one position, whose classes are all there is
            loss, *probabilities = self._of_rows(scores.unsqueeze(0), labels, axis=1)
            return (loss, *(rows.squeeze(0) for rows in probabilities))
        return self._of_rows(scores, labels, self.axis)

    def _of_rows(self, scores: Tensor, labels: Tensor, axis: int) -> tuple[Tensor, ...]:
        scores = wide(scores)
        logs = scores.movedim(axis, 1).log_softmax(1)
        labels = labels.long().reshape(logs.shape[0], *logs.shape[2:])
        counts = None if self.ignored is None else labels != self.ignored
        found = labels if counts is None else torch.where(counts, labels, 0)
        losses = -logs.gather(1, found.unsqueeze(1)).squeeze(1)
        # Where the loss saturates its gradient goes on, as in Caffe
        losses = torch.where(losses > GREATEST_LOSS, losses - losses.detach() + GREATEST_LOSS, losses)
        if counts is not None:
            losses = torch.where(counts, losses, 0.0)
        loss = losses.sum() / self.divisor(scores, labels, counts)
        return (loss,) if self.num_tops == 1 else (loss, scores.detach().softmax(axis))

    def divisor(self, scores: Tensor, labels: Tensor, counts: Tensor | None) -> Tensor | int:
        """What the sum is divided by, at least 1."""
        if self.normalization is Normalization.VALID and counts is not None:
            return counts.sum().clamp(min=1)
        if self.normalization is Normalization.BATCH_SIZE:
            return max(scores.shape[: self.axis].numel(), 1)
        return 1 if self.normalization is Normalization.NONE else max(labels.numel(), 1)


@lower(SoftmaxWithLoss)
def softmax_with_loss(layer: SoftmaxWithLoss, node: Node, setting: Setting) -> Op:
    """The mean of -log(probability of the label)."""
    return _LogLoss(layer, node)
