"""Images made larger or smaller."""

from collections.abc import Iterator

from netdef.compiler.compare_sizes import is_below
from netdef.compiler.layers.base import Arity, Layer
from netdef.compiler.layers.checks import is_empty, need_rank
from netdef.compiler.layers.roles import Colour, Written
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shapes, differ, show
from netdef.compiler.size import Dim


class Interp(Layer, origin="pspnet", message="interp_param", number=143, bottoms=Arity(1, 2), colour=Colour.PINK):
    """Bilinear interpolation between the corners, which stay where they are.

    bottom   (N, C, H, W); ICNet's copy takes a second one, which has the size to be made
    top      (N, C, H', W'): (H - 1) / shrink + 1 for a shrink_factor alone, H + (H - 1) (zoom - 1) for a zoom_factor
             alone, else height x width, else both factors, shrink first; H and W are those of the cropped bottom
    example  layer "up" Interp { height: 60 width: 60 }  # 1x21x8x8 -> 1x21x60x60

    One factor wins over height and width, and these over two factors (interp_layer.cpp). A pad below 0 crops rows
    and columns alike.
    """

    height: int = param(1, default=0, least=0, doc="H', in pixels")
    width: int = param(2, default=0, least=0, doc="W', in pixels")
    zoom_factor: int | None = param(3, default=None, least=1, absent="1", doc="how much larger")
    shrink_factor: int | None = param(4, default=None, least=1, absent="1", doc="how much smaller")
    pad_beg: int = param(5, default=0, doc="minus the rows and columns that are cut off at the top and the left")
    pad_end: int = param(6, default=0, doc="minus those at the bottom and the right")
    use_blob_size: bool = param(0, default=False, doc="ICNet's copy: the size is that of the second bottom")

    @override
    def problems(self) -> Iterator[Refusal]:
        for name in ("pad_beg", "pad_end"):
            if getattr(self, name) > 0:
                message = f"{name} can only crop: it must be 0 or less"
                yield Refusal(
                    "N202", message, at=name, help="put the zeros around the image before it, by a Convolution"
                )

    @property
    def _is_sized(self) -> bool:
        return bool(self.height and self.width)

    def cropped(self, size: Dim) -> Dim:
        """What is left of a side."""
        return size + (self.pad_beg + self.pad_end)

    def _resized(self, size: Dim, wanted: int) -> Dim:
        """What becomes of a side that is left."""
        shrink, zoom = self.shrink_factor, self.zoom_factor
        if (shrink is None) == (zoom is None) and self._is_sized:
            return wanted
        if shrink is not None:
            size = (size - 1) // shrink + 1
        return size + (size - 1) * ((zoom or 1) - 1)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "Interp")
        n, c, *sides = bottoms[0]
        left = tuple(map(self.cropped, sides))
        if is_empty(left):
            raise Refusal("N204", f"cropping leaves nothing of a {show(tuple(sides))} image", at="pad_beg")
        if len(bottoms) == 2:
            return ((n, c, *_size_of_second(bottoms)),)
        if not (self._is_sized or self.shrink_factor or self.zoom_factor):
            help = "write height and width, both in pixels, or zoom_factor, or shrink_factor"
            raise Refusal("N201", "Interp needs a size for both sides, or a factor", help=help)
        wanted = (self.height, self.width)
        top = tuple(self._resized(size, goal) for size, goal in zip(left, wanted, strict=True))
        return ((n, c, *top),)


def _size_of_second(bottoms: Shapes) -> tuple[Dim, Dim]:
    if len(bottoms[1]) != 4:
        raise Refusal("N203", "the second bottom gives the size, and has four axes", at="bottom 1")
    return bottoms[1][2], bottoms[1][3]


class BilinearInterpolation(
    Layer, origin="public copies", message="bilinear_interpolation_param", bottoms=Arity(1, 2), colour=Colour.PINK
):
    """Bilinear interpolation between the corners, which stay where they are, by a factor or to another blob's size.

    bottom   (N, C, H, W); a second one, of four axes, has the size to be made
    top      (N, C, H', W'): those of the second bottom, or interpolation_factor times H and W
    example  layer "up" BilinearInterpolation { bottom: ["score", "data"] }  # 1x21x8x8, 1x3x60x60 -> 1x21x60x60
    """

    interpolation_factor: int | None = param(0, default=None, least=1, absent="none", doc="how much larger")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "BilinearInterpolation")
        n, c, height, width = bottoms[0]
        if len(bottoms) == 2:
            return ((n, c, *_size_of_second(bottoms)),)
        if self.interpolation_factor is None:
            help = "write interpolation_factor: 2, say, or a second bottom, which has the size to be made"
            raise Refusal("N201", "BilinearInterpolation needs a factor, or a second bottom", help=help)
        return ((n, c, height * self.interpolation_factor, width * self.interpolation_factor),)


