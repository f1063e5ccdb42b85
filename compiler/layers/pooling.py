"""Pooling."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from netdef.compiler.layers.base import Arithmetic, Arity, Layer, Window
from netdef.compiler.layers.checks import (
    Sides,
    is_empty,
    known_sizes,
    need_rank,
    one_pixel,
    sides_of,
    whole_image,
    windows,
)
from netdef.compiler.layers.roles import V1, Colour, Makes
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Engine
from netdef.compiler.schema.message import ProtoEnum, Refusal, pair, param
from netdef.compiler.shape import Pair, Shape, Shapes, known, show
from netdef.compiler.size import Dim


class Reduce(ProtoEnum):
    """How a window becomes one value; the last two are a fork's, and count only pixels of the image."""

    MAX = 0
    AVE = 1
    STOCHASTIC = 2
    AVE_EXC_PAD = 3
    AVE_TF = 4


class Rounding(ProtoEnum):
    """What to do with a last, partial window: keep it or drop it."""

    CEIL = 0
    FLOOR = 1


class PoolWindow(NamedTuple):
    """The window over one image: height and width of its size, step and border, in pixels."""

    kernel: Pair
    stride: Pair
    pad: Pair


class Pooling(
    Layer,
    message="pooling_param",
    number=121,
    tops=Arity(1, 2),
    v0="pool",
    v1=V1("POOLING", 17, 19),
    makes=Makes.POOLED,
    colour=Colour.RED,
):
    """Reduce every channel over a sliding window.

    bottom   (N, C, H, W)
    top      (N, C, H', W'), H' = ceil((H + 2 pad - kernel) / stride) + 1; FLOOR rounds down instead. With any
             padding, a last window that would start beyond H + pad is dropped (pooling_layer.cpp).
             A second top, for MAX, holds the position h W + w of each maximum, as floats.
    example  layer "pool1" Pooling { kernel_size: 3 stride: 2 }  # 1x64x112x112 -> 1x64x56x56

    MAX never sees the padding; AVE counts it, up to H + pad, in what it divides by. A fork's AVE_EXC_PAD and AVE_TF
    divide by the pixels that are there; pad_t, pad_b, pad_l and pad_r are that fork's border on one side alone.
    """

    pool: Reduce = param(1, default=Reduce.MAX, doc="how a window becomes one value")
    kernel: Pair | None = pair(
        (2, "kernel_size"),
        (5, "kernel_h"),
        (6, "kernel_w"),
        default=None,
        least=1,
        absent="required",
        doc="window, in pixels",
    )
    stride: Pair = pair(
        (3, "stride"), (7, "stride_h"), (8, "stride_w"), default=Pair(1, 1), least=1, doc="step, in pixels"
    )
    pad: Pair = pair(
        (4, "pad"), (9, "pad_h"), (10, "pad_w"), default=Pair(0, 0), least=0, truncates=True, doc="border, in pixels"
    )
    global_pooling: bool = param(12, default=False, doc="take the whole image as the window")
    round_mode: Rounding = param(13, default=Rounding.CEIL, doc="what to do with a last, partial window")
    ceil_mode: bool | None = param(
        0, default=None, absent="round_mode", doc="forks' name for round_mode: CEIL, or FLOOR where it is false"
    )
    pad_t: int | None = param(0, default=None, least=0, absent="pad", doc="a fork's: border above, in pixels")
    pad_b: int | None = param(0, default=None, least=0, absent="pad", doc="a fork's: border below, in pixels")
    pad_l: int | None = param(0, default=None, least=0, absent="pad", doc="a fork's: border at the left, in pixels")
    pad_r: int | None = param(0, default=None, least=0, absent="pad", doc="a fork's: border at the right, in pixels")
    engine: Engine = param(11, default=Engine.DEFAULT, doc="Caffe's kernel; no meaning here")

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.ceil_mode and self.round_mode is Rounding.FLOOR:
            message = "ceil_mode: true is CEIL, and round_mode is FLOOR"
            yield Refusal("N407", message, at="ceil_mode", help="drop one of them")
        if self.sides and self.pad != (0, 0):
            yield Refusal("N407", "pad and the sides' own pads exclude each other", at="pad", help="drop pad")
        if self.global_pooling:
            if self.kernel:
                yield Refusal("N202", "global_pooling already sets the window", at="kernel", help="drop the kernel")
            if self.pad != (0, 0) or self.stride != (1, 1):
                at = "pad" if self.pad != (0, 0) else "stride"
                yield Refusal("N202", "global_pooling has one window: pad 0 and stride 1", at=at, help=f"drop {at}")
        elif not self.kernel:
            yield Refusal("N201", "Pooling needs a window", help="add kernel_size: 2, or global_pooling: true")
        elif any(max(along[:-1]) >= along[-1] for along in zip(self._before, self.after, self.kernel, strict=True)):
            message = "the border is as wide as the window, which would then see nothing else"
            yield Refusal("N202", message, at="pad", help="make pad less than the kernel")

    @property
    def _before(self) -> Pair:
        return self.pad if self.sides is None else Pair(self.sides.top, self.sides.left)

    @property
    def rounding(self) -> Rounding:
        """What becomes of a last, partial window, by either name."""
        return Rounding.FLOOR if self.ceil_mode is False else self.round_mode

    @property
    def sides(self) -> Sides | None:
        """The border on each side, where it is not the same on opposite ones."""
        return sides_of(self.pad_t, self.pad_b, self.pad_l, self.pad_r)

    @property
    def counts_border(self) -> bool:
        """Whether an average counts the border as zeros."""
        return self.pool not in (Reduce.AVE_EXC_PAD, Reduce.AVE_TF)

    @property
    def after(self) -> Pair:
        """The border below and at the right; that of a ``PoolWindow`` is above and at the left."""
        return self.pad if self.sides is None else Pair(self.sides.bottom, self.sides.right)

    def over(self, bottom: Shape) -> PoolWindow:
        """The window over a bottom (N, C, H, W)."""
        if self.kernel:
            return PoolWindow(self.kernel, self.stride, self._before)
        h, w = known_sizes(*bottom[2:])
        return PoolWindow(Pair(h, w), Pair(1, 1), Pair(0, 0))

    def fitted(self, bottom: Shape) -> PoolWindow:
        """The same windows over a bottom of known size, size and step cut to what can be seen: they may be of billions.

        A window sees no more than the padded image, and all that begin behind it are alike.
        """
        kernel, stride, pad = self.over(bottom)
        h, w = (sum(along) for along in zip(known_sizes(*bottom[2:]), pad, self.after, strict=True))
        return PoolWindow(
            kernel=Pair(min(kernel.h, h), min(kernel.w, w)),
            stride=Pair(min(stride.h, h + 1), min(stride.w, w + 1)),
            pad=pad,
        )

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "Pooling")
        if num_tops == 2 and self.pool is not Reduce.MAX:
            raise Refusal("N503", "only MAX has positions for a second top", at="top 1", help="drop the second top")
        n, c, *sizes = bottoms[0]
        if self.global_pooling:
            if is_empty(tuple(sizes)):
                message = f"the window is the whole image, and a {show(tuple(sizes))} image has no value"
                raise Refusal("N204", message, at="bottom 0")
            return ((n, c, 1, 1),) * num_tops
        window = self.over(bottoms[0])
        top = self._top(sizes, window, self.rounding)
        if is_empty(top):
            padded = " padded" if any(window.pad) else ""
            message = f"a {show(window.kernel)} window does not fit a{padded} {show(tuple(sizes))} image"
            help = "shrink the window, add padding, or set global_pooling: true"
            raise Refusal("N204", message, at="kernel", help=help)
        return ((n, c, *top),) * num_tops

    @override
    def arithmetic(self, bottom: Shape, axis: int) -> Arithmetic | None:
        size = bottom[axis]
        if self.global_pooling or len(bottom) != 4 or axis < 2 or not isinstance(size, int):
            return None
        window = self.over(bottom)
        top = self._top(bottom[2:], window, self.rounding)[axis - 2]
        kernel, stride, pad = (along[axis - 2] for along in window)
        return windows(size, kernel, stride, pad, known(top))

    @override
    def lints(self, bottoms: Shapes) -> Iterator[Refusal]:
        sizes = bottoms[0][2:]
        if self.global_pooling or not all(isinstance(size, int) for size in sizes):
            return
        window = self.over(bottoms[0])
        if max(window.kernel) > 1 and set(sizes) == {1}:
            yield one_pixel(window.kernel)
            return
        ceil, floor = (self._top(sizes, window, rounding) for rounding in (Rounding.CEIL, Rounding.FLOOR))
        if ceil != floor and self.rounding is Rounding.CEIL:
            message = f"{show(sizes)} becomes {show(ceil)}, and {show(floor)} where the last window is rounded down"
            help = "other frameworks round down unless they are told to: round_mode: FLOOR does so here"
            yield Refusal("N624", message, at="kernel", help=help)

    def _top(self, sizes: Sequence[Dim], window: PoolWindow, rounding: Rounding) -> Shape:
        """Positions of the window along each axis."""
        top = []
        for size, kernel, stride, pad, after in zip(sizes, *window, self.after, strict=True):
            room = pad + after - kernel + (stride - 1 if rounding is Rounding.CEIL else 0)
            if any(window.pad) or any(self.after):  # the last window starts before size + pad
                room = min(room, pad - 1)
            # Floor division where Caffe truncates: they differ only where no window fits, which both refuse
            top.append((size + room) // stride + 1)
        return tuple(top)

    @override
    def window(self, bottoms: Shapes) -> Window | None:
        if self.global_pooling:
            return whole_image(bottoms[0])
        window = self.over(bottoms[0])
        return Window(window.kernel, window.stride)
