"""Vectors of one length."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from netdef.compiler.layers.l2_normalization import Normalize
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.runtime.lowering.base import Op, Setting, lower, wide


class _ScaledUnit(torch.autograd.Function):
    """x over its norm, times a scale for each channel, with the gradient of Caffe.

    Caffe leaves the scales out of the inner product of a vector with its gradient (normalize_layer.cpp): where they
    differ, that is not the true gradient, and nets were trained with it.
    """

    @staticmethod
    @override
    def forward(ctx: Any, x: Tensor, norm: Tensor, scale: Tensor, axes: tuple[int, ...]) -> Tensor:
        """The top."""
        unit = x / norm
        ctx.save_for_backward(unit, norm, scale)
        ctx.axes = axes
        return unit * scale

    @staticmethod
    @override
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of x and of the scale."""
        unit, norm, scale = ctx.saved_tensors
        along = (unit * gradient).sum(ctx.axes, keepdim=True)
        channels = [axis for axis in range(unit.dim()) if axis != 1]
        return (gradient - unit * along) * scale / norm, None, (unit * gradient).sum(channels, keepdim=True), None


class _Normalized(Op):
    """x over the root of its squares' sum, times the scale."""

    def __init__(self, layer: Normalize, node: Node) -> None:
        super().__init__(node)
        self.normalize = layer

    @override
    def forward(self, bottom: Tensor) -> tuple[Tensor, ...]:
        x, layer = wide(bottom), self.normalize
        axes = tuple(range(1, x.dim())) if layer.across_spatial else (1,)
        norm = (x.square().sum(axes, keepdim=True) + layer.eps).sqrt()
        scale = self.stored("scale")
        if layer.channel_shared:
            return ((x / norm * scale).to(bottom.dtype),)
        scale = scale.view(1, -1, *[1] * (x.dim() - 2)).to(x.dtype)
        top: Tensor = _ScaledUnit.apply(x, norm, scale, axes)  # type: ignore[no-untyped-call]  # torch's is untyped
        return (top.to(bottom.dtype),)


@lower(Normalize)
def normalize(layer: Normalize, node: Node, setting: Setting) -> Op:
    """Vectors of one length, scaled."""
    return _Normalized(layer, node)
