"""Pooling at several scales."""

from collections.abc import Iterator
from typing import NamedTuple

from netdef.compiler.layers.base import Layer, Window
from netdef.compiler.layers.checks import known_sizes, need_rank, whole_image
from netdef.compiler.layers.pooling import Pooling, Reduce
from netdef.compiler.layers.roles import V1, Colour, Makes
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Engine
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Pair, Shape, Shapes, product, show


class Level(NamedTuple):
    """A level of a pyramid, and what it makes."""

    pooling: Pooling
    top: Shape


class SPP(Layer, message="spp_param", number=132, makes=Makes.POOLED, keeps_positions=False, colour=Colour.RED):
    """Pool an image as a whole, in 2x2 parts, in 4x4, and so on, and put all that in a row (He et al. 2014).

    bottom   (N, C, H, W)
    top      (N, C (1 + 4 + ... + 4^(height - 1))) numbers, level by level; with one level (N, C, 1, 1)
    example  layer "spp" SPP { pyramid_height: 3 }  # 2x3x9x13 -> 2x63

    Level l pools with a window of ceil(H / 2^l), as its step too, and a border of half of what is missing, rounded up.
    A border as wide as its window is refused, as in Caffe: 4 parts of 5 pixels are so.
    """

    pyramid_height: int = param(1, least=1, doc="how many levels")
    pool: Reduce = param(2, default=Reduce.MAX, doc="how a window becomes one value")
    engine: Engine = param(6, default=Engine.DEFAULT, doc="Caffe's kernel; no meaning here")

    def levels(self, bottom: Shape) -> tuple[Level, ...]:
        """A pooling for each level, and what it makes of a bottom."""
        h, w = known_sizes(*bottom[2:])
        poolings = (self._level(2**level, h, w) for level in range(self._fitting(h, w)))
        return tuple(Level(pooling, pooling.infer((bottom,), 1)[0]) for pooling in poolings)

    def _level(self, parts: int, *sizes: int) -> Pooling:
        kernel = tuple(-(-size // parts) for size in sizes)
        missing = (k * parts - size for k, size in zip(kernel, sizes, strict=True))
        pad = tuple((short + 1) // 2 for short in missing)
        return Pooling(pool=self.pool, kernel=Pair(*kernel), stride=Pair(*kernel), pad=Pair(*pad))

    def _fitting(self, *sizes: int) -> int:
        """The levels that the file asks for; refused are those with parts in which there is only border."""
        for level in range(self.pyramid_height):
            pooling = self._level(2**level, *sizes)
            if any(True for _ in pooling.problems()):
                message = f"{2**level}x{2**level} parts of a {show(sizes)} image: some would hold nothing but border"
                raise Refusal("N204", message, at="pyramid_height", help=f"use pyramid_height: {level}")
        return self.pyramid_height

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "SPP")
        tops = [level.top for level in self.levels(bottoms[0])]
        if len(tops) == 1:
            return (tops[0],)
        return ((bottoms[0][0], sum((product(top[1:]) for top in tops), start=0)),)


class SpatialPyramidPooling(
    Layer,
    origin="public copies",
    message="spatial_pyramid_pooling_param",
    v1=V1("SPATIAL_PYRAMID_POOLING", 0),
    makes=Makes.POOLED,
    keeps_positions=False,
    colour=Colour.RED,
):
    """Pool an image in each of several numbers of parts, and put all that in a row: copies older than SPP have it.

    bottom   (N, C, H, W), no wider than high
    top      (N, D, 1, 1), D = C times the windows of all levels; with one level the image as a whole
    example  layer "spp" SpatialPyramidPooling { spatial_bin: [6, 3, 2, 1] origin: "public copies" }
             # 1x256x13x13 -> 1x12800x1x1

    A level of b parts pools with a window of ceil(H / b) and steps of floor(H / b), as Caffe does: where H is not much
    more than b, that makes more than b x b windows. The copies read ``pool`` of ``pooling_param``, so it is MAX.
    Later copies make b x b parts: ``origin: "other copies"``.
    """

    pool: Reduce = param(0, default=Reduce.MAX, doc="has no effect")
    spatial_bin: tuple[int, ...] = param(0, default=(), least=1, doc="for each level, in how many parts a side comes")
    scale: float = param(0, default=1.0, doc="has no effect")

    @override
    def problems(self) -> Iterator[Refusal]:
        yield from _no_level(self.spatial_bin)

    def levels(self, bottom: Shape) -> tuple[Level, ...]:
        """A pooling for each level, and what it makes of a bottom."""
        side, width = known_sizes(*bottom[2:])
        if side < width:
            message = f"the windows are measured by the height, {side}, and a width of {width} is more"
            raise Refusal("N206", message, at="bottom 0", help="use an image no wider than high")
        poolings = [_in_parts(side, 1 if len(self.spatial_bin) == 1 else parts) for parts in self.spatial_bin]
        return tuple(Level(pooling, pooling.infer((bottom,), 1)[0]) for pooling in poolings)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "SpatialPyramidPooling")
        tops = [level.top for level in self.levels(bottoms[0])]
        if len(tops) == 1:
            return (tops[0],)
        return ((bottoms[0][0], sum((product(top[1:]) for top in tops), start=0), 1, 1),)


class SpatialPyramidParts(
    Layer,
    name="SpatialPyramidPooling",
    origin="other copies",
    message="spatial_pyramid_pooling_param",
    makes=Makes.POOLED,
    keeps_positions=False,
    colour=Colour.RED,
):
    """The same in copies that make b x b parts of an image, whatever its sides, perhaps of a region of it.

    bottom   (N, C, H, W)
    top      (N, D, 1, 1), D = C times the parts of all levels; with one level (N, C, b, b)
    example  layer "spp" SpatialPyramidPooling { spatial_bin: [6, 3, 2, 1] origin: "other copies" }
             # 1x256x26x20 -> 1x12800x1x1
    """

    pool: Reduce = param(0, default=Reduce.MAX, doc="has no effect")
    spatial_bin: tuple[int, ...] = param(0, default=(), least=1, doc="for each level, in how many parts a side comes")
    scale: float = param(0, default=1.0, doc="has no effect")
    roi_start_h: int = param(0, default=0, least=0, doc="the region's first row")
    roi_start_w: int = param(0, default=0, least=0, doc="its first column")
    roi_end_h: int | None = param(0, default=None, least=1, absent="H", doc="the row behind it")
    roi_end_w: int | None = param(0, default=None, least=1, absent="W", doc="the column behind it")

    @override
    def problems(self) -> Iterator[Refusal]:
        yield from _no_level(self.spatial_bin)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "SpatialPyramidPooling")
        n, c = bottoms[0][:2]
        if len(self.spatial_bin) == 1:
            return ((n, c, *self.spatial_bin * 2),)
        return ((n, c * sum(parts * parts for parts in self.spatial_bin), 1, 1),)


