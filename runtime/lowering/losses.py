"""Losses that compare blobs."""

import torch
from torch import Tensor

from netdef.compiler.layers.losses import ContrastiveLoss, EuclideanLoss
from netdef.compiler.net.net import Node
from netdef.runtime.lowering.base import Function, Op, Setting, lower, wide, with_gradient_of


@lower(EuclideanLoss)
def euclidean_loss(layer: EuclideanLoss, node: Node, setting: Setting) -> Op:
    """Half the squared distance, over the batch."""
    return Function(node, _half_squared_distance)


def _half_squared_distance(first: Tensor, second: Tensor) -> Tensor:
    return (wide(first) - wide(second).reshape(first.shape)).square().sum() / (2 * len(first))


@lower(ContrastiveLoss)
def contrastive_loss(layer: ContrastiveLoss, node: Node, setting: Setting) -> Op:
    """Half the squared distance of pairs that are alike, half what others lack to the margin, over the batch."""

    def loss(first: Tensor, second: Tensor, alike: Tensor) -> Tensor:
        squares = (wide(first) - wide(second)).flatten(1).square().sum(1)
        if layer.legacy_version:
            missing = (layer.margin - squares).clamp(min=0)
        else:
            distance = squares.detach().sqrt()
            lack = (layer.margin - distance).clamp(min=0)
            missing = with_gradient_of(lack.square(), -squares * lack / (distance + _NO_ZERO))
        costs = torch.where(alike.detach().reshape(-1).long() != 0, squares, missing)
        return costs.sum() / (2 * len(first))

    return Function(node, loss)


_NO_ZERO = 1e-4
"""What contrastive_loss_layer.cpp adds to a distance that it divides by, in the gradient alone."""
