"""Convolution, its transpose, and the windows that it sees."""

from collections.abc import Iterator

from netdef.compiler.compare_sizes import may_divide
from netdef.compiler.counted import counted
from netdef.compiler.layers.base import Arithmetic, Arity, Layer, Weight, Window
from netdef.compiler.layers.checks import (
    Sides,
    find_axis,
    is_empty,
    known_sizes,
    one_pixel,
    sides_of,
    windows,
)
from netdef.compiler.layers.roles import V1, Colour
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Engine, Filler
from netdef.compiler.schema.message import Refusal, pair, param
from netdef.compiler.shape import Pair, Shape, Shapes, first_to_differ, known, product, show
from netdef.compiler.size import Dim, towards_zero


class _Convolving(Layer, message="convolution_param", number=106):
    """What both share: the parameters of a window over any number of axes."""

    num_output: int = param(1, least=1, doc="channels of the top")
    bias_term: bool = param(2, default=True, doc="add a learned number to each channel")
    kernel: tuple[int, ...] = pair(
        (4, "kernel_size"),
        (11, "kernel_h"),
        (12, "kernel_w"),
        default=(),
        least=1,
        absent="required",
        doc="window, in pixels",
    )
    stride: tuple[int, ...] = pair(
        (6, "stride"), (13, "stride_h"), (14, "stride_w"), default=(), least=1, absent="1", doc="step, in pixels"
    )
    pad: tuple[int, ...] = pair(
        (3, "pad"),
        (9, "pad_h"),
        (10, "pad_w"),
        default=(),
        least=0,
        truncates=True,
        alone=0,
        absent="0",
        doc="zeros on each side, in pixels",
    )
    dilation: tuple[int, ...] = param(
        18, default=(), least=1, absent="1", doc="distance of the window's points, in pixels"
    )
    group: int = param(5, default=1, least=1, doc="channels are split into this many independent parts")
    axis: int = param(16, default=1, doc="the channels' axis; those behind it are convolved over")
    weight_filler: Filler = param(7, default=Filler(), doc="fills the weight before training")
    bias_filler: Filler = param(8, default=Filler(), doc="fills the bias before training")
    engine: Engine = param(15, default=Engine.DEFAULT, doc="Caffe's kernel; no meaning here")
    force_nd_im2col: bool = param(17, default=False, doc="Caffe's kernel; no meaning here")

    @override
    def problems(self) -> Iterator[Refusal]:
        if not self.kernel:
            yield Refusal("N201", f"{type(self).__name__} needs a window", help="add kernel_size: 3")
        if self.num_output % self.group:
            message = f"{self.num_output} outputs don't divide into {self.group} groups"
            yield Refusal("N202", message, at="num_output", help="make num_output a multiple of group")

    @override
    def doubts(self, bottoms: Shapes) -> Iterator[Refusal]:
        if not self.spatial(bottoms[0]) and max(self.kernel) > 1:
            message = f"{show(bottoms[0])} has no rows and columns for a window to move over: kernel_size has no effect"
            help = "an InnerProduct before it has lost the image: a Reshape makes rows and columns again"
            yield Refusal("N605", message, at="kernel", help=help)

    def over(self, num_axes: int) -> "tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]":
        """Kernel, stride, pad and dilation, each with one value for every one of ``num_axes`` axes."""
        return (
            self._spread("kernel", self.kernel, num_axes, 1),
            self._spread("stride", self.stride, num_axes, 1),
            self._spread("pad", self.pad, num_axes, 0),
            self._spread("dilation", self.dilation, num_axes, 1),
        )

    def kernel_over(self, num_axes: int) -> tuple[int, ...]:
        """The kernel alone."""
        return self._spread("kernel", self.kernel, num_axes, 1)

    @staticmethod
    def _spread(name: str, values: tuple[int, ...], num_axes: int, default: int) -> tuple[int, ...]:
        if len(values) <= 1:
            return (values or (default,)) * num_axes
        if len(values) != num_axes:
            axes = counted(num_axes, "axis", "axes")
            message = f"{counted(len(values), 'value')}, and the bottom has {axes} behind its channels"
            raise Refusal("N202", message, at=name, help="give one value, or one for each axis")
        return values

    def channels_axis(self, bottom: Shape) -> int:
        """Where the channels are."""
        return find_axis(self.axis, len(bottom))

    def spatial(self, bottom: Shape) -> Shape:
        """The sizes that the window moves over."""
        return bottom[self.channels_axis(bottom) + 1 :]

    def size(self, size: Dim, kernel: int, stride: int, pad: int, dilation: int) -> Dim:
        """Positions of the window along one axis."""
        raise NotImplementedError

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if num_tops != len(bottoms):
            message = f"there is a top for each bottom: {len(bottoms)}, not {num_tops}"
            raise Refusal("N503", message, at="top", help="name a top for each bottom")
        index = first_to_differ(bottom[1:] for bottom in bottoms)
        if index is not None:
            raise Refusal("N206", "the bottoms share weights and must have one shape", at=f"bottom {index}")
        return tuple(self._top(shape) for shape in bottoms)

    def _top(self, bottom: Shape) -> Shape:
        axis = self.channels_axis(bottom)
        channels, sizes = bottom[axis], self.spatial(bottom)
        if not may_divide(self.group, channels):
            message = f"{channels} channels don't divide into {self.group} groups"
            raise Refusal("N202", message, at="group", help="make group divide the bottom's channels")
        window = self.over(len(sizes))
        top = tuple(self.size(*along) for along in zip(sizes, *window, strict=True))
        if is_empty(top):
            kernel, _, pad, dilation = window
            extent = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
            padded = " padded" if any(pad) else ""
            message = f"a {show(extent)} window does not fit a{padded} {show(sizes)} image"
            raise Refusal("N204", message, at="kernel", help="shrink the window, add padding, or feed larger images")
        return (*bottom[:axis], self.channels(bottom[axis], window[0]), *top)

    def channels(self, bottom: Dim, kernel: tuple[int, ...]) -> Dim:
        """The channels of the top; those of the bottom and the window are given."""
        return self.num_output

    def _weights(self, shape: tuple[Dim, ...]) -> tuple[Weight, ...]:
        weight = Weight("weight", known_sizes(*shape), self.weight_filler)
        bias = Weight("bias", (self.num_output,), self.bias_filler)
        return (weight, bias) if self.bias_term else (weight,)


