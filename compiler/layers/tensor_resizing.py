"""TensorFlow's two ways to resize an image, which a fork for accelerators has as layers."""

from collections.abc import Iterator
from fractions import Fraction
from math import inf

from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.checks import is_empty, need_rank
from netdef.compiler.layers.roles import Colour
from netdef.compiler.layers.tensor_ops import FORK, LAST
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shapes

_FINEST = 1 << 12
"""The denominator up to which a factor, which is a float, is read as a fraction: 0.1 is a tenth."""


class _Resizing(Layer):
    """What both share: the sizes."""

    align_corners: bool = param(1, default=False, doc="the corners stay where they are")
    output_height: int | None = param(2, default=None, least=1, absent="scale_height", doc="H', in pixels")
    output_width: int | None = param(3, default=None, least=1, absent="scale_width", doc="W', in pixels")
    data_format: str = param(4, default=LAST, doc="NHWC, or anything else for NCHW")
    scale_height: float = param(5, default=1.0, doc="how much higher; what is no whole pixel is left out")
    scale_width: float = param(6, default=1.0, doc="how much wider")
    half_pixel_centers: bool = param(0, default=False, doc="a pixel is where its centre is, and not its corner")

    @property
    def rules(self) -> tuple[str, ...]:
        """The fields that say where pixels are, of which one may be true."""
        return ("align_corners", "half_pixel_centers")

    @override
    def problems(self) -> Iterator[Refusal]:
        chosen = [name for name in self.rules if getattr(self, name)]
        if len(chosen) > 1:
            yield Refusal("N407", f"{chosen[1]} excludes {chosen[0]}", at=chosen[1], help="keep one of them")
        for name in ("scale_height", "scale_width"):
            if not 0 < getattr(self, name) < inf:
                message = f"{name} must be above 0 and finite, and is {getattr(self, name):g}"
                yield Refusal("N202", message, at=name)

    @property
    def axes(self) -> tuple[int, int]:
        """The axes of an image's height and width."""
        return (1, 2) if self.data_format == LAST else (2, 3)

    @property
    def scales(self) -> tuple[Fraction, Fraction]:
        """How much higher and wider, where no size is given."""
        height, width = (Fraction(scale).limit_denominator(_FINEST) for scale in (self.scale_height, self.scale_width))
        return height, width

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, self.type_name)
        top = list(bottoms[0])
        for axis, size, scale in zip(self.axes, (self.output_height, self.output_width), self.scales, strict=True):
            top[axis] = top[axis] * scale.numerator // scale.denominator if size is None else size
        if is_empty(tuple(top[axis] for axis in self.axes)):
            message = "nothing is left of the image"
            raise Refusal("N204", message, help="give output_height and output_width, or greater scales")
        return (tuple(top),)


class ResizeNearestNeighbor(
    _Resizing, origin=FORK, message="resize_nearest_neighbor_param", number=210, colour=Colour.PINK
):
    """An image of another size, each pixel the nearest one of the bottom (TensorFlow's resize_nearest_neighbor).

    bottom   (N, H, W, C), or (N, C, H, W) where data_format says so
    top      the same with the sides output_height and output_width, or the scales times longer
    example  layer "up" ResizeNearestNeighbor { scale_height: 2 scale_width: 2 data_format: "NCHW" }
             # 1x64x13x13 -> 1x64x26x26
    """

    half_pixel_onnx: bool = param(0, default=False, doc="the same, rounded down as ONNX does")

    @property
    @override
    def rules(self) -> tuple[str, ...]:
        return (*super().rules, "half_pixel_onnx")


class ResizeBilinear(_Resizing, origin=FORK, message="resize_bilinear_param", number=226, colour=Colour.PINK):
    """An image of another size, each pixel the mean of four, by their nearness (TensorFlow's resize_bilinear).

    bottom   (N, H, W, C), or (N, C, H, W) where data_format says so
    top      the same with the sides output_height and output_width, or the scales times longer
    example  layer "up" ResizeBilinear { output_height: 64 output_width: 128 data_format: "NCHW" }
             # 1x19x32x64 -> 1x19x64x128
    """
