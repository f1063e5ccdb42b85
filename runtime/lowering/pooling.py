"""Pooling, over PyTorch's where that computes the same."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812: torch's own name for it

from netdef.compiler.layers.pooling import Pooling, PoolWindow, Reduce, Rounding
from netdef.compiler.net import Node
from netdef.compiler.override import override
from netdef.compiler.schema import Refusal
from netdef.compiler.shape import Pair
from netdef.runtime.lowering.base import Op, Setting, lower

LEAST = torch.finfo(torch.float32).min
"""What Caffe begins a maximum with, and leaves where a window lies wholly outside."""


class Geometry(NamedTuple):
    """A window over an image of a known size, and how many positions it has."""

    window: PoolWindow
    image: Pair
    positions: Pair

    @property
    def is_torchs(self) -> bool:
        """Whether PyTorch takes the border, and counts the positions the same way.

        It always drops a last window that begins behind the image and its border, Caffe only with a border.
        """
        return all(
            2 * pad <= kernel and (num - 1) * stride < size + pad
            for num, size, kernel, stride, pad in zip(self.positions, self.image, *self.window, strict=True)
        )

    def bordered(self, bottom: Tensor, value: float) -> Tensor:
        """The image with as much border as the windows reach over."""
        sides = [
            side
            for num, size, kernel, stride, pad in zip(self.positions, self.image, *self.window, strict=True)
            for side in (pad, max((num - 1) * stride + kernel - size - pad, 0))
        ]
        return F.pad(bottom, [*sides[2:], *sides[:2]], value=value)


class Pool(Op):
    """A window over an image (N, C, H, W)."""

    def __init__(self, layer: Pooling, node: Node) -> None:
        super().__init__(node)
        self.pooling = layer
        self.ceil = layer.round_mode is Rounding.CEIL
        self.num_tops = len(node.tops)

    def geometry(self, bottom: Tensor) -> Geometry:
        """How the window lies over a bottom."""
        image = Pair(*bottom.shape[2:])
        window = self.pooling.over((0, 0, *image))
        num = (self.pooling.positions(*along, any(window.pad)) for along in zip(image, *window, strict=True))
        return Geometry(window, image, Pair(*num))


class PoolMaximum(Pool):
    """The greatest of each window, and perhaps where it is."""

    @override
    def forward(self, bottom: Tensor) -> tuple[Tensor, ...]:
        over = self.geometry(bottom)
        kernel, stride, pad = over.window
        if over.is_torchs:
            if self.num_tops == 1:
                return (F.max_pool2d(bottom, kernel, stride, pad, ceil_mode=self.ceil),)
            top, at = F.max_pool2d(bottom, kernel, stride, pad, ceil_mode=self.ceil, return_indices=True)
            return top, at.to(bottom.dtype)
        padded = over.bordered(bottom, LEAST)
        top, at = (
            found[:, :, : over.positions.h, : over.positions.w]
            for found in F.max_pool2d(padded, kernel, stride, return_indices=True)
        )
        if self.num_tops == 1:
            return (top,)
        row, column = at // padded.shape[3] - pad.h, at % padded.shape[3] - pad.w
        outside = (row >= over.image.h) | (column >= over.image.w) | (row < 0) | (column < 0)
        return top, torch.where(outside, -1, row * over.image.w + column).to(bottom.dtype)


class PoolAverage(Pool):
    """The mean of each window, the border counted as zeros, what lies beyond it not."""

    @override
    def forward(self, bottom: Tensor) -> tuple[Tensor, ...]:
        over = self.geometry(bottom)
        kernel, stride, pad = over.window
        if over.is_torchs:
            return (F.avg_pool2d(bottom, kernel, stride, pad, ceil_mode=self.ceil),)
        sums = F.avg_pool2d(over.bordered(bottom, 0), kernel, stride, divisor_override=1)
        heights, widths = (
            self.extents(bottom, *along) for along in zip(over.positions, over.image, *over.window, strict=True)
        )
        return (sums[:, :, : over.positions.h, : over.positions.w] / (heights[:, None] * widths),)

    @staticmethod
    def extents(bottom: Tensor, num: int, size: int, kernel: int, stride: int, pad: int) -> Tensor:
        """How much of each window lies within the image and its border; below 1 for those that lie outside."""
        starts = torch.arange(num, device=bottom.device, dtype=bottom.dtype) * stride - pad
        return (starts + kernel).clamp(max=size + pad) - starts


@lower(Pooling)
def pooling(layer: Pooling, node: Node, setting: Setting) -> Op:
    if layer.pool is Reduce.STOCHASTIC:
        message = "STOCHASTIC pooling, which Caffe itself has only on a GPU, and without a test of its own"
        raise Refusal("N750", message, at="pool", help="use pool: MAX or pool: AVE")
    return PoolMaximum(layer, node) if layer.pool is Reduce.MAX else PoolAverage(layer, node)
