"""What is read off scores: no gradient goes back."""

import torch
from torch import Tensor

from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.measures import Accuracy, ArgMax
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.runtime.lowering.base import Function, Op, Setting, lower, rank, wide


class _Count(Op):
    """The share of positions whose label is among the best scores; ties count against it."""

    def __init__(self, layer: Accuracy, node: Node) -> None:
        super().__init__(node)
        self.top_k = layer.top_k
        self.ignored = layer.ignored
        self.axis = find_axis(layer.axis, rank(node))
        self.num_tops = len(node.tops)

    @override
    def forward(self, scores: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        scores = wide(scores.detach())
        scores = scores.unsqueeze(0) if scores.dim() == 1 else scores.movedim(self.axis, 1)  # one position, or many
        labels = labels.detach().long().reshape(scores.shape[0], 1, *scores.shape[2:])
        counts = torch.ones_like(labels, dtype=torch.bool) if self.ignored is None else labels != self.ignored
        labels = torch.where(counts, labels, 0)
        as_high = (scores >= scores.gather(1, labels)).sum(1, keepdim=True)  # the label's own score is one of them
        right = ((as_high <= self.top_k) & counts).to(scores.dtype)
        counted = counts.to(scores.dtype)
        share = right.sum() / counted.sum().clamp(min=1)
        if self.num_tops == 1:
            return (share,)
        none = scores.new_zeros(scores.shape[1])
        each = none.index_add(0, labels.flatten(), right.flatten())
        return share, each / none.index_add(0, labels.flatten(), counted.flatten()).clamp(min=1)


@lower(Accuracy)
def accuracy(layer: Accuracy, node: Node, setting: Setting) -> Op:
    """The share of right answers."""
    return _Count(layer, node)


@lower(ArgMax)
def argmax(layer: ArgMax, node: Node, setting: Setting) -> Op:
    """Where the greatest values are."""
    if layer.axis is None:
        return Function(node, lambda x: _of_samples(wide(x.detach()), layer))
    axis = find_axis(layer.axis, rank(node))
    return Function(node, lambda x: _greatest(wide(x.detach()), axis, layer.top_k)[1 - layer.out_max_val])


def _of_samples(x: Tensor, layer: ArgMax) -> Tensor:
    """(N, 1, top_k) positions, or (N, 2, top_k) with their values, and axes of 1 up to the bottom's rank."""
    values, positions = _greatest(x.reshape(len(x), -1), 1, layer.top_k)
    found = torch.stack((positions, values), 1) if layer.out_max_val else positions.unsqueeze(1)
    return found.reshape(*found.shape, *(1,) * (x.dim() - 3))


def _greatest(x: Tensor, axis: int, num: int) -> tuple[Tensor, Tensor]:
    """The greatest values along an axis and their positions, as floats.

    Of equal ones the last comes first, because argmax_layer.cpp sorts pairs of value and position.
    """
    backwards = x.flip(axis)
    if num == 1:
        values, positions = backwards.max(axis, keepdim=True)  # which takes the first of equal ones
    else:
        values, positions = backwards.sort(dim=axis, descending=True, stable=True)
        values, positions = values.narrow(axis, 0, num), positions.narrow(axis, 0, num)
    return values, (x.shape[axis] - 1 - positions).to(x.dtype)
