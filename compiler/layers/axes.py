"""The same values along other axes, or in another order along them."""

from collections.abc import Iterator
from typing import Self

from netdef.compiler.compare_sizes import Comparison, compare, may_divide
from netdef.compiler.counted import counted
from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.checks import find_axis, need_rank
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shape, Shapes


class Permute(Layer, origin="ssd", message="permute_param", number=202, keeps_positions=False):
    """Put the axes in another order, as SSD does before it flattens its predictions.

    bottom   any shape
    top      axis i is the bottom's axis ``order[i]``; axes that ``order`` leaves out follow in their own order
    example  layer "perm" Permute { order: [0, 2, 3, 1] }  # 1x16x38x38 -> 1x38x38x16
    """

    order: tuple[int, ...] = param(1, default=(), least=0, doc="the bottom's axes, in their new order")

    @override
    def problems(self) -> Iterator[Refusal]:
        for place, axis in enumerate(self.order):
            if axis in self.order[:place]:
                help = "name each axis once; those left out follow"
                yield Refusal("N202", f"axis {axis} stands twice in order", at=f"order {place}", help=help)
                return

    def of(self, rank: int) -> tuple[int, ...]:
        """All axes of a bottom in their new order."""
        for place, axis in enumerate(self.order):
            if axis >= rank:
                message = f"the bottom has {counted(rank, 'axis', 'axes')}, and no axis {axis}"
                raise Refusal("N205", message, at=f"order {place}", help=f"use 0 to {rank - 1}" if rank else None)
        return (*self.order, *(axis for axis in range(rank) if axis not in self.order))

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        (bottom,) = bottoms
        return (tuple(bottom[axis] for axis in self.of(len(bottom))),)


class Transpose(Layer, origin="ctpn", message="transpose_param", keeps_positions=False):
    """Put the axes in another order, all of them named.

    bottom   any shape
    top      axis i is the bottom's axis ``dim[i]``
    example  layer "t" Transpose { dim: [3, 2, 0, 1] }  # 1x512x37x56 -> 56x37x1x512
    """

    dim: tuple[int, ...] = param(1, default=(), doc="the bottom's axes, in their new order")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        (bottom,) = bottoms
        if sorted(self.dim) != [*range(len(bottom))]:
            message = f"dim must name each of the bottom's {counted(len(bottom), 'axis', 'axes')} once"
            help = f"write dim: [{', '.join(map(str, range(len(bottom))))}] in another order"
            raise Refusal("N205", message, at="dim", help=help)
        return (tuple(bottom[axis] for axis in self.dim),)


class Reverse(Layer, origin="ctpn", message="reverse_param", keeps_positions=False):
    """The values along one axis from the last to the first, so that a recurrent layer reads a row backwards.

    bottom   any shape
    top      the same shape
    example  layer "backwards" Reverse { axis: 0 }  # 56x37x512 -> 56x37x512
    """

    axis: int = param(1, default=0, doc="the axis, from 0")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if self.axis < 0:
            message = f"axis counts from 0, and is {self.axis}"
            help = f"use {self.axis + len(bottoms[0])}" if self.axis + len(bottoms[0]) >= 0 else None
            raise Refusal("N205", message, at="axis", help=help)
        find_axis(self.axis, len(bottoms[0]))
        return bottoms


class Flip(Layer, origin="happynear", message="flip_param", keeps_positions=False):
    """An image mirrored.

    bottom   (N, C, H, W)
    top      the same shape
    example  layer "mirrored" Flip  # 1x3x112x96 -> 1x3x112x96
    """

    flip_width: bool = param(1, default=True, doc="left to right")
    flip_height: bool = param(2, default=False, doc="top to bottom")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "Flip")
        return bottoms

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes that are mirrored."""
        return tuple(axis for axis, flips in ((2, self.flip_height), (3, self.flip_width)) if flips)


class Squeeze(Layer, origin="public copies", message="squeeze_param", keeps_positions=False):
    """Leave out axes of size 1.

    bottom   any shape
    top      the bottom's without ``axis``, or without any axis of size 1
    example  layer "vector" Squeeze { axis: [2, 3] }  # 1x512x1x1 -> 1x512
    """

    axis: tuple[int, ...] = param(1, default=(), absent="all of size 1", doc="the axes, which may count from the end")

    def dropped(self, shape: Shape) -> tuple[int, ...]:
        """The axes that are left out."""
        if not self.axis:
            return tuple(axis for axis, size in enumerate(shape) if size == 1)
        found = tuple(sorted({find_axis(axis, len(shape)) for axis in self.axis}))
        for axis in found:
            if compare(shape[axis], 1) is Comparison.DIFFERENT:
                message = f"only an axis of size 1 can be left out, and axis {axis} has {shape[axis]}"
                raise Refusal("N208", message, at="axis", help="a Reshape or Flatten joins axes")
        return found

    @override
    def for_any_batch(self, bottoms: Shapes, tops: Shapes) -> Self:
        """The axes that are left out of the file's own sizes stay those."""
        return self.replace(axis=self.dropped(bottoms[0]))

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        (bottom,) = bottoms
        dropped = self.dropped(bottom)
        return (tuple(size for axis, size in enumerate(bottom) if axis not in dropped),)


class ShuffleChannel(Layer, origin="shufflenet", message="shuffle_channel_param", number=164):
    """Channels of each group dealt out in turn (Zhang et al. 2017, ShuffleNet).

    bottom   (N, C, ...)
    top      the same shape: channel i n + j goes to j group + i, with n = C / group
    example  layer "shuffle" ShuffleChannel { group: 3 }  # 1x240x28x28 -> 1x240x28x28
    """

    group: int = param(1, default=1, least=1, doc="how many groups there are")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        (bottom,) = bottoms
        if len(bottom) < 2:
            raise Refusal("N203", "ShuffleChannel needs a channel axis behind the batch", at="bottom 0")
        if not may_divide(self.group, bottom[1]):
            message = f"{bottom[1]} channels don't divide into {self.group} groups"
            raise Refusal("N202", message, at="group", help="make group divide the bottom's channels")
        return bottoms


class Gather(Layer, origin="tsn"):
    """Bring together what several processes have of one batch: in one process, the bottom itself.

    bottom   any shape
    top      the same shape
    example  layer "all" Gather  # 8x1024 -> 8x1024
    """
