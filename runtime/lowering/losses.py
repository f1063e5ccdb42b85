"""Losses that compare blobs."""

from torch import Tensor

from netdef.compiler.layers.losses import EuclideanLoss
from netdef.compiler.net.net import Node
from netdef.runtime.lowering.base import Function, Op, Setting, lower, wide


@lower(EuclideanLoss)
def euclidean_loss(layer: EuclideanLoss, node: Node, setting: Setting) -> Op:
    """Half the squared distance, over the batch."""
    return Function(node, _half_squared_distance)


def _half_squared_distance(first: Tensor, second: Tensor) -> Tensor:
    return (wide(first) - wide(second).reshape(first.shape)).square().sum() / (2 * len(first))
