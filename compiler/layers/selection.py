"""Which samples or positions of a blob go on, and how often."""

from collections.abc import Mapping

from netdef.compiler.compare_sizes import is_below
from netdef.compiler.counted import counted
from netdef.compiler.layers.base import Arity, Layer
from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.roles import Colour
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shape, Shapes, differ, show, show_size
from netdef.compiler.size import Dim, symbol


class Crop(Layer, message="crop_param", number=144, bottoms=2, colour=Colour.PINK):
    """Cut the first bottom to the size of the second.

    bottom   any shape; a second whose sizes from ``axis`` on are taken, whatever its values
    top      the first's sizes before ``axis``, the second's from there on
    example  layer "score" Crop { bottom: ["up", "data"] offset: 19 }  # 1x21x568x568, 1x3x500x500 -> 1x21x500x500
    """

    axis: int = param(1, default=2, doc="the first axis that is cut")
    offset: tuple[int, ...] = param(
        2, default=(), least=0, absent="0", doc="where the piece begins: once for all axes from axis on, or for each"
    )

    def starts(self, rank: int) -> tuple[int, ...]:
        """Where the piece begins along each axis that is cut."""
        num_axes = rank - find_axis(self.axis, rank)
        if len(self.offset) <= 1:
            return (self.offset or (0,)) * num_axes
        if len(self.offset) != num_axes:
            message = f"{counted(num_axes, 'axis is', 'axes are')} cut, and there are {len(self.offset)} offsets"
            raise Refusal("N202", message, at="offset", help="give one for all, or one for each")
        return self.offset

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        whole, wanted = bottoms
        axis = find_axis(self.axis, len(whole))
        starts = self.starts(len(whole))
        if len(wanted) < len(whole):
            message = f"a bottom of {counted(len(whole), 'axis', 'axes')} is cut to {show(wanted)}, which has fewer"
            raise Refusal("N206", message, at="bottom 1")
        for index, start in enumerate(starts, axis):
            if is_below(whole[index] - wanted[index], start):
                piece = f"a piece of {show_size(wanted[index])} from {start} on"
                message = f"{piece} does not lie within {show_size(whole[index])}, the size along axis {index}"
                at, help = ("offset", "make the offset less") if start else ("bottom 0", "crop the larger blob")
                raise Refusal("N202", message, at=at, help=f"{help}, or look at the strides and padding of both")
        return ((*whole[:axis], *wanted[axis : len(whole)]),)


class BatchReindex(Layer, bottoms=2, keeps_positions=True):
    """The samples that a list names, in its order; a sample may come several times, or never.

    bottom   (N, ...); a list (M) of numbers from 0 to N - 1
    top      (M, ...)
    example  layer "chosen" BatchReindex { bottom: ["x", "list"] }  # 4x3x8x8, 6 -> 6x3x8x8

    No gradient goes back to the list.
    """

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        samples, names = bottoms
        find_axis(0, len(samples))
        if len(names) != 1:
            message = f"the list of samples has one axis, and {show(names)} has {len(names)}"
            raise Refusal("N203", message, at="bottom 1", help="a Reshape or Flatten can make one axis of them")
        return ((*names, *samples[1:]),)

    @override
    def numbers(self, bottoms: Shapes) -> Mapping[int, Dim]:
        return {1: bottoms[0][0]}


class Filter(Layer, bottoms=Arity(2, None), tops=Arity(1, None)):
    """The samples for which the last bottom is not 0: only a run knows how many.

    bottom   blobs of one batch size (N, ...); last the selector, (N) or (N, 1, ...)
    top      a blob (K, ...) for each but the selector
    example  layer "kept" Filter { bottom: ["x", "keep"] }  # 5x3x8x8, 5 -> Kx3x8x8

    No gradient goes back to the selector, nor to samples that are left out.
    """

    @property
    @override
    def run_sizes(self) -> tuple[str, ...]:
        return ("K",)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        *blobs, selector = bottoms
        if num_tops != len(blobs):
            message = f"there is a top for each bottom but the last, the selector: {len(blobs)}, not {num_tops}"
            raise Refusal("N503", message, at="top", help="name a top for each")
        find_axis(0, len(selector))
        if differ(selector[1:], (1,) * len(selector[1:])):
            message = f"the selector has one number for each sample, and is {show(selector)}"
            raise Refusal("N206", message, at=f"bottom {len(blobs)}", help="make it N x 1")
        for index, blob in enumerate(blobs):
            find_axis(0, len(blob))
            if differ(blob[:1], selector[:1]):
                message = "the selector has a number for each sample, and the batches differ"
                raise Refusal("N206", message, at=f"bottom {index}")
        return tuple((symbol("K"), *blob[1:]) for blob in blobs)

    @override
    def numbers(self, bottoms: Shapes) -> Mapping[int, Dim]:
        return {len(bottoms) - 1: 2}


class Tile(Layer, message="tile_param", number=138, keeps_positions=False):
    """Repeat a blob along an axis.

    bottom   any shape
    top      the same, with ``tiles`` times the size along ``axis``
    example  layer "thrice" Tile { tiles: 3 }  # 2x4x7x9 -> 2x12x7x9
    """

    axis: int = param(1, default=1, doc="the axis")
    tiles: int = param(2, least=1, doc="how many copies stand one behind the other")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        shape: Shape = bottoms[0]
        axis = find_axis(self.axis, len(shape))
        return ((*shape[:axis], shape[axis] * self.tiles, *shape[axis + 1 :]),)
