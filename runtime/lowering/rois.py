"""What is cut out of a map at regions of interest: all regions at once."""

import torch
from torch import Tensor

from netdef.compiler.layers.rois import (
    GridROIAlign,
    MaskPooling,
    MaskResize,
    PSROIPooling,
    ROIAlign,
    ROIPooling,
    ROIWarping,
)
from netdef.compiler.net.net import Node
from netdef.compiler.rules import SHAPES_ALONE
from netdef.runtime.lowering.base import Function, Op, Setting, lower, need, refuse
from netdef.runtime.lowering.region_maximum import maxima

for _kind in (ROIAlign, ROIWarping):  # ROIAlign: each copy of it computes something else
    refuse(_kind, SHAPES_ALONE)


def rounded(x: Tensor) -> Tensor:
    """C's ``round``: halves away from 0, where torch's go to the even number."""
    whole = x.trunc()
    return whole + x.sign() * ((x - whole).abs() >= 0.5)


def regions_of(rois: Tensor, x: Tensor, node: Node) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Image number, x1, y1, x2, y2 of regions (R, 5 or more numbers) of maps ``x``; no gradient goes to them."""
    image, x1, y1, x2, y2 = rois.detach().flatten(1)[:, :5].unbind(1)
    image = image.long()
    message = f"a region is of an image that the batch of {len(x)} doesn't have"
    need((image >= 0) & (image < len(x)), node, message, at="bottom 1", help="a region begins with its image's number")
    return image, x1, y1, x2, y2


def _edges(start: Tensor, size: Tensor, num: int, limit: int) -> tuple[Tensor, Tensor]:
    """First and last positions (R, num), the last one excluded, of bins of ``size`` from ``start`` on, cut to a map."""
    steps = torch.arange(num, device=size.device, dtype=size.dtype)
    first = (steps * size[:, None]).floor() + start[:, None]
    last = ((steps + 1) * size[:, None]).ceil() + start[:, None]
    return first.clamp(0, limit).long(), last.clamp(0, limit).long()


@lower(ROIPooling)
def roi_pooling(layer: ROIPooling, node: Node, setting: Setting) -> Op:
    """The greatest of each bin."""

    def along(first: Tensor, last: Tensor, num: int, limit: int) -> tuple[Tensor, Tensor]:
        pad = (last - first + 1) * layer.pad_ratio
        start, end = (rounded(side * layer.spatial_scale) for side in (first - pad, last + pad))
        return _edges(start, (end - start + 1).clamp(min=1) / num, num, limit)

    def pooled(x: Tensor, rois: Tensor) -> Tensor:
        image, x1, y1, x2, y2 = regions_of(rois, x, node)
        rows = along(y1, y2, layer.pooled_h, x.shape[2])
        columns = along(x1, x2, layer.pooled_w, x.shape[3])
        return maxima(x, image, rows, columns)

    return Function(node, pooled)


@lower(PSROIPooling)
def psroi_pooling(layer: PSROIPooling, node: Node, setting: Setting) -> Op:
    """The mean of each bin, from channels of its own."""
    num, scale = layer.group_size, layer.spatial_scale

    def along(first: Tensor, last: Tensor, limit: int) -> tuple[Tensor, Tensor]:
        start, end = rounded(first) * scale, (rounded(last) + 1) * scale
        size = (end - start).clamp(min=0.1) / num
        steps = torch.arange(num, device=size.device, dtype=size.dtype)
        edges = ((steps + more) * size[:, None] + start[:, None] for more in (0, 1))
        first, last = next(edges).floor(), next(edges).ceil()
        return first.clamp(0, limit).long(), last.clamp(0, limit).long()

    def pooled(x: Tensor, rois: Tensor) -> Tensor:
        image, x1, y1, x2, y2 = regions_of(rois, x, node)
        (top, bottom), (left, right) = along(y1, y2, x.shape[2]), along(x1, x2, x.shape[3])
        channels = torch.arange(layer.output_dim * num * num, device=x.device).reshape(layer.output_dim, num, num)
        sums = _sums_before(x)
        image = image[:, None, None, None]

        def at(rows: Tensor, columns: Tensor) -> Tensor:
            return sums[image, channels, rows[:, None, :, None], columns[:, None, None, :]]

        total = at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left)
        area = (bottom - top).clamp(min=0)[:, None, :, None] * (right - left).clamp(min=0)[:, None, None, :]
        return torch.where(area > 0, total / area.clamp(min=1), 0).to(x.dtype)

    return Function(node, pooled)


def _sums_before(x: Tensor) -> Tensor:
    """Of each place of a map, and those behind its ends, the sum of all above and left of it (N, C, H + 1, W + 1).

    In double precision: a bin's sum is what four large ones differ by.
    """
    return torch.nn.functional.pad(x.double().cumsum(2).cumsum(3), (1, 0, 1, 0))


def bilinear(x: Tensor, image: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Samples (R, C, P, Q) of maps (N, C, H, W) at rows (R, P) and columns (R, Q).

    Samples more than half a position outside are 0; those within are taken at the border.
    """
    height, width = x.shape[2:]
    parts = [_between(rows, height), _between(columns, width)]
    image = image[:, None, None]
    found = torch.zeros((), dtype=x.dtype, device=x.device)
    for row, of_row in parts[0]:
        for column, of_column in parts[1]:
            values = x[image, :, row[:, :, None], column[:, None, :]]  # (R, P, Q, C)
            found = found + values * (of_row[:, :, None] * of_column[:, None, :])[..., None]
    return found.movedim(3, 1)