class _Sliding(_Convolving):
    """Those whose window moves over the bottom."""

    @override
    def size(self, size: Dim, kernel: int, stride: int, pad: int, dilation: int) -> Dim:
        # C's division rounds towards zero: a window that sticks out by less than a stride still has one position
        return towards_zero(size + 2 * pad - (dilation * (kernel - 1) + 1), stride) + 1

    @override
    def window(self, bottoms: Shapes) -> Window | None:
        if len(self.spatial(bottoms[0])) != 2:
            return None
        kernel, stride, _, dilation = self.over(2)
        return Window(
            Pair(dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1), Pair(stride[0], stride[1])
        )


class Convolution(
    _Sliding,
    bottoms=Arity(1, None),
    tops=Arity(1, None),
    weight_layer=True,
    v0="conv",
    v1=V1("CONVOLUTION", 4, 10),
    kernel_weight=True,
    colour=Colour.BLUE,
):
    """Slide a learned window over every axis behind the channels (cross-correlation, not flipped).

    bottom   (N, C, H, W), or any number of axes behind the channels; several bottoms share the weights
    top      (N, num_output, H', W'), H' = (H + 2 pad - (dilation (kernel - 1) + 1)) / stride + 1, rounded towards 0
    weights  weight (num_output, C / group, kernel...), bias (num_output)
    example  layer "conv1" Convolution { num_output: 64 kernel_size: 7 stride: 2 pad: 3 }  # 1x3x224x224 -> 1x64x112x112

    pad_t, pad_b, pad_l and pad_r are a fork's: zeros on one side of an image alone.
    """

    pad_t: int | None = param(0, default=None, least=0, absent="pad", doc="a fork's: zeros above, in pixels")
    pad_b: int | None = param(0, default=None, least=0, absent="pad", doc="a fork's: zeros below, in pixels")
    pad_l: int | None = param(0, default=None, least=0, absent="pad", doc="a fork's: zeros at the left, in pixels")
    pad_r: int | None = param(0, default=None, least=0, absent="pad", doc="a fork's: zeros at the right, in pixels")

    @override
    def problems(self) -> Iterator[Refusal]:
        yield from super().problems()
        if self.sides and (any(self.pad) or len(self.pad) > 2):
            yield Refusal("N407", "pad and the sides' own pads exclude each other", at="pad", help="drop pad")

    @property
    def sides(self) -> Sides | None:
        """The zeros on each side, where they are not the same on opposite ones."""
        return sides_of(self.pad_t, self.pad_b, self.pad_l, self.pad_r)

    def over_padded(self) -> "Convolution":
        """The same over a bottom that has its zeros already."""
        return self.replace(pad=(), pad_t=None, pad_b=None, pad_l=None, pad_r=None)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if self.sides is None:
            return super().infer(bottoms, num_tops)
        for index, bottom in enumerate(bottoms):
            if len(bottom) != 4 or self.channels_axis(bottom) != 1:
                message = "pads of one side are for images (N, C, H, W), with the channels behind the batch"
                raise Refusal("N203", message, at=f"bottom {index}", help="write pad, one for each axis")
        return self.over_padded().infer(tuple(self.sides.around(bottom) for bottom in bottoms), num_tops)

    @override
    def arithmetic(self, bottom: Shape, axis: int) -> Arithmetic | None:
        first, size = self.channels_axis(bottom) + 1, bottom[axis]
        if axis < first or not isinstance(size, int):
            return None
        kernel, stride, pad, dilation = (along[axis - first] for along in self.over(len(bottom) - first))
        top = self.size(size, kernel, stride, pad, dilation)
        return windows(size, dilation * (kernel - 1) + 1, stride, pad, known(top))

    @override
    def lints(self, bottoms: Shapes) -> Iterator[Refusal]:
        sizes = self.spatial(bottoms[0])
        kernel, _, pad, _ = self.over(len(sizes))
        if sizes and set(sizes) == {1} and max(kernel) > 1 and max(pad) > 0:
            yield one_pixel(kernel)

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        bottom = bottoms[0]
        kernel = self.kernel_over(len(self.spatial(bottom)))
        return self._weights((self.num_output, bottom[self.channels_axis(bottom)] // self.group, *kernel))

    @override
    def macs(self, bottoms: Shapes, tops: Shapes) -> Dim:
        bottom = bottoms[0]
        channels, kernel = bottom[self.channels_axis(bottom)], self.kernel_over(len(self.spatial(bottom)))
        return sum((product(top) * (channels // self.group) * product(kernel) for top in tops), start=0)


class Deconvolution(
    _Convolving,
    bottoms=Arity(1, None),
    tops=Arity(1, None),
    weight_layer=True,
    v1=V1("DECONVOLUTION", 39, 10),
    colour=Colour.BLUE,
):
    """Convolution's transpose: spread every position over a learned window.

    bottom   (N, C, H, W)
    top      (N, num_output, H', W'), H' = stride (H - 1) + dilation (kernel - 1) + 1 - 2 pad
    weights  weight (C, num_output / group, kernel...), bias (num_output)
    example  layer "up2" Deconvolution { num_output: 21 kernel_size: 4 stride: 2 }  # 1x21x16x16 -> 1x21x34x34
    """

    @override
    def size(self, size: Dim, kernel: int, stride: int, pad: int, dilation: int) -> Dim:
        return stride * (size - 1) + dilation * (kernel - 1) + 1 - 2 * pad

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        bottom = bottoms[0]
        kernel = self.kernel_over(len(self.spatial(bottom)))
        return self._weights((bottom[self.channels_axis(bottom)], self.num_output // self.group, *kernel))

    @override
    def macs(self, bottoms: Shapes, tops: Shapes) -> Dim:
        weight = self.weights(bottoms)[0].shape
        return sum((product(bottom) * product(weight[1:]) for bottom in bottoms), start=0)

    @override
    def window(self, bottoms: Shapes) -> Window | None:
        return None  # steps of a fraction of a position


class Im2col(_Sliding, v0="im2col", v1=V1("IM2COL", 11, 10), colour=Colour.BLUE):
    """Every window of an image as a column: what a Convolution multiplies with its weight.

    bottom   (N, C, H, W), or any number of axes behind the channels
    top      (N, C kernel_h kernel_w, H', W'), H' as Convolution has it; a channel's window lies in row-major order
    example  layer "columns" Im2col { kernel_size: 3 pad: 1 stride: 2 }  # 2x3x7x9 -> 2x27x4x5
    """

    num_output: int = param(1, default=0, least=0, doc="a Convolution's; no meaning here")

    @override
    def channels(self, bottom: Dim, kernel: tuple[int, ...]) -> Dim:
        return bottom * product(kernel)
