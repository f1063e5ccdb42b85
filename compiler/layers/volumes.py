"""C3D: convolution and pooling over volumes (N, C, L, H, W), L frames of a clip.

Its version 1.1 has messages of their own (``convolution3d_param``); version 1.0, in Caffe's format V1, reads those of
the flat layers, with fields for time.
"""

from collections.abc import Iterator

from netdef.compiler.layers.base import Divisor, Layer, Weight
from netdef.compiler.layers.checks import is_empty, known_sizes, need_rank
from netdef.compiler.layers.pooling import Reduce
from netdef.compiler.layers.roles import V1, Colour, Makes, Written
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Filler
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shapes, differ, product, show
from netdef.compiler.size import Dim


class _Convolving(Layer, origin="c3d", weight_layer=True, keeps_positions=False, colour=Colour.BLUE):
    """What convolutions over volumes share."""

    num_output: int = param(1, least=1, doc="channels of the top")
    bias_term: bool = param(2, default=True, doc="add a learned number to each channel")
    pad: int = param(3, default=0, least=0, doc="zeros above, below, left and right, in pixels")
    kernel_size: int = param(4, least=1, doc="side of the window, in pixels")
    group: int = param(5, default=1, least=1, doc="has no effect")
    kernel_depth: int = param(6, default=1, least=1, doc="length of the window, in frames")
    stride: int = param(7, default=1, least=1, doc="step, in pixels")
    temporal_stride: int = param(8, default=1, least=1, doc="step, in frames")
    weight_filler: Filler = param(9, default=Filler(), doc="fills the weight before training")
    bias_filler: Filler = param(10, default=Filler(), doc="fills the bias before training")
    filter_group: int = param(11, default=1, least=1, doc="Caffe computes filters in so many parts; no meaning here")
    temporal_pad: int = param(12, default=0, least=0, doc="zeros before and behind, in frames")

    @property
    def kernel(self) -> tuple[int, int, int]:
        """The window along time, height and width."""
        return self.kernel_depth, self.kernel_size, self.kernel_size

    @property
    def steps(self) -> tuple[int, int, int]:
        """The steps along time, height and width."""
        return self.temporal_stride, self.stride, self.stride

    @property
    def pads(self) -> tuple[int, int, int]:
        """The zeros on each side, along time, height and width."""
        return self.temporal_pad, self.pad, self.pad

    def size(self, size: Dim, kernel: int, stride: int, pad: int) -> Dim:
        """Positions of the window along one axis."""
        raise NotImplementedError

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 5, self.type_name)
        num, _, *sizes = bottoms[0]
        top = tuple(self.size(*along) for along in zip(sizes, self.kernel, self.steps, self.pads, strict=True))
        if is_empty(top):
            message = f"a {show(self.kernel)} window does not fit a {show(tuple(sizes))} volume"
            raise Refusal(
                "N204", message, at="kernel_size", help="shrink the window, add padding, or feed larger clips"
            )
        return ((num, self.num_output, *top),)

    def _weights(self, first: Dim, second: Dim) -> tuple[Weight, ...]:
        weight = Weight("weight", known_sizes(first, second, *self.kernel), self.weight_filler)
        bias = Weight("bias", (1, 1, 1, 1, self.num_output), self.bias_filler)
        return (weight, bias) if self.bias_term else (weight,)


class _Convolution3D(_Convolving):
    """What both versions of the convolution share."""

    @override
    def size(self, size: Dim, kernel: int, stride: int, pad: int) -> Dim:
        return (size + 2 * pad - kernel) // stride + 1

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        return self._weights(self.num_output, bottoms[0][1])

    @override
    def macs(self, bottoms: Shapes, tops: Shapes) -> Dim:
        return product(tops[0]) * product(self.weights(bottoms)[0].shape[1:])


class _Deconvolution3D(_Convolving):
    """What both versions of the convolution's transpose share."""

    @override
    def size(self, size: Dim, kernel: int, stride: int, pad: int) -> Dim:
        return (size - 1) * stride + kernel - 2 * pad

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        return self._weights(bottoms[0][1], self.num_output)

    @override
    def macs(self, bottoms: Shapes, tops: Shapes) -> Dim:
        return product(bottoms[0]) * product(self.weights(bottoms)[0].shape[1:])


