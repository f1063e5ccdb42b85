"""Shapes: the sizes of a blob's axes, known or known only when the net runs (see ``size``)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from netdef.compiler.compare_sizes import Comparison, compare, simplest
from netdef.compiler.size import Dim, is_compound

Shape = tuple[Dim, ...]
Shapes = tuple[Shape, ...]


class Pair(NamedTuple):
    """Two sizes of an image, in pixels; height first, always."""

    h: int
    w: int


def product(dims: Shape) -> Dim:
    """The number of elements of a shape; 1 for the empty shape."""
    count: Dim = 1
    for dim in dims:
        count = count * dim
    return count


def known(dim: Dim) -> int:
    """A size as a number; 0 for one that only a run can tell, so that sums count what is known."""
    return dim if isinstance(dim, int) else 0


def compare_shapes(first: Shape, second: Shape) -> Comparison:
    """Whether two shapes are one: DIFFERENT if any axis is or there are more of them, EQUAL if all axes are."""
    if len(first) != len(second):
        return Comparison.DIFFERENT
    found = {compare(ours, theirs) for ours, theirs in zip(first, second, strict=True)}
    return next((answer for answer in (Comparison.DIFFERENT, Comparison.UNKNOWN) if answer in found), Comparison.EQUAL)


def differ(first: Shape, second: Shape) -> bool:
    """Whether two shapes can't be one, whatever a run finds."""
    return first != second and compare_shapes(first, second) is Comparison.DIFFERENT


def first_to_differ(shapes: Iterable[Shape]) -> int | None:
    """The place of the first shape that can't be one with all before it; None if all can be one."""
    before: dict[Shape, None] = {}
    for index, shape in enumerate(shapes):
        if shape not in before and any(differ(shape, other) for other in before):
            return index
        before[shape] = None
    return None


def agreed(shapes: Sequence[Shape]) -> Shape:
    """What is known of shapes of one rank that must be equal, whichever of them says it."""
    return tuple(simplest(dims) for dims in zip(*shapes, strict=True))


def number_or_none(dim: Dim) -> int | None:
    """A size as JSON has it: None for one that only a run can tell."""
    return dim if isinstance(dim, int) else None


def sizes_or_none(shape: Shape) -> list[int | None]:
    """A shape as JSON has it."""
    return [number_or_none(dim) for dim in shape]


def show(shape: Shape, batch: bool = False) -> str:
    """``10x3x224x224`` for people; ``N`` for the first size with ``batch``; ``scalar`` for the empty shape."""
    if not shape:
        return "scalar"
    return "x".join("N" if batch and i == 0 else show_size(dim) for i, dim in enumerate(shape))


def show_size(dim: Dim) -> str:
    """A size in a row of others: ``3``, ``K``, ``(K+1)``, ``(K@rois)``."""
    stands_alone = isinstance(dim, int) or (dim.name.isidentifier() and not is_compound(dim))
    return str(dim) if stands_alone else f"({dim})"