def _no_level(parts: tuple[int, ...]) -> Iterator[Refusal]:
    if not parts:
        help = "write spatial_bin: [6, 3, 2, 1], say"
        yield Refusal("N201", "SpatialPyramidPooling needs a level at least", help=help)


def _in_parts(side: int, parts: int) -> Pooling:
    if parts > side:
        message = f"a side of {side} does not come apart in {parts}"
        raise Refusal("N204", message, at="spatial_bin", help=f"use {side} or less")
    kernel, stride = -(-side // parts), side // parts
    return Pooling(kernel=Pair(kernel, kernel), stride=Pair(stride, stride))


class ICNetSubgraph(Layer, origin="synopsys", colour=Colour.RED):
    """An image, and its means over windows of four sizes made as large as itself again, summed: a part of ICNet.

    bottom   (N, C, H, W)
    top      the same shape
    example  layer "sum" ICNetSubgraph  # 1x256x33x65 -> 1x256x33x65

    The windows are 33x65, 17x33, 13x25 and 8x15, with steps of 33x65, 16x32, 10x20 and 5x10: those of ICNet for
    Cityscapes, whatever the image. Each level is an AVE Pooling and an Interp.
    """

    def levels(self, bottom: Shape) -> tuple[Level, ...]:
        """A pooling for each size of window, and what it makes of a bottom."""
        poolings = [Pooling(pool=Reduce.AVE, kernel=kernel, stride=stride) for kernel, stride in _ICNET]
        return tuple(Level(pooling, pooling.infer((bottom,), 1)[0]) for pooling in poolings)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "ICNetSubgraph")
        sides = known_sizes(*bottoms[0][2:])
        least = tuple(max(kernel[i] - stride[i] for kernel, stride in _ICNET) + 1 for i in range(2))
        if any(side < wanted for side, wanted in zip(sides, least, strict=True)):
            raise Refusal("N204", f"its windows need an image of at least {show(least)}", at="bottom 0")
        return bottoms

    @override
    def window(self, bottoms: Shapes) -> Window | None:
        return whole_image(bottoms[0])


_ICNET = (
    (Pair(33, 65), Pair(33, 65)),
    (Pair(17, 33), Pair(16, 32)),
    (Pair(13, 25), Pair(10, 20)),
    (Pair(8, 15), Pair(5, 10)),
)
"""Windows and steps of the layers conv5_3_pool1 to conv5_3_pool6 of ICNet's net for Cityscapes."""
