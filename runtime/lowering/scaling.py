"""Multiply by, or add, a learned or a given blob, broadcast from an axis."""

import torch
from torch import Tensor

from netdef.compiler.layers.scaling import Bias, Scale
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.runtime.lowering.base import Op, Setting, lower


class _Broadcast(Op):
    """What both share: the operand's axes begin at one of the bottom's."""

    returns_fresh_memory = True

    def __init__(self, layer: Scale | Bias, node: Node) -> None:
        super().__init__(node)
        self.start = layer.start(node.bottoms[0].shape)

    def spread(self, operand: Tensor, bottom: Tensor) -> Tensor:
        """The operand with an axis of 1 for each that it lacks behind its own."""
        return operand.reshape(*operand.shape, *(1,) * (bottom.dim() - self.start - operand.dim()))


class _Multiply(_Broadcast):
    """By a scale, and perhaps a bias added."""

    @override
    def forward(self, bottom: Tensor, *given: Tensor) -> tuple[Tensor, ...]:
        scale = self.spread(given[0] if given else self.stored("scale"), bottom)
        bias = self.stored_or_none("bias")
        return (bottom * scale if bias is None else torch.addcmul(self.spread(bias, bottom), bottom, scale),)


class _Add(_Broadcast):
    """A bias."""

    @override
    def forward(self, bottom: Tensor, *given: Tensor) -> tuple[Tensor, ...]:
        return (bottom + self.spread(given[0] if given else self.stored("bias"), bottom),)


@lower(Scale)
def scale(layer: Scale, node: Node, setting: Setting) -> Op:
    """Times a scale, and perhaps plus a bias."""
    return _Multiply(layer, node)


@lower(Bias)
def bias(layer: Bias, node: Node, setting: Setting) -> Op:
    """Plus a bias."""
    return _Add(layer, node)
