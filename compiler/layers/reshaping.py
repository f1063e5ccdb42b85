"""The same values under another shape."""

from collections.abc import Iterator
from contextlib import suppress
from math import isqrt
from typing import Self

from netdef.compiler.compare_sizes import Comparison, compare, may_divide
from netdef.compiler.counted import counted
from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.roles import V1
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import BlobShape
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shape, Shapes, product, show, show_size
from netdef.compiler.size import Dim


class ReshapeTo(BlobShape):
    """Sizes in which 0 copies the bottom's and -1 is worked out from the rest."""

    dim: tuple[int, ...] = param(1, default=(), least=-1, bits=64, doc="sizes; 0 copies the bottom's, -1 is worked out")


class Flatten(Layer, message="flatten_param", number=135, v0="flatten", v1=V1("FLATTEN", 8), keeps_positions=False):
    """Make one axis of several.

    bottom   any shape
    top      axes ``axis`` to ``end_axis`` (included) as one
    example  layer "flat" Flatten  # 1x512x7x7 -> 1x25088
    """

    axis: int = param(1, default=1, doc="the first axis")
    end_axis: int = param(2, default=-1, doc="the last axis")

    def span(self, rank: int) -> tuple[int, int]:
        """The first and last axis, from 0."""
        first, last = find_axis(self.axis, rank), find_axis(self.end_axis, rank, "end_axis")
        if last < first:
            raise Refusal("N205", f"end_axis {last} lies before axis {first}", at="end_axis")
        return first, last

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        shape = bottoms[0]
        first, last = self.span(len(shape))
        return ((*shape[:first], product(shape[first : last + 1]), *shape[last + 1 :]),)


class Reshape(Layer, message="reshape_param", number=133, keeps_positions=False):
    """Give the values other axes, in row-major order.

    bottom   any shape
    top      the bottom's with ``num_axes`` axes from ``axis`` on replaced by ``shape``
    example  layer "rows" Reshape { shape { dim: [0, -1, 21] } }  # 1x84x10x10 -> 1x400x21
    """

    shape: ReshapeTo = param(1, default=ReshapeTo(), doc="the sizes that replace the bottom's")
    axis: int = param(2, default=0, doc="the first axis that is replaced")
    num_axes: int = param(3, default=-1, least=-1, doc="how many axes are replaced; -1 for all the rest")

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.shape.dim.count(-1) > 1:
            yield Refusal("N202", "only one size can be worked out from the rest", at="shape", help="keep one -1")

    def replaced(self, rank: int) -> tuple[int, int]:
        """The first replaced axis and the one behind the last."""
        first = find_axis(self.axis, rank, end=True)
        last = rank if self.num_axes == -1 else first + self.num_axes
        if last > rank:
            message = f"{self.num_axes} axes from axis {first} on, and the bottom has {rank}"
            raise Refusal("N205", message, at="num_axes")
        return first, last

    @override
    def for_any_batch(self, bottoms: Shapes, tops: Shapes) -> Self:
        """A first size written as a number, if it is the batch, follows it.

        Deploy files write ``dim: 1 dim: 1024``. Read so, each sample is reshaped alike, at the file's batch and at any.
        """
        (bottom,), (top,) = bottoms, tops
        first, _ = self.replaced(len(bottom))
        dims = self.shape.dim
        if first == 0 and dims and dims[0] > 0 and bottom and bottom[0] == top[0] == dims[0]:
            return self.replace(shape=ReshapeTo(dim=(0, *dims[1:])))
        return self

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        bottom = bottoms[0]
        top = self._made_of(bottom)
        if not _holds(top, bottom):
            wanted = "x".join("?" if size == -1 else show_size(size) for size in top) or show(top)
            message = f"{show(bottom)} has {product(bottom)} values, which don't fill {wanted}"
            raise Refusal("N208", message, at="shape", help=self._help(bottom))
        return (top,)

    def _made_of(self, bottom: Shape) -> Shape:
        """The sizes of the top; -1 for one that can't be worked out."""
        first, last = self.replaced(len(bottom))
        sizes: list[Dim] = []
        for index, dim in enumerate(self.shape.dim):
            if dim == 0 and first + index >= len(bottom):
                axes = counted(len(bottom), "axis", "axes")
                message = f"size {index} copies axis {first + index}, and the bottom has {axes}"
                raise Refusal("N205", message, at="shape")
            sizes.append(bottom[first + index] if dim == 0 else dim)
        before, behind = bottom[:first], bottom[last:]
        if -1 in sizes:
            rest = product((*before, *(s for s in sizes if s != -1), *behind))
            sizes[sizes.index(-1)] = self._worked_out(bottom, rest)
        return (*before, *sizes, *behind)

    def _help(self, bottom: Shape) -> str:
        """Sizes that do hold the bottom's values, as near to what is written as can be found."""
        for dims in self._instead(bottom):
            with suppress(Refusal):
                if _holds(self.replace(shape=ReshapeTo(dim=dims))._made_of(bottom), bottom):
                    return f"write {' '.join(f'dim: {dim}' for dim in dims)}, say: then the sizes hold all values"
        return f"the sizes must multiply to {product(bottom)}: those of the bottom, in other groups"

    def _instead(self, bottom: Shape) -> Iterator[tuple[int, ...]]:
        """What may be meant: the bottom's batch kept and the rest an image, the sizes that are left out, -1 for one."""
        dims = self.shape.dim
        rest = product(bottom[1:])
        if len(bottom) == 2 and len(dims) < 2 and isinstance(rest, int) and isqrt(rest) ** 2 == rest > 1:
            yield (0, 1, isqrt(rest), isqrt(rest))
        if -1 not in dims:
            yield from ((*dims[:at], -1, *dims[at + 1 :]) for at in reversed(range(len(dims))) if dims[at] != 0)
        else:
            yield from ((*dims[:at], 1, *dims[at + 1 :]) for at in range(len(dims)) if dims[at] > 1)
            yield from (dims[:at] + dims[at + 1 :] for at in range(len(dims)) if dims[at] > 1)
        yield (*dims[:1], -1)

    @staticmethod
    def _worked_out(bottom: Shape, rest: Dim) -> Dim:
        """The size that ``rest`` leaves of a bottom; -1 if there is none."""
        fits = rest != 0 and (not isinstance(rest, int) or may_divide(rest, product(bottom)))
        return product(bottom) // rest if fits else -1


def _holds(top: Shape, bottom: Shape) -> bool:
    """Whether as many values are in a top, as far as anybody can tell."""
    return -1 not in top and compare(product(bottom), product(top)) is not Comparison.DIFFERENT
