"""Boxes on images and in a net's window, and how much they overlap.

On an image a box is its edges (x0, y0, x1, y1), in pixels. For a net it is (centre x, centre y, width, height) in
fractions of its window, x and width of the window's width, y and height of its height: numbers that don't depend on the
window's size, and by which a position's box in dense evaluation is its window's place plus what it says.
"""

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.shape import Pair
from netdef.runtime.data.crop import Placement

Boxes = NDArray[np.float64]
"""(..., 4)."""


def in_window(edges: Boxes, image: Pair, placement: Placement, window: Pair) -> Boxes:
    """Boxes on an image of a size, as the net sees them; they may reach out of the window."""
    scale, corner, size = _place(image, placement, window)
    edges = (edges * scale - corner) / size
    boxes = np.concatenate([(edges[..., :2] + edges[..., 2:]) / 2, edges[..., 2:] - edges[..., :2]], axis=-1)
    return _mirrored(boxes) if placement.mirrored else boxes


def on_image(boxes: Boxes, image: Pair, placement: Placement, window: Pair) -> Boxes:
    """What a net says of its window as edges on the image; the other way of ``in_window``."""
    scale, corner, size = _place(image, placement, window)
    edges: Boxes = (edges_of(_mirrored(boxes) if placement.mirrored else boxes) * size + corner) / scale
    return edges


def edges_of(boxes: Boxes) -> Boxes:
    """Boxes by their centres as boxes by their edges, in the same units."""
    centre, half = boxes[..., :2], boxes[..., 2:] / 2
    return np.concatenate([centre - half, centre + half], axis=-1)


def overlap(some: Boxes, others: Boxes) -> NDArray[np.float64]:
    """Intersection over union of boxes by their edges, 0 to 1; 0 where one is empty or no number. Broadcasts."""
    sides = np.minimum(some[..., 2:], others[..., 2:]) - np.maximum(some[..., :2], others[..., :2])
    shared = np.maximum(sides, 0).prod(-1)
    areas: list[Boxes] = [np.maximum(each[..., 2:] - each[..., :2], 0).prod(-1) for each in (some, others)]
    union = areas[0] + areas[1] - shared
    ratio: NDArray[np.float64] = np.where(union > 0, shared / np.where(union > 0, union, 1), 0)
    return ratio


def _place(image: Pair, placement: Placement, window: Pair) -> tuple[Boxes, Boxes, Boxes]:
    """Scale, corner and size of a window, once for each edge."""
    scaled = placement.scaled
    scale = (scaled.w / image.w, scaled.h / image.h) * 2
    corner = (placement.left, placement.top) * 2
    return np.array(scale), np.array(corner, np.float64), np.array((window.w, window.h) * 2, np.float64)


def _mirrored(boxes: Boxes) -> Boxes:
    return boxes * [-1, 1, 1, 1] + [1, 0, 0, 0]
