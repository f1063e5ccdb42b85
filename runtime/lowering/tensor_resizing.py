"""TensorFlow's two ways to resize an image."""

from typing import NamedTuple

import torch
from torch import Tensor

from netdef.compiler.layers.tensor_resizing import ResizeBilinear, ResizeNearestNeighbor
from netdef.compiler.net.net import Node
from netdef.compiler.shape import known
from netdef.runtime.lowering.base import Function, Op, Setting, lower


class _Side(NamedTuple):
    """A side before and after."""

    axis: int
    size: int
    wanted: int

    def at(self, align_corners: bool, centre: float, x: Tensor) -> Tensor:
        """Where in the old image each new pixel begins, or is, if pixels are ``centre`` behind where they begin."""
        apart = align_corners and self.wanted > 1
        step = torch.tensor((self.size - 1) / (self.wanted - 1) if apart else self.size / self.wanted)
        return (torch.arange(self.wanted, device=x.device) + centre) * step.to(x.device)


def _sides(layer: ResizeNearestNeighbor | ResizeBilinear, x: Tensor) -> list[_Side]:
    (top,) = layer.infer((tuple(x.shape),), 1)
    return [_Side(axis, x.shape[axis], known(top[axis])) for axis in layer.axes]


@lower(ResizeNearestNeighbor)
def nearest(layer: ResizeNearestNeighbor, node: Node, setting: Setting) -> Op:
    """The pixels that are nearest, row by row and column by column."""
    has_centres = layer.half_pixel_centers or layer.half_pixel_onnx
    more = 0.5 if layer.align_corners else -0.5 if layer.half_pixel_onnx else 0.0

    def resized(x: Tensor) -> Tensor:
        for side in _sides(layer, x):
            at = (side.at(layer.align_corners, 0.5 * has_centres, x) + more).floor().long()
            x = x.index_select(side.axis, at.clamp(0, side.size - 1))
        return x

    return Function(node, resized)


@lower(ResizeBilinear)
def bilinear(layer: ResizeBilinear, node: Node, setting: Setting) -> Op:
    """The mean of two rows, and then of two columns."""
    centre = 0.5 * layer.half_pixel_centers

    def resized(x: Tensor) -> Tensor:
        for side in _sides(layer, x):
            at = (side.at(layer.align_corners, centre, x) - centre).clamp(0, side.size - 1)
            first = at.floor()
            share = (at - first).to(x.dtype).view(-1, *(1,) * (x.dim() - side.axis - 1))
            near = x.index_select(side.axis, first.long())
            next_one = x.index_select(side.axis, (first.long() + 1).clamp(max=side.size - 1))
            x = near + (next_one - near) * share
        return x

    return Function(node, resized)
