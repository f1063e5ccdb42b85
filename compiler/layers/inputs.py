"""Tops from nowhere: inputs that somebody feeds, and made-up data."""

from collections.abc import Iterator

from netdef.compiler.counted import counted
from netdef.compiler.layers.base import Arity, Layer, Weight
from netdef.compiler.layers.roles import V1, Colour
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import BlobShape, Filler
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shapes, show


class Input(Layer, message="input_param", number=143, bottoms=0, tops=Arity(1, None), fed=True, colour=Colour.GREY):
    """Blobs that whoever runs the net feeds.

    top      one shape for all, or one for each
    example  layer "data" Input { shape { dim: [1, 3, 224, 224] } }  # -> 1x3x224x224
    """

    shape: tuple[BlobShape, ...] = param(1, default=(), absent="--size", doc="one shape for all tops, or one for each")

    @override
    def doubts(self, bottoms: Shapes) -> Iterator[Refusal]:
        for shape in self.shape:
            if 0 in shape.dim:
                message = f"{show(shape.dim)} holds no value: a size is 0"
                yield Refusal("N606", message, at="shape", help="give every axis a size of 1 or more")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if len(self.shape) not in (1, num_tops):
            message = f"{counted(num_tops, 'top')} need one shape, or one each, and not {len(self.shape)}"
            raise Refusal("N201", message, at="shape", help="add shape { dim: 1 dim: 3 dim: 224 dim: 224 }")
        shapes = tuple(shape.dim for shape in self.shape)
        return shapes * num_tops if len(shapes) == 1 else shapes


class DummyData(
    Layer,
    message="dummy_data_param",
    number=109,
    bottoms=0,
    tops=Arity(1, None),
    v1=V1("DUMMY_DATA", 32, 26),
    colour=Colour.GREY,
):
    """Made-up data: every top filled by a filler, at each pass anew unless it is constant.

    top      one shape for all, or one for each
    example  layer "ones" DummyData { shape { dim: [2, 3] } data_filler { value: 1 } }  # -> 2x3
    """

    data_filler: tuple[Filler, ...] = param(
        1, default=(), absent="constant 0", doc="one filler for all tops, or one for each"
    )
    shape: tuple[BlobShape, ...] = param(
        6, default=(), absent="num, ...", doc="one shape for all tops, or one for each"
    )
    num: tuple[int, ...] = param(2, default=(), least=0, absent="shape", doc="old form of a shape's first size")
    channels: tuple[int, ...] = param(3, default=(), least=0, absent="shape", doc="old form of its second")
    height: tuple[int, ...] = param(4, default=(), least=0, absent="shape", doc="old form of its third")
    width: tuple[int, ...] = param(5, default=(), least=0, absent="shape", doc="old form of its fourth")

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.shape and self.num:
            yield Refusal("N407", "shape and its old form num, channels, height, width stand together", at="num")
        if not self.shape and not self.num:
            yield Refusal("N201", "DummyData needs a shape", help="add shape { dim: 10 dim: 3 }")

    def filler(self, top: int) -> Filler:
        """The filler of a top; constant 0 if the file gives none."""
        fillers = self.data_filler or (Filler(),)
        return fillers[top if len(fillers) > 1 else 0]

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        old = (self.num, self.channels, self.height, self.width)
        if not self.shape and len({len(sizes) for sizes in old}) > 1:
            raise Refusal("N202", "num, channels, height and width must come equally often", at="num")
        shapes = tuple(shape.dim for shape in self.shape) or tuple(zip(*old, strict=True))
        for count, at in ((len(shapes), "shape"), (len(self.data_filler) or 1, "data_filler")):
            if count not in (1, num_tops):
                raise Refusal("N202", f"{counted(num_tops, 'top')} need one {at}, or one each, and not {count}", at=at)
        return shapes * num_tops if len(shapes) == 1 else shapes


class Parameter(Layer, message="parameter_param", number=145, bottoms=0):
    """A learned blob by itself, for layers that multiply or add it.

    top      the shape that the file gives
    weights  value (the same)
    example  layer "centres" Parameter { shape { dim: [10, 64] } }  # -> 10x64

    No filler fills it: without stored weights it is 0 (parameter_layer.hpp).
    """

    shape: BlobShape = param(1, default=BlobShape(), doc="the shape; none is that of one number")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        return (self.shape.dim,)

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        return (Weight("value", self.shape.dim, Filler()),)