def _is_flat(written: Written, message: str) -> bool:
    """Whether a layer has the message of the flat layer, as version 1.0 does."""
    return message in written.fields


class Convolution3D(_Convolution3D, origin="c3d", message="convolution3d_param", number=6661):
    """Slide a learned window over time, rows and columns (C3D 1.1; Tran et al. 2015).

    bottom   (N, C, L, H, W)
    top      (N, num_output, L', H', W'), L' = (L + 2 temporal_pad - kernel_depth) / temporal_stride + 1, rounded down
    weights  weight (num_output, C, kernel_depth, kernel_size, kernel_size), bias (1, 1, 1, 1, num_output)
    example  layer "conv1a" Convolution3D { num_output: 64 kernel_size: 3 kernel_depth: 3 pad: 1 temporal_pad: 1 }
             # 2x3x16x28x28 -> 2x64x16x28x28
    """

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return not _is_flat(written, "convolution_param")


class FlatConvolution3D(
    _Convolution3D, name="Convolution3D", origin="c3d", message="convolution_param", v1=V1("CONVOLUTION3D", 0)
):
    """Slide a learned window over time, rows and columns, by ``convolution_param`` (C3D 1.0).

    bottom   (N, C, L, H, W)
    top      (N, num_output, L', H', W'), L' = (L + 2 temporal_pad - kernel_depth) / temporal_stride + 1, rounded down
    weights  weight (num_output, C, kernel_depth, kernel_size, kernel_size), bias (1, 1, 1, 1, num_output)
    example  layer "c" Convolution3D { convolution_param { num_output: 8 kernel_size: 3 kernel_depth: 3 } }
             # 2x3x16x28x28 -> 2x8x14x26x26
    """

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return _is_flat(written, "convolution_param")


class Deconvolution3D(_Deconvolution3D, origin="c3d", message="convolution3d_param", number=6661):
    """Convolution3D's transpose: spread every position over a learned window (C3D 1.1).

    bottom   (N, C, L, H, W)
    top      (N, num_output, L', H', W'), L' = (L - 1) temporal_stride + kernel_depth - 2 temporal_pad
    weights  weight (C, num_output, kernel_depth, kernel_size, kernel_size), bias (1, 1, 1, 1, num_output)
    example  layer "up" Deconvolution3D { num_output: 4 kernel_size: 4 stride: 2 pad: 1 }  # 2x3x4x7x7 -> 2x4x4x14x14
    """

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return not _is_flat(written, "convolution_param")


class FlatDeconvolution3D(
    _Deconvolution3D, name="Deconvolution3D", origin="c3d", message="convolution_param", v1=V1("DECONVOLUTION3D", 0)
):
    """Convolution3D's transpose, by ``convolution_param`` (C3D 1.0).

    bottom   (N, C, L, H, W)
    top      (N, num_output, L', H', W'), L' = (L - 1) temporal_stride + kernel_depth - 2 temporal_pad
    weights  weight (C, num_output, kernel_depth, kernel_size, kernel_size), bias (1, 1, 1, 1, num_output)
    example  layer "up" Deconvolution3D { convolution_param { num_output: 4 kernel_size: 4 stride: 2 pad: 1 } }
             # 2x3x4x7x7 -> 2x4x4x14x14
    """

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return _is_flat(written, "convolution_param")


