"""Boxes from which a detector's predictions start, spread over an image."""

from collections.abc import Iterator
from math import inf, isfinite
from typing import NamedTuple

from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.checks import need_rank
from netdef.compiler.layers.roles import Colour
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shapes


class Side(NamedTuple):
    """What is given of one axis of the image; 0 where the bottoms say it."""

    size: int
    step: float


class PriorBox(
    Layer, origin="ssd", message="prior_box_param", number=203, bottoms=2, keeps_positions=False, colour=Colour.PEACH
):
    """The default boxes of one feature map (Liu et al. 2016, section 2.2), and the variances of their coordinates.

    bottom   the map (N, C, H, W), the image (N, C, H', W'): only their heights and widths count
    top      (1, 2, 4 H W P), whatever the batch: P boxes of each cell, row by row, each xmin, ymin, xmax, ymax in
             parts of the image; and a variance for each coordinate
    example  layer "p" PriorBox { min_size: 30 bottom: ["map", "data"] }  # 1x512x38x38, 1x3x300x300 -> 1x2x5776

    For each min_size: a square of that side; one of side sqrt(min max) if there are max_sizes; then a box for each
    ratio r, min sqrt(r) wide and min / sqrt(r) high. Sizes are cut to whole pixels first (prior_box_layer.cpp).
    """

    min_size: tuple[float, ...] = param(1, default=(), doc="sides of the squares, in pixels of the image")
    max_size: tuple[float, ...] = param(2, default=(), doc="one for each min_size: another square, between the two")
    aspect_ratio: tuple[float, ...] = param(3, default=(), doc="width over height of further boxes")
    flip: bool = param(4, default=True, doc="take 1 / ratio too")
    clip: bool = param(5, default=False, doc="cut the boxes to the image")
    variance: tuple[float, ...] = param(6, default=(), absent="0.1", doc="one for all coordinates, or four")
    img_size: int | None = param(7, default=None, least=1, absent="the second bottom's", doc="the image's sides")
    img_h: int | None = param(8, default=None, least=1, absent="the second bottom's", doc="the image's height")
    img_w: int | None = param(9, default=None, least=1, absent="the second bottom's", doc="the image's width")
    step: float | None = param(10, default=None, absent="image / map", doc="pixels from cell to cell")
    step_h: float | None = param(11, default=None, absent="image / map", doc="pixels from row to row")
    step_w: float | None = param(12, default=None, absent="image / map", doc="pixels from column to column")
    offset: float = param(13, default=0.5, doc="where in its cell a box is centred")
    reduce_boxes: bool = param(0, default=False, doc="a fork's: the first square has half the side")

    @override
    def problems(self) -> Iterator[Refusal]:
        if not self.min_size:
            yield Refusal("N201", "PriorBox needs a min_size", help="add min_size: 30, in pixels of the image")
        for place, size in enumerate(self.min_size):
            if size <= 0:
                yield Refusal("N202", f"a side must be above 0, and is {size:g}", at=f"min_size {place}")
        yield from self._max_sizes()
        for name in ("min_size", "max_size"):
            for place, size in enumerate(getattr(self, name)):
                if not isfinite(size):
                    yield Refusal("N202", f"a side is so many pixels, and not {size:g}", at=f"{name} {place}")
        if not all(0 < ratio < inf for ratio in self.aspect_ratio):
            yield Refusal("N202", "a ratio must be above 0 and finite", at="aspect_ratio")
        if len(self.variance) not in (0, 1, 4):
            message = f"one variance for all coordinates, or four, and not {len(self.variance)}"
            yield Refusal("N202", message, at="variance", help="write variance: [0.1, 0.1, 0.2, 0.2], as SSD does")
        for place, variance in enumerate(self.variance):
            if variance <= 0:
                yield Refusal("N202", f"a variance must be above 0, and is {variance:g}", at=f"variance {place}")
        yield from _exclude("img_size", self.img_size, ("img_h", self.img_h), ("img_w", self.img_w))
        yield from _exclude("step", self.step, ("step_h", self.step_h), ("step_w", self.step_w))
        for name, step in (("step", self.step), ("step_h", self.step_h), ("step_w", self.step_w)):
            if step is not None and step <= 0:
                yield Refusal("N202", f"{name} must be above 0, and is {step:g}", at=name)

    def _max_sizes(self) -> Iterator[Refusal]:
        if self.max_size and len(self.max_size) != len(self.min_size):
            message = f"{len(self.min_size)} min_size and {len(self.max_size)} max_size: there must be as many"
            yield Refusal("N202", message, at="max_size")
            return
        for place, (least, most) in enumerate(zip(self.min_size, self.max_size, strict=False)):
            if most <= least:
                message = f"max_size must be above its min_size {least:g}, and is {most:g}"
                yield Refusal("N202", message, at=f"max_size {place}")

    @property
    def ratios(self) -> tuple[float, ...]:
        """Width over height: 1, then each that is not there yet, with its inverse behind it if they are flipped."""
        found = [1.0]
        for ratio in self.aspect_ratio:
            if all(abs(ratio - other) >= 1e-6 for other in found):
                found += [ratio, 1 / ratio] if self.flip else [ratio]
        return tuple(found)

    @property
    def num_boxes(self) -> int:
        """P: how many boxes a cell has."""
        return len(self.ratios) * len(self.min_size) + len(self.max_size)

    @property
    def sides(self) -> tuple[Side, Side]:
        """What is given of the image's height and width, and of the steps along them."""
        both = self.img_size or 0, self.step or 0.0
        h = Side(self.img_h or both[0], self.step_h or both[1])
        return h, Side(self.img_w or both[0], self.step_w or both[1])

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "PriorBox")
        if len(bottoms[1]) != 4:
            raise Refusal("N203", "the second bottom of PriorBox is the image, and has four axes", at="bottom 1")
        height, width = bottoms[0][2:]
        return ((1, 2, height * width * (4 * self.num_boxes)),)


def _exclude(both: str, value: object, *each: tuple[str, object]) -> Iterator[Refusal]:
    """One value for both axes, or one for each; half of a pair is nothing."""
    given = [name for name, one in each if one is not None]
    if value is not None and given:
        yield Refusal("N407", f"{given[0]} and {both} exclude each other", at=given[0], help="keep one of them")
    elif len(given) == 1:
        (missing,) = (name for name, _ in each if name not in given)
        yield Refusal("N407", f"{given[0]} needs {missing} beside it", at=given[0], help=f"add {missing}")
