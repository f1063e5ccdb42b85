"""Anchors, the boxes that a region proposal network moves and resizes, and how it does (Ren et al. 2015)."""

from collections.abc import Sequence

import torch
from torch import Tensor


def at_every_position(base: Tensor, size: Sequence[int], stride: int) -> Tensor:
    """Anchors (H W A, 4) at all positions of a map of a height and a width, row by row."""
    y, x = (torch.arange(num, device=base.device, dtype=base.dtype) * stride for num in size)
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    shifts = torch.stack((columns, rows, columns, rows), -1).reshape(-1, 1, 4)
    return (shifts + base).reshape(-1, 4)


def by_position(values: Tensor, each: int) -> Tensor:
    """A map's values (A each, H, W) as rows (H W A, each)."""
    return values.movedim(0, 2).reshape(-1, each)


def size_of(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Sizes and centres (K, 2) of boxes whose corners are pixels of theirs."""
    size = boxes[:, 2:] - boxes[:, :2] + 1
    return size, boxes[:, :2] + size / 2


def decoded(boxes: Tensor, deltas: Tensor) -> Tensor:
    """Boxes moved by a share of their size, and resized by e^d; the far corner is the centre + half the size."""
    size, centre = size_of(boxes)
    centre = deltas[:, :2] * size + centre
    half = deltas[:, 2:].exp() * size / 2
    return torch.cat((centre - half, centre + half), 1)


def encoded(boxes: Tensor, wanted: Tensor) -> Tensor:
    """What turns boxes into others (K, 4)."""
    size, centre = size_of(boxes)
    other_size, other_centre = size_of(wanted)
    return torch.cat(((other_centre - centre) / size, (other_size / size).log()), 1)


def cut_to(boxes: Tensor, height: Tensor, width: Tensor) -> Tensor:
    """Boxes within an image."""
    limit = torch.stack((width, height, width, height)) - 1
    return boxes.clamp(min=0).minimum(limit)
