"""Pooling at several scales."""

from typing import NamedTuple

from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.checks import known_sizes, need_rank
from netdef.compiler.layers.pooling import Pooling, Reduce
from netdef.compiler.layers.roles import Colour, Makes
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
