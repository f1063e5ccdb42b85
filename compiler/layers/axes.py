"""The same values with their axes in another order."""

from collections.abc import Iterator

from netdef.compiler.counted import counted
from netdef.compiler.layers.base import Layer
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shapes


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
