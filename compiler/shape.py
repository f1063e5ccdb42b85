"""Sizes and shapes, known or known only at run time."""

from typing import NamedTuple

from netdef.compiler.override import override


class Symbol:
    """A size that only a run can tell (the number of detections, say), under a name.

    Arithmetic gives another symbol, so inference goes through it; a comparison with a number is false either
    way, so nothing is refused for what isn't known.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    @override
    def __repr__(self) -> str:
        return self.name

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Symbol) and other.name == self.name

    @override
    def __hash__(self) -> int:
        return hash(self.name)

    def __lt__(self, other: "Dim") -> bool:
        return False

    __gt__ = __le__ = __ge__ = __lt__

    def __add__(self, other: "Dim") -> "Dim":
        return self if other == 0 else Symbol(f"({self}+{other})")

    def __sub__(self, other: "Dim") -> "Dim":
        return self if other == 0 else Symbol(f"({self}-{other})")

    def __mul__(self, other: "Dim") -> "Dim":
        return other if other == 0 else self if other == 1 else Symbol(f"{self}*{other}")

    def __floordiv__(self, other: "Dim") -> "Dim":
        return self if other == 1 else Symbol(f"({self}//{other})")

    def __neg__(self) -> "Dim":
        return Symbol(f"(-{self})")

    def __mod__(self, other: "Dim") -> "Dim":
        return 0  # unknown: taken as divisible, and checked when it runs

    def __rsub__(self, other: int) -> "Dim":
        return Symbol(f"({other}-{self})")

    def __rfloordiv__(self, other: int) -> "Dim":
        return Symbol(f"({other}//{self})")

    def __rmod__(self, other: int) -> "Dim":
        return 0

    __radd__ = __add__
    __rmul__ = __mul__


Dim = int | Symbol
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


def canonical_axis(axis: int, rank: int) -> int:
    """A possibly negative axis as 0 to ``rank``; the caller refuses what falls outside."""
    return axis + rank if axis < 0 else axis


def show(shape: Shape, batch: bool = False) -> str:
    """``10x3x224x224`` for people; ``N`` for the first size with ``batch``; ``scalar`` for the empty shape."""
    if not shape:
        return "scalar"
    return "x".join("N" if batch and i == 0 else str(dim) for i, dim in enumerate(shape))
