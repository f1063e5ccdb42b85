"""Boxes that a region proposal network moves and resizes, as they lie at a map's first position (Ren et al. 2015)."""

from collections.abc import Callable, Sequence
from math import floor, sqrt

Boxes = tuple[tuple[float, float, float, float], ...]
"""x1, y1, x2, y2 of each, in pixels."""


def half_away(number: float) -> float:
    """C's ``round``."""
    return float(floor(number + 0.5))


def half_even(number: float) -> float:
    """numpy's, and Python's."""
    return float(round(number))


def anchors(base: int, ratios: Sequence[float], scales: Sequence[float], rounds: Callable[[float], float]) -> Boxes:
    """Boxes (A, 4) about the middle of a square of ``base`` pixels, ratios first; sides are rounded, then scaled."""
    middle = (base - 1) / 2
    rows = []
    for ratio in ratios:
        width = rounds(sqrt(base * base / ratio))
        height = rounds(width * ratio)
        for scale in scales:
            half = (width * scale - 1) / 2, (height * scale - 1) / 2
            rows.append((middle - half[0], middle - half[1], middle + half[0], middle + half[1]))
    return tuple(rows)
