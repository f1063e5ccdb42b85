"""What shape rules of many layer types ask of their bottoms, and how they say no."""

from typing import NamedTuple

from netdef.compiler.compare_sizes import is_below
from netdef.compiler.counted import counted
from netdef.compiler.layers.base import Arithmetic, Window
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Pair, Shape, Shapes, agreed, first_to_differ, show
from netdef.compiler.size import Dim


class Sides(NamedTuple):
    """Pixels around an image (N, C, H, W): above, below, at the left and at the right."""

    top: int
    bottom: int
    left: int
    right: int

    def around(self, shape: Shape) -> Shape:
        """The image with them."""
        n, c, h, w = shape
        return n, c, h + self.top + self.bottom, w + self.left + self.right


def sides_of(top: int | None, bottom: int | None, left: int | None, right: int | None) -> Sides | None:
    """What is given of an image's sides, 0 for the others; None if nothing is."""
    if top is bottom is left is right is None:
        return None
    return Sides(top or 0, bottom or 0, left or 0, right or 0)


def need_rank(bottoms: Shapes, rank: int, why: str) -> None:
    """Refuse a first bottom without ``rank`` axes; ``why`` says what the layer does with them."""
    if len(bottoms[0]) != rank:
        message = f"{why} needs {counted(rank, 'axis', 'axes')}, and the bottom has {len(bottoms[0])}"
        raise Refusal("N203", message, at="bottom 0", help="a Reshape layer can add axes")


def same_shapes(bottoms: Shapes, what: str) -> Shape:
    """The one shape that all bottoms have; refuse those that differ, for Caffe never broadcasts."""
    index = first_to_differ(bottoms)
    if index is not None:
        raise other_shape(index, what)
    return agreed(bottoms)


def other_shape(index: int, what: str) -> Refusal:
    """The no to a bottom that has not the shape of those before it."""
    help = "nothing is broadcast: look at the strides, padding and channels of what makes them"
    return Refusal("N206", f"{what} needs bottoms of one shape", at=f"bottom {index}", help=help)


def one_pixel(kernel: tuple[int, ...]) -> Refusal:
    """A lint of a window over a map of one position: all of it but one value meets the border."""
    message = f"a {show(kernel)} window over a map of one position sees one value, and else the border"
    return Refusal(
        "N626", message, at="kernel", help="kernel_size: 1 and pad: 0 compute the same here from fewer numbers"
    )


def windows(size: int, kernel: int, stride: int, pad: int, top: int) -> Arithmetic:
    """How many positions a window has, in numbers."""
    padded = f"{size} + 2 * {pad}" if pad else f"{size}"
    return Arithmetic(f"({padded} - {kernel}) / {stride} + 1", (size + 2 * pad - kernel) / stride + 1, top)


def find_axis(axis: int, rank: int, at: str = "axis", *, end: bool = False) -> int:
    """An axis as a number from 0; negative ones count from the end. ``end`` allows the place behind the last."""
    found = axis + rank + (1 if end else 0) if axis < 0 else axis
    if not 0 <= found < rank + (1 if end else 0):
        message, help = f"the bottom has {rank} axes, and no axis {axis}", f"use {-rank} to {rank - 1}"
        if rank == 1:
            message, help = f"the bottom has 1 axis, and no axis {axis}", "it has axis 0 alone"
        elif rank == 0:
            message, help = "the bottom has no axes: it is one number", "a Reshape layer can add some: shape { dim: 1 }"
        raise Refusal("N205", message, at=at, help=help)
    return found


def is_empty(sizes: Shape) -> bool:
    """Whether there is no position along some of these axes, whatever a run finds."""
    return any(is_below(size, 1) for size in sizes)


def whole_image(bottom: Shape) -> Window | None:
    """The window that takes in a whole image (N, C, H, W); None where only a run knows its size."""
    h, w = bottom[2:]
    return Window(Pair(h, w), Pair(1, 1)) if isinstance(h, int) and isinstance(w, int) else None


def known_sizes(*dims: Dim) -> tuple[int, ...]:
    """Sizes that a weight's shape needs, so that only a run's knowledge is refused."""
    known = []
    for dim in dims:
        if not isinstance(dim, int):
            message = f"a weight's shape depends on {dim}, which only a run can tell"
            raise Refusal("N207", message, at="bottom 0", help="declare it as a number, if it is one")
        known.append(dim)
    return tuple(known)
