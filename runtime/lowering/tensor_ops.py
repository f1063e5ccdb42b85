"""Operators of TensorFlow."""

import math
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional

from netdef.compiler.layers.tensor_ops import (
    LAST,
    Add,
    BatchToSpaceND,
    DepthToSpace,
    Mul,
    Pad,
    SpaceToBatchND,
    pairs,
)
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.runtime.lowering.base import Function, Op, Setting, lower


class _Product(Op):
    """Of a blob and a stored one."""

    @override
    def forward(self, *bottoms: Tensor) -> tuple[Tensor, ...]:
        """The one top."""
        return (bottoms[0] * self.stored("factor"),)


@lower(Mul)
def mul(layer: Mul, node: Node, setting: Setting) -> Op:
    """A product."""
    return _Product(node) if node.weights else Function(node, lambda x, factor: x * factor)


@lower(Add)
def add(layer: Add, node: Node, setting: Setting) -> Op:
    """A sum."""
    return Function(node, lambda x, other: x + other)


def _padded(x: Tensor, ends: tuple[tuple[int, int], ...], value: float = 0.0) -> Tensor:
    """Around the first axes of a tensor; torch counts them from the last."""
    whole = (*ends, *((0, 0),) * (x.dim() - len(ends)))
    return functional.pad(x, [end for pair in reversed(whole) for end in pair], value=value)


@lower(Pad)
def pad(layer: Pad, node: Node, setting: Setting) -> Op:
    """A frame."""
    return Function(node, lambda x: _padded(x, pairs(layer.paddings), layer.constant_values))


@lower(DepthToSpace)
def depth_to_space(layer: DepthToSpace, node: Node, setting: Setting) -> Op:
    """Channels as rows and columns of squares."""
    b = layer.block_size

    def dealt(x: Tensor) -> Tensor:
        if layer.data_format == "CRD":
            return functional.pixel_shuffle(x, b)
        if layer.data_format == LAST:
            n, h, w, c = x.shape
            return x.reshape(n, h, w, b, b, c // b**2).permute(0, 1, 3, 2, 4, 5).reshape(n, h * b, w * b, c // b**2)
        n, c, h, w = x.shape
        return x.reshape(n, b, b, c // b**2, h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, c // b**2, h * b, w * b)

    return Function(node, dealt)


@lower(SpaceToBatchND)
def space_to_batch(layer: SpaceToBatchND, node: Node, setting: Setting) -> Op:
    """For each place in a block, the image of these places; one behind the other."""

    def apart(x: Tensor) -> Tensor:
        padded = _padded(x, ((0, 0), *pairs(layer.paddings)))
        places = product(*map(range, layer.block_shape))
        steps = [(slice(None), *map(slice, place, _to_end(place), layer.block_shape)) for place in places]
        return torch.cat([padded[step] for step in steps])

    return Function(node, apart)


def _to_end(place: tuple[int, ...]) -> tuple[None, ...]:
    return (None,) * len(place)


@lower(BatchToSpaceND)
def batch_to_space(layer: BatchToSpaceND, node: Node, setting: Setting) -> Op:
    """The images of a block's places between each other."""
    block = layer.block_shape

    def whole(x: Tensor) -> Tensor:
        batch, sides, rest = x.shape[0] // math.prod(block), x.shape[1 : 1 + len(block)], x.shape[1 + len(block) :]
        parts = x.reshape(*block, batch, *sides, *rest)
        between = [axis for i in range(len(block)) for axis in (len(block) + 1 + i, i)]
        moved = parts.permute(len(block), *between, *range(2 * len(block) + 1, parts.dim()))
        joined = moved.reshape(batch, *(side * b for side, b in zip(sides, block, strict=True)), *rest)
        ends = zip(joined.shape[1:], pairs(layer.crops), strict=False)
        return joined[(slice(None), *(slice(before, size - behind) for size, (before, behind) in ends))]

    return Function(node, whole)
