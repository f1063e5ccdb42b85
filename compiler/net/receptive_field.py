"""What one position of a blob sees of the input."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from netdef.compiler.layers.base import Window
from netdef.compiler.net.shapes import Inferred, K, T
from netdef.compiler.shape import Pair


class ReceptiveField(NamedTuple):
    """An extent, and the step between the extents of neighbours, in pixels of the input."""

    size: Pair
    stride: Pair


ITSELF = ReceptiveField(Pair(1, 1), Pair(1, 1))
"""That of an image from outside."""


def receptive_fields(nodes: Iterable[Inferred[K, T]]) -> list[ReceptiveField | None]:
    """That of each layer: its bottoms' widest, widened by its window.

    None where positions have lost their meaning, or what they see is unknown, as behind an opaque layer.
    """
    images: dict[K, ReceptiveField | None] = {}
    """Of versions that have rows and columns."""
    found = []
    for node in nodes:
        layer = node.step.layer
        window = layer.window(node.bottoms) if node.bottoms else None
        field = _widened([images[bottom] for bottom in node.step.bottoms if bottom in images], window)
        carried = ITSELF if layer.bottoms.most == 0 else field
        for top, shape in zip(node.step.tops, node.tops, strict=True):
            if len(shape) == 4:
                images[top] = carried
        found.append(field)
    return found


def _widened(bottoms: Sequence[ReceptiveField | None], window: Window | None) -> ReceptiveField | None:
    fields = [field for field in bottoms if field is not None]
    if window is None or not fields or len(fields) < len(bottoms):
        return None
    first, *others = fields
    size, stride = first.size, first.stride
    for field in others:
        size = Pair(max(size.h, field.size.h), max(size.w, field.size.w))
    return ReceptiveField(
        Pair(size.h + (window.extent.h - 1) * stride.h, size.w + (window.extent.w - 1) * stride.w),
        Pair(stride.h * window.stride.h, stride.w * window.stride.w),
    )
