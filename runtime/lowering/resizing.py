"""Images made larger or smaller."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from netdef.compiler.layers.resizing import (
    BilinearInterpolation,
    Interp,
    Reorg,
    UnpoolingUpsample,
    Upsample,
    UpsampleDarknet,
)
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.compiler.shape import known
from netdef.runtime.lowering.base import Function, Op, Setting, lower, need, wide


@lower(Interp)
def interp(layer: Interp, node: Node, setting: Setting) -> Op:
    """Bilinear, the corners of what is left of the image where they were."""

    def resized(x: Tensor, *sized: Tensor) -> Tensor:
        shapes = tuple(tuple(each.shape) for each in (x, *sized))
        _, _, height, width = layer.infer(shapes, 1)[0]
        rows, columns = (slice(-layer.pad_beg, size + layer.pad_end) for size in x.shape[2:])
        size = (known(height), known(width))
        left = wide(x[:, :, rows, columns])
        return functional.interpolate(left, size, mode="bilinear", align_corners=True).to(x.dtype)

    return Function(node, resized)


@lower(BilinearInterpolation)
def bilinear_interpolation(layer: BilinearInterpolation, node: Node, setting: Setting) -> Op:
    """Bilinear, the corners where they were."""

    def resized(x: Tensor, *sized: Tensor) -> Tensor:
        shapes = tuple(tuple(each.shape) for each in (x, *sized))
        _, _, height, width = layer.infer(shapes, 1)[0]
        size = (known(height), known(width))
        return functional.interpolate(wide(x), size, mode="bilinear", align_corners=True).to(x.dtype)

    return Function(node, resized)


class _Unpooled(torch.autograd.Function):
    """Values at the places that a mask names; gradients from there, also to those that another one overwrote."""

    @staticmethod
    @override
    def forward(ctx: Any, x: Tensor, mask: Tensor, num: int) -> Tensor:
        """Planes of ``num`` places: the last value that names a place is there, or 0."""
        ctx.save_for_backward(mask)
        order = torch.arange(x.shape[2], device=x.device).expand_as(mask)
        last = mask.new_full((*x.shape[:2], num), -1).scatter_reduce(2, mask, order, "amax")
        return torch.where(last >= 0, x.gather(2, last.clamp(min=0)), 0)

    @staticmethod
    @override
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """What arrives at each value's place."""
        (mask,) = ctx.saved_tensors
        return gradient.gather(2, mask), None, None


@lower(UnpoolingUpsample)
def unpooling(layer: UnpoolingUpsample, node: Node, setting: Setting) -> Op:
    """Each value where its maximum was."""

    def unpooled(x: Tensor, mask: Tensor) -> Tensor:
        _, _, height, width = layer.infer((tuple(x.shape),) * 2, 1)[0]
        num = known(height) * known(width)
        places = mask.long().flatten(2)
        message = f"the mask names places outside of the top, {known(height)}x{known(width)}"
        need((places >= 0) & (places < num), node, message, at="bottom 1", help="take the second top of MAX Pooling")
        top: Tensor = _Unpooled.apply(x.flatten(2), places, num)  # type: ignore[no-untyped-call]  # torch's is untyped
        return top.view(*x.shape[:2], known(height), known(width))

    return Function(node, unpooled)


def _squares(x: Tensor, side: int) -> Tensor:
    return x.repeat_interleave(side, 2).repeat_interleave(side, 3)


@lower(Upsample)
def upsample(layer: Upsample, node: Node, setting: Setting) -> Op:
    """A square for each pixel."""
    return Function(node, lambda x: _squares(x, layer.scale))


@lower(UpsampleDarknet)
def upsample_darknet(layer: UpsampleDarknet, node: Node, setting: Setting) -> Op:
    """A square for each pixel."""
    return Function(node, lambda x: _squares(x, layer.stride))


@lower(Reorg)
def reorg(layer: Reorg, node: Node, setting: Setting) -> Op:
    """Space into channels as darknet walks it, or back."""
    step = layer.stride

    def reorganised(x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        if layer.reverse:
            parts = x.reshape(n, step, step, c // step**2, h, w).permute(0, 3, 4, 1, 5, 2)
            return parts.reshape(n, c // step**2, h * step, w * step)
        parts = x.reshape(n, c // step**2, h, step, w, step).permute(0, 3, 5, 1, 2, 4)
        return parts.reshape(n, c * step**2, h // step, w // step)

    return Function(node, reorganised)
