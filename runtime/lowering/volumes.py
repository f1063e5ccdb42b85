"""C3D's layers over volumes."""

import torch
from torch import Tensor
from torch.nn import functional

from netdef.compiler.layers.pooling import Reduce
from netdef.compiler.layers.volumes import (
    Convolution3D,
    Deconvolution3D,
    FlatConvolution3D,
    FlatDeconvolution3D,
    FlatPooling3D,
    Pooling3D,
    VoxelSoftmax,
    VoxelSoftmaxLoss,
)
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.compiler.rules import SHAPES_ALONE
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shape, known
from netdef.runtime.lowering.base import Function, Op, Setting, lower, refuse

for _kind in (VoxelSoftmax, VoxelSoftmaxLoss):
    refuse(_kind, SHAPES_ALONE)


_Convolving = Convolution3D | Deconvolution3D | FlatConvolution3D | FlatDeconvolution3D


class _Slide(Op):
    """Cross-correlation with the weight, or its transpose."""

    returns_fresh_memory = True

    def __init__(self, layer: _Convolving, node: Node) -> None:
        super().__init__(node)
        self.steps, self.pads = layer.steps, layer.pads
        self.spreads = isinstance(layer, Deconvolution3D | FlatDeconvolution3D)

    @override
    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        slide = functional.conv_transpose3d if self.spreads else functional.conv3d
        bias = self.stored_or_none("bias")
        return (slide(x, self.stored("weight"), None if bias is None else bias.flatten(), self.steps, self.pads),)


@lower(Convolution3D)
def convolution3d(layer: Convolution3D, node: Node, setting: Setting) -> Op:
    """Of version 1.1."""
    return _Slide(layer, node)


@lower(FlatConvolution3D)
def flat_convolution3d(layer: FlatConvolution3D, node: Node, setting: Setting) -> Op:
    """Of version 1.0."""
    return _Slide(layer, node)


@lower(Deconvolution3D)
def deconvolution3d(layer: Deconvolution3D, node: Node, setting: Setting) -> Op:
    """Of version 1.1."""
    return _Slide(layer, node)


@lower(FlatDeconvolution3D)
def flat_deconvolution3d(layer: FlatDeconvolution3D, node: Node, setting: Setting) -> Op:
    """Of version 1.0."""
    return _Slide(layer, node)


def _pooling(layer: Pooling3D | FlatPooling3D, node: Node) -> Op:
    if layer.pool is Reduce.STOCHASTIC:
        raise Refusal("N1001", "STOCHASTIC pooling draws at random", at="pool", help="use MAX or AVE")
    kernel = (layer.kernel_depth, layer.kernel_size, layer.kernel_size)
    steps = (layer.temporal_stride, layer.stride, layer.stride)
    pads = (0, layer.pad, layer.pad)

    def pooled(x: Tensor) -> Tensor:
        (top,) = layer.infer((tuple(x.shape),), 1)
        along = [*zip(x.shape[2:], map(known, top[2:]), kernel, steps, pads, strict=True)]
        # A step beyond the volume leaves what no window sees: one to its end leads to the same.
        apart = [min(step, size + 2 * pad) for size, _, _, step, pad in along]
        ends = [(num - 1) * step + k for (_, num, k, _, _), step in zip(along, apart, strict=True)]
        behind = [max(end - size - pad, 0) for end, (size, _, _, _, pad) in zip(ends, along, strict=True)]
        border = [side for pad, end in zip(reversed(pads), reversed(behind), strict=True) for side in (pad, end)]
        if layer.pool is Reduce.MAX:
            greatest = functional.pad(x, border, value=float(torch.finfo(x.dtype).min))
            return _first(functional.max_pool3d(greatest, kernel, apart), top)
        sums = _first(functional.avg_pool3d(functional.pad(x, border), kernel, apart, divisor_override=1), top)
        extents = [_extents(*axis, like=x) for axis in along]
        return sums / (extents[0][:, None, None] * extents[1][:, None] * extents[2])

    return Function(node, pooled)


def _first(x: Tensor, top: Shape) -> Tensor:
    """As many windows as there are; the border may have made more."""
    frames, rows, columns = map(known, top[2:])
    return x[:, :, :frames, :rows, :columns]


def _extents(size: int, num: int, kernel: int, step: int, pad: int, *, like: Tensor) -> Tensor:
    """How long Caffe takes each window of an axis to be: cut at the end of the volume and its border."""
    starts = torch.arange(num, device=like.device, dtype=like.dtype) * step - pad
    return (starts + kernel).clamp(max=size + pad) - starts


@lower(Pooling3D)
def pooling3d(layer: Pooling3D, node: Node, setting: Setting) -> Op:
    """Of version 1.1."""
    return _pooling(layer, node)


@lower(FlatPooling3D)
def flat_pooling3d(layer: FlatPooling3D, node: Node, setting: Setting) -> Op:
    """Of version 1.0."""
    return _pooling(layer, node)