def _between(at: Tensor, size: int) -> list[tuple[Tensor, Tensor]]:
    """The two positions that a sample lies between, and what each counts."""
    inside = (at >= -0.5) & (at <= size - 0.5)
    at = at.clamp(0, size - 1)
    low = at.floor()
    share = at - low
    return [(low.long(), (1 - share) * inside), ((low + 1).clamp(max=size - 1).long(), share * inside)]


@lower(GridROIAlign)
def grid_roi_align(layer: GridROIAlign, node: Node, setting: Setting) -> Op:
    """Samples at the corners of the bins."""

    def along(first: Tensor, last: Tensor, num: int) -> Tensor:
        pad = (last - first + 1) * layer.pad_ratio
        start, end = ((side * layer.spatial_scale - 0.5) for side in (first - pad, last + pad))
        steps = torch.arange(num + 1, device=start.device, dtype=start.dtype)
        outside = torch.full_like(steps, -1.0)  # a region without size has no samples
        return torch.where((end > start)[:, None], start[:, None] + steps * ((end - start) / num)[:, None], outside)

    def sampled(x: Tensor, rois: Tensor) -> Tensor:
        image, x1, y1, x2, y2 = regions_of(rois, x, node)
        return bilinear(x, image, along(y1, y2, layer.pooled_h), along(x1, x2, layer.pooled_w))

    return Function(node, sampled)


@lower(MaskPooling)
def mask_pooling(layer: MaskPooling, node: Node, setting: Setting) -> Op:
    """Each map times its mask."""
    return Function(node, torch.mul)


@lower(MaskResize)
def mask_resize(layer: MaskResize, node: Node, setting: Setting) -> Op:
    """Samples at even steps from the top left corner."""

    def resized(x: Tensor) -> Tensor:
        def along(size: int, num: int) -> Tensor:
            return torch.arange(num, device=x.device, dtype=x.dtype) * (size / num)

        rows, columns = along(x.shape[2], layer.output_height), along(x.shape[3], layer.output_width)
        every = torch.arange(len(x), device=x.device)
        return bilinear(x, every, rows.expand(len(x), -1), columns.expand(len(x), -1))

    return Function(node, resized)
