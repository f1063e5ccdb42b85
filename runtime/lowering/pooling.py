"""Pooling, over PyTorch's where that computes the same."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from netdef.compiler.layers.pooling import Pooling, Reduce, Rounding
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import known
from netdef.runtime.lowering.base import Op, Setting, Tops, lower, widened

LEAST = torch.finfo(torch.float32).min
"""What Caffe begins a maximum with, and leaves where a window lies wholly outside."""


class _Axis(NamedTuple):
    """How windows lie along an axis: the image's size, and the number of windows, in ``num`` positions."""

    size: int
    num: int
    kernel: int
    stride: int
    pad: int
    after: int
    """The border behind the image; ``pad`` is that before it."""

    @property
    def is_torchs(self) -> bool:
        """Whether PyTorch takes the border, and finds the same positions.

        It always drops a last window that begins behind the image and its border, Caffe only with a border.
        """
        return (
            self.pad == self.after
            and 2 * self.pad <= self.kernel
            and (self.num - 1) * self.stride < self.size + self.pad
        )

    @property
    def border(self) -> tuple[int, int]:
        """How far windows reach over the image, on both sides."""
        return self.pad, max((self.num - 1) * self.stride + self.kernel - self.size - self.pad, 0)

    def extents(self, like: Tensor) -> Tensor:
        """How much of each window is the image or its border; below 1 for those that lie outside."""
        starts = torch.arange(self.num, device=like.device, dtype=like.dtype) * self.stride - self.pad
        return (starts + self.kernel).clamp(max=self.size + self.after) - starts

    def pixels(self, like: Tensor) -> Tensor:
        """How much of each window is the image."""
        starts = torch.arange(self.num, device=like.device, dtype=like.dtype) * self.stride - self.pad
        return (starts + self.kernel).clamp(max=self.size) - starts.clamp(min=0)


class _Pool(Op):
    """A window over an image (N, C, H, W)."""

    def __init__(self, layer: Pooling, node: Node) -> None:
        super().__init__(node)
        self.pooling = layer
        self.ceil = layer.rounding is Rounding.CEIL
        self.num_tops = len(node.tops)

    def axes(self, bottom: Tensor) -> tuple[_Axis, _Axis]:
        """How the window lies over a bottom, along its height and its width."""
        shape = tuple(bottom.shape)
        (top,) = self.pooling.infer((shape,), 1)
        window = self.pooling.fitted(shape)
        rows, columns = (
            _Axis(size, known(num), *along)
            for size, num, *along in zip(shape[2:], top[2:], *window, self.pooling.after, strict=True)
        )
        return rows, columns


class _Maximum(_Pool):
    """The greatest of each window, and perhaps where it is."""

    @override
    def forward(self, bottom: Tensor) -> tuple[Tensor, ...]:
        rows, columns = axes = self.axes(bottom)
        _, _, kernel, stride, pad, _ = zip(*axes, strict=True)
        native = rows.is_torchs and columns.is_torchs
        if not native:
            least = max(LEAST, torch.finfo(bottom.dtype).min)
            bottom = functional.pad(bottom, (*columns.border, *rows.border), value=least)
            pad = (0, 0)
        if self.num_tops == 1:
            top = functional.max_pool2d(bottom, kernel, stride, pad, ceil_mode=native and self.ceil)
            return (top if native else top[:, :, : rows.num, : columns.num],)
        top, at = functional.max_pool2d(
            bottom, kernel, stride, pad, ceil_mode=native and self.ceil, return_indices=True
        )
        if not native:
            top, at = top[:, :, : rows.num, : columns.num], at[:, :, : rows.num, : columns.num]
            row, column = at // bottom.shape[3] - rows.pad, at % bottom.shape[3] - columns.pad
            outside = (row < 0) | (row >= rows.size) | (column < 0) | (column >= columns.size)
            at = torch.where(outside, -1, row * columns.size + column)
        return top, at.to(widened(top.dtype))


class _Average(_Pool):
    """The mean of each window, the border counted as zeros unless the layer says otherwise, what lies beyond it not."""

    @override
    def forward(self, bottom: Tensor) -> tuple[Tensor, ...]:
        rows, columns = axes = self.axes(bottom)
        _, _, kernel, stride, pad, _ = zip(*axes, strict=True)
        counts_border = self.pooling.counts_border
        if rows.is_torchs and columns.is_torchs and counts_border:
            return (functional.avg_pool2d(bottom, kernel, stride, pad, ceil_mode=self.ceil),)
        padded = functional.pad(bottom, (*columns.border, *rows.border))
        sums = functional.avg_pool2d(padded, kernel, stride, divisor_override=1)[:, :, : rows.num, : columns.num]
        heights, widths = ((each.extents if counts_border else each.pixels)(bottom) for each in axes)
        return (sums / (heights[:, None] * widths),)


def _global_maximum(bottom: Tensor) -> tuple[Tensor, Tensor]:
    top, at = bottom.flatten(2).max(2)
    return top[:, :, None, None], at[:, :, None, None].to(widened(bottom.dtype))


def _global_average(bottom: Tensor) -> tuple[Tensor]:
    return (bottom.mean((2, 3), keepdim=True),)


@lower(Pooling)
def pooling(layer: Pooling, node: Node, setting: Setting) -> Op:
    """The greatest or the mean of each window."""
    refuse_chance(layer.pool)
    if layer.global_pooling:
        whole = _global_maximum if layer.pool is Reduce.MAX else _global_average
        return Tops(node, lambda x: whole(x)[: len(node.tops)])
    return over_windows(layer, node)


def refuse_chance(pool: Reduce) -> None:
    """Refuse STOCHASTIC."""
    if pool is Reduce.STOCHASTIC:
        message = "STOCHASTIC pooling, which Caffe itself has only on a GPU, draws at random"
        raise Refusal("N1001", message, at="pool", help="use pool: MAX or pool: AVE")


def over_windows(layer: Pooling, node: Node) -> Op:
    """A window over whatever image comes."""
    return _Maximum(layer, node) if layer.pool is Reduce.MAX else _Average(layer, node)