class _Pooling3D(Layer, origin="c3d", keeps_positions=False, colour=Colour.RED):
    """What both versions of pooling over volumes share."""

    pool: Reduce = param(1, default=Reduce.MAX, doc="how a window becomes one value")
    kernel_size: int = param(2, least=1, doc="side of the window, in pixels")
    stride: int = param(3, default=1, least=1, doc="step, in pixels")
    pad: int = param(4, default=0, least=0, doc="border above, below, left and right, in pixels")
    kernel_depth: int = param(5, default=1, least=1, doc="length of the window, in frames")
    temporal_stride: int = param(6, default=1, least=1, doc="step, in frames")

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.pad >= self.kernel_size:
            message = f"a border of {self.pad} leaves windows of {self.kernel_size} that see nothing else"
            yield Refusal("N202", message, at="pad", help="let pad be below kernel_size")

    def positions(self, size: Dim) -> Dim:
        """Windows along rows or columns: one that begins behind the image and its border is dropped if there is one."""
        found = -(-(size + 2 * self.pad - self.kernel_size) // self.stride) + 1
        if self.pad and isinstance(found, int) and isinstance(size, int):
            found -= (found - 1) * self.stride >= size + self.pad
        return found

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 5, self.type_name)
        num, channels, length, height, width = bottoms[0]
        frames = -(-(length - self.kernel_depth) // self.temporal_stride) + 1
        top = (frames, self.positions(height), self.positions(width))
        if is_empty(top):
            window = show((self.kernel_depth, self.kernel_size, self.kernel_size))
            message = f"a {window} window does not fit a {show((length, height, width))} volume"
            raise Refusal("N204", message, at="kernel_size", help="shrink the window, or feed larger clips")
        return ((num, channels, *top),)


class Pooling3D(_Pooling3D, origin="c3d", message="pooling3d_param", number=6662):
    """Reduce every channel over a window that slides over time, rows and columns (C3D 1.1).

    bottom   (N, C, L, H, W)
    top      (N, C, L', H', W'), H' = (H + 2 pad - kernel_size) / stride + 1, rounded up; time has no border
    example  layer "pool1" Pooling3D { kernel_size: 2 stride: 2 kernel_depth: 1 }  # 2x64x16x28x28 -> 2x64x16x14x14

    AVE divides by the window's size, cut at the end of the volume and its border.
    """

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return not _is_flat(written, "pooling_param")


class FlatPooling3D(_Pooling3D, name="Pooling3D", origin="c3d", message="pooling_param", v1=V1("POOLING3D", 0)):
    """Reduce every channel over a window that slides over time, rows and columns, by ``pooling_param`` (C3D 1.0).

    bottom   (N, C, L, H, W)
    top      (N, C, L', H', W'), H' = (H + 2 pad - kernel_size) / stride + 1, rounded up; time has no border
    example  layer "p" Pooling3D { pooling_param { kernel_size: 2 stride: 2 kernel_depth: 2 temporal_stride: 2 } }
             # 2x64x16x28x28 -> 2x64x8x14x14
    """

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return _is_flat(written, "pooling_param")


class VoxelSoftmax(
    Layer, origin="c3d", v1=V1("VOXEL_SOFTMAX", 0), scores=0, makes=Makes.PROBABILITIES, colour=Colour.PEACH
):
    """Soft-max over the channels of each voxel (C3D 1.0).

    bottom   (N, classes, L, H, W)
    top      the same shape
    example  layer "prob" VoxelSoftmax  # 2x8x4x7x7 -> 2x8x4x7x7
    """

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 5, "VoxelSoftmax")
        return bottoms


class VoxelSoftmaxLoss(
    Layer,
    origin="c3d",
    v1=V1("VOXEL_SOFTMAX_LOSS", 0),
    bottoms=2,
    scores=0,
    labels=1,
    makes=Makes.LOSS,
    keeps_positions=False,
    colour=Colour.ORANGE,
):
    """The logistic loss of soft-max, averaged over voxels (C3D 1.0).

    bottom   scores (N, classes, L, H, W); labels (N, 1, L, H, W)
    top      the loss, a scalar
    example  layer "loss" VoxelSoftmaxLoss { bottom: ["x", "t"] }  # 2x8x4x7x7, 2x1x4x7x7 -> scalar
    """

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 5, "VoxelSoftmaxLoss")
        scores, labels = bottoms
        if differ((scores[0], *scores[2:]), (labels[0], *labels[2:]) if len(labels) == 5 else labels):
            message = f"scores {show(scores)} need labels of each voxel, and they are {show(labels)}"
            raise Refusal("N206", message, at="bottom 1")
        return ((),)

    @property
    @override
    def divisor(self) -> Divisor:
        return Divisor.SAMPLES
