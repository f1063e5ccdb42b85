"""Non-maximum suppression: of boxes that overlap, the best stays.

Boxes are gone through from the best on: one that a box which stays removes goes. Whether a box stays depends on better
ones alone, so that a block of boxes is settled at once: each round drops what those removes that stand after the last
round, until nothing changes.
"""

from collections.abc import Callable

import torch
from torch import Tensor

BLOCK = 1024
"""Boxes that are held against each other at once."""

Removes = Callable[[Tensor, Tensor], Tensor]
"""Whether a box of the first (A, 4) removes one of the second (B, 4) that is worse: (A, B)."""


def kept(boxes: Tensor, removes: Removes, most: int | None = None) -> Tensor:
    """The numbers of the boxes that stay, in order, of boxes (K, 4) from the best on; ``most`` at most."""
    found: list[Tensor] = []
    num = 0
    for start in range(0, len(boxes), BLOCK):
        block = boxes[start : start + BLOCK]
        alive = torch.ones(len(block), dtype=torch.bool, device=boxes.device)
        for before in found:
            alive &= ~removes(boxes[before], block).any(0)
        within = removes(block, block).triu(1)
        stands = alive
        while not torch.equal(now := alive & ~(within & stands[:, None]).any(0), stands):
            stands = now
        found.append(stands.nonzero()[:, 0] + start)
        num += len(found[-1])
        if most is not None and num >= most:
            break
    return torch.cat(found)[:most] if found else torch.zeros(0, dtype=torch.long, device=boxes.device)


def overlaps(one: Tensor, other: Tensor, extra: float = 0.0) -> Tensor:
    """Intersection over union (A, B) of boxes x1, y1, x2, y2; ``extra`` is 1 where corners are pixels of the box."""
    corner = torch.maximum(one[:, None, :2], other[None, :, :2])
    end = torch.minimum(one[:, None, 2:], other[None, :, 2:])
    common = (end - corner + extra).clamp(min=0).prod(2)
    areas = [(boxes[:, 2:] - boxes[:, :2] + extra).prod(1) for boxes in (one, other)]
    return common / (areas[0][:, None] + areas[1][None, :] - common)