class UnpoolingUpsample(
    Layer, name="Upsample", origin="segnet", message="upsample_param", bottoms=2, colour=Colour.PINK
):
    """SegNet's unpooling: each value goes where the maximum that it came from was.

    bottom   (N, C, H, W), a mask of that shape: positions row W' + column, as MAX Pooling's second top has them
    top      (N, C, H', W'), 0 elsewhere: upsample_h x upsample_w, or scale times larger
    example  layer "up" Upsample { bottom: ["pool", "mask"] scale: 2 }  # 1x64x8x8, 1x64x8x8 -> 1x64x16x16

    Where windows overlap, the last one that names a place wins.
    """

    scale: int | None = param(1, default=None, absent="2", doc="how much larger")
    scale_h: int | None = param(2, default=None, absent="scale", doc="how much higher")
    scale_w: int | None = param(3, default=None, absent="scale", doc="how much wider")
    pad_out_h: bool = param(4, default=False, doc="one row less, where pooling rounded up")
    pad_out_w: bool = param(5, default=False, doc="one column less")
    upsample_h: int | None = param(6, default=None, least=1, absent="scale", doc="H', in pixels")
    upsample_w: int | None = param(7, default=None, least=1, absent="scale", doc="W', in pixels")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return written.num_bottoms == 2

    @override
    def problems(self) -> Iterator[Refusal]:
        for name, other in (("upsample_h", "upsample_w"), ("upsample_w", "upsample_h")):
            if getattr(self, name) is not None and getattr(self, other) is None:
                yield Refusal("N407", f"{name} needs {other} beside it", at=name, help=f"add {other}")
        if self.upsample_h is not None or self.upsample_w is not None:
            return
        if self.scale is not None and (self.scale_h is not None or self.scale_w is not None):
            yield Refusal("N407", "scale excludes scale_h and scale_w", at="scale", help="keep scale, or the two")
        elif (self.scale_h is None) != (self.scale_w is None):
            given, missing = ("scale_h", "scale_w") if self.scale_w is None else ("scale_w", "scale_h")
            yield Refusal("N407", f"{given} needs {missing} beside it", at=given, help=f"add {missing}")
        else:
            yield from self._scales()

    def _scales(self) -> Iterator[Refusal]:
        names = ("scale_h", "scale_w") if self.scale is None else ("scale",)
        for name in names:
            value = getattr(self, name)
            if value is not None and value < 2:
                yield Refusal("N202", f"{name} must be above 1, and is {value}", at=name, help="leave the layer out")
        for side, scale in zip("hw", self.scales, strict=True):
            if getattr(self, f"pad_out_{side}") and scale > 2:
                message = f"pad_out_{side} takes back what pooling by 2 rounded up, and the scale is {scale}"
                yield Refusal("N202", message, at=f"pad_out_{side}", help=f"give upsample_{side}, in pixels")

    @property
    def scales(self) -> tuple[int, int]:
        """How much higher and wider, where no size is given."""
        both = 2 if self.scale is None else self.scale
        return self.scale_h or both, self.scale_w or both

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "Upsample")
        if differ(*bottoms):
            message = "the mask must have the shape of the values: it is the second top of their MAX Pooling"
            raise Refusal("N206", message, at="bottom 1")
        n, c, height, width = bottoms[0]
        if self.upsample_h is not None and self.upsample_w is not None:
            return ((n, c, self.upsample_h, self.upsample_w),)
        h, w = self.scales
        return ((n, c, height * h - self.pad_out_h, width * w - self.pad_out_w),)


class Upsample(Layer, origin="yolo", message="upsample_param", number=150, colour=Colour.PINK):
    """YOLO's: each pixel becomes a square of its value.

    bottom   (N, C, H, W)
    top      (N, C, scale H, scale W)
    example  layer "up" Upsample { scale: 2 }  # 1x256x13x13 -> 1x256x26x26
    """

    scale: int = param(1, default=1, least=1, doc="how much larger")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return written.num_bottoms == 1

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "Upsample")
        n, c, height, width = bottoms[0]
        return ((n, c, height * self.scale, width * self.scale),)


class UpsampleDarknet(Layer, origin="public copies", message="upsample_darknet_param", colour=Colour.PINK):
    """YOLO's Upsample under another name: each pixel becomes a square of its value.

    bottom   (N, C, H, W)
    top      (N, C, stride H, stride W)
    example  layer "up" UpsampleDarknet { stride: 2 }  # 1x256x13x13 -> 1x256x26x26
    """

    stride: int = param(1, default=2, least=1, doc="how much larger")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "UpsampleDarknet")
        n, c, height, width = bottoms[0]
        return ((n, c, height * self.stride, width * self.stride),)


class Reorg(Layer, origin="yolo", message="reorg_param", number=149, keeps_positions=False, colour=Colour.PINK):
    """darknet's reorganisation of space into channels, with its famous slip: it walks the image by wrong strides.

    bottom   (N, C, H, W)
    top      (N, C stride^2, H / stride, W / stride); ``reverse`` makes (N, C / stride^2, H stride, W stride)
    example  layer "passthrough" Reorg { stride: 2 }  # 1x64x26x26 -> 1x256x13x13

    Not space-to-depth: with C' = C / stride^2, the bottom is read as C' channels of (H stride) x (W stride) (reorg_cpu
    of darknet). The stored nets expect it so.
    """

    stride: int = param(1, least=1, doc="how much smaller each side becomes")
    reverse: bool = param(2, default=False, doc="the other way round")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "Reorg")
        n, c, h, w = bottoms[0]
        step = self.stride
        if is_below(c, step * step) or (isinstance(c, int) and c % step**2):
            message = f"{c} channels can't be read as {step * step} equal parts"
            raise Refusal("N208", message, at="stride", help=f"the channels must be a multiple of {step * step}")
        if self.reverse:
            return ((n, c // (step * step), h * step, w * step),)
        for side in (h, w):
            if isinstance(side, int) and side % step:
                message = f"a side of {side} does not come apart in pieces of {step}"
                raise Refusal("N208", message, at="stride", help=f"take an image whose sides are multiples of {step}")
        return ((n, c * (step * step), h // step, w // step),)
