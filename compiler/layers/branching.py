"""Where blobs come together and part."""

from collections.abc import Iterator
from itertools import pairwise

from netdef.compiler.compare_sizes import is_below, may_divide
from netdef.compiler.counted import counted
from netdef.compiler.layers.base import Arity, Layer
from netdef.compiler.layers.checks import find_axis, same_shapes
from netdef.compiler.layers.roles import V1, Colour
from netdef.compiler.override import override
from netdef.compiler.schema.message import ProtoEnum, Refusal, param
from netdef.compiler.shape import Shapes, agreed, first_to_differ
from netdef.compiler.size import Dim


class Concat(
    Layer,
    message="concat_param",
    number=104,
    bottoms=Arity(1, None),
    v0="concat",
    v1=V1("CONCAT", 3, 9),
    colour=Colour.PINK,
):
    """Join blobs along an axis.

    bottom   shapes that agree but for one axis
    top      their sizes added along it
    example  layer "both" Concat { bottom: ["a", "b"] }  # 1x64x28x28, 1x32x28x28 -> 1x96x28x28
    """

    axis: int | None = param(2, default=None, absent="1", doc="the axis")
    concat_dim: int | None = param(1, default=None, least=0, absent="axis", doc="old name of axis")

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.axis is not None and self.concat_dim is not None:
            yield Refusal("N407", "axis and its old name concat_dim stand together", at="concat_dim", help="drop it")

    def along(self, rank: int) -> int:
        """The axis, from 0."""
        old = 1 if self.concat_dim is None else self.concat_dim
        return find_axis(old if self.axis is None else self.axis, rank)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        axis = self.along(len(bottoms[0]))
        aside: Shapes = tuple(tuple(0 if at == axis else size for at, size in enumerate(shape)) for shape in bottoms)
        index = first_to_differ(aside)
        if index is not None:
            message = f"Concat joins along axis {axis}: all other sizes must agree"
            help = "look at the strides and padding of what makes them"
            raise Refusal("N206", message, at=f"bottom {index}", help=help)
        joined: Dim = sum((shape[axis] for shape in bottoms), start=0)
        top = agreed(aside)
        return ((*top[:axis], joined, *top[axis + 1 :]),)


class Slice(Layer, message="slice_param", number=126, tops=Arity(1, None), v1=V1("SLICE", 33, 31), colour=Colour.PINK):
    """Cut a blob into pieces along an axis.

    bottom   any shape
    top      a piece each: equal ones, or those that end at the slice points
    example  layer "parts" Slice { slice_point: 4 top: ["boxes", "scores"] }  # 10x25 -> 10x4, 10x21
    """

    axis: int | None = param(3, default=None, absent="1", doc="the axis")
    slice_dim: int | None = param(1, default=None, least=0, absent="axis", doc="old name of axis")
    slice_point: tuple[int, ...] = param(
        2, default=(), least=1, absent="equal parts", doc="where to cut, one less than there are tops"
    )

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.axis is not None and self.slice_dim is not None:
            yield Refusal("N407", "axis and its old name slice_dim stand together", at="slice_dim", help="drop it")

    @property
    def _field(self) -> str:
        """The field that says the axis."""
        return "slice_dim" if self.axis is None and self.slice_dim is not None else "axis"

    @property
    def _axis(self) -> int:
        """The axis as the file says it, by either name."""
        said = self.slice_dim if self.axis is None else self.axis
        return 1 if said is None else said

    def along(self, rank: int) -> int:
        """The axis, from 0."""
        return find_axis(self._axis, rank, self._field)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        shape = bottoms[0]
        if len(shape) == 1 and self._axis != 0:
            message = f"the bottom has 1 axis, and no axis {self._axis}"
            help = "a label of a Data layer is one number for each image; labels of several come by HDF5Data, say"
            raise Refusal("N205", message, at=self._field, help=help)
        axis = self.along(len(shape))
        size = shape[axis]
        if not self.slice_point:
            if not may_divide(num_tops, size):
                message = f"{size} along axis {axis} don't divide into {num_tops} tops"
                raise Refusal("N202", message, at="top", help="add slice_point, one less than there are tops")
            cuts: tuple[Dim, ...] = (size // num_tops,) * num_tops
        else:
            if len(self.slice_point) != num_tops - 1:
                need = counted(num_tops - 1, "slice point")
                message = f"{counted(num_tops, 'top')} need {need}, not {len(self.slice_point)}"
                points = f"give {num_tops - 1} slice_point" if num_tops > 1 else "drop slice_point"
                raise Refusal("N202", message, at="slice_point", help=f"{points}, or none for equal pieces")
            edges = (0, *self.slice_point, size)
            cuts = tuple(end - start for start, end in pairwise(edges))
            if any(is_below(cut, 1) for cut in cuts):
                message = f"slice points must grow and stay below {size}, the size along axis {axis}"
                raise Refusal("N202", message, at="slice_point")
        return tuple((*shape[:axis], cut, *shape[axis + 1 :]) for cut in cuts)


class Split(Layer, bottoms=1, tops=Arity(1, None), v0="split", v1=V1("SPLIT", 22)):
    """Give one blob several names.

    bottom   any shape
    top      the same, as often as there are tops
    example  layer "twice" Split { top: ["a", "b"] }  # 1x64x28x28 -> 1x64x28x28, 1x64x28x28
    """


class Combine(ProtoEnum):
    """How blobs become one, value by value."""

    PROD = 0
    SUM = 1
    MAX = 2


class Eltwise(
    Layer, message="eltwise_param", number=110, bottoms=Arity(2, None), v1=V1("ELTWISE", 25, 24), colour=Colour.PINK
):
    """Multiply, add or compare blobs value by value.

    bottom   two or more of one shape (nothing is broadcast)
    top      the same shape
    example  layer "sum" Eltwise { bottom: ["a", "b"] }  # 1x256x56x56, 1x256x56x56 -> 1x256x56x56
    """

    operation: Combine = param(1, default=Combine.SUM, doc="what to do")
    coeff: tuple[float, ...] = param(2, default=(), absent="1 each", doc="SUM: a factor for each bottom")
    stable_prod_grad: bool = param(3, default=True, doc="PROD: Caffe's slower, safer gradient; always so here")

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.coeff and self.operation is not Combine.SUM:
            yield Refusal("N202", "only SUM takes coefficients", at="coeff", help="drop them, or use operation: SUM")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        shape = same_shapes(bottoms, "Eltwise")
        if self.coeff and len(self.coeff) != len(bottoms):
            message = f"{len(bottoms)} bottoms need {len(bottoms)} coefficients, not {len(self.coeff)}"
            raise Refusal("N202", message, at="coeff", help="give one for each bottom, or none")
        return (shape,)


class Silence(Layer, bottoms=Arity(1, None), tops=0, v1=V1("SILENCE", 36)):
    """Take blobs that nobody else reads, so that they don't count as outputs.

    bottom   any shapes
    top      none
    example  layer "unused" Silence  # 10x1 ->
    """
