"""Convolutions of each channel alone: names that forks gave to a case of Convolution."""

from collections.abc import Iterator

from netdef.compiler.compare_sizes import Comparison, compare
from netdef.compiler.layers.base import Weight
from netdef.compiler.layers.checks import known_sizes
from netdef.compiler.layers.convolution import Convolution
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shapes
from netdef.compiler.size import Dim


class DepthwiseConvolution(Convolution, origin="depthwise"):
    """A Convolution whose kernel is fast where ``group`` is the number of channels; it computes the same.

    bottom   (N, C, H, W)
    top      (N, num_output, H', W'), as Convolution's
    weights  weight (num_output, C / group, kernel_h, kernel_w); bias (num_output) unless bias_term is false
    example  layer "dw" DepthwiseConvolution { num_output: 32 group: 32 kernel_size: 3 pad: 1 }
             # 1x32x112x112 -> 1x32x112x112
    """


class ConvolutionDepthwise(Convolution, origin="shufflenet"):
    """A Convolution of each channel alone, whatever ``group`` says.

    bottom   (N, C, H, W)
    top      (N, C, H', W')
    weights  weight (C, 1, kernel_h, kernel_w); bias (C) unless bias_term is false
    example  layer "dw" ConvolutionDepthwise { num_output: 32 kernel_size: 3 pad: 1 }  # 1x32x112x112 -> 1x32x112x112
    """

    def grouped(self, channels: Dim) -> Convolution:
        """The Convolution that computes the same over so many channels."""
        (num,) = known_sizes(channels)
        if not num:
            raise Refusal("N204", "a bottom without channels has nothing to convolve", at="bottom 0")
        words = {name: value for name, value in vars(self).items() if name not in ("num_output", "group")}
        return Convolution(num_output=num, group=num, **words)

    @override
    def problems(self) -> Iterator[Refusal]:
        return (problem for problem in super().problems() if problem.at != "num_output")

    @override
    def doubts(self, bottoms: Shapes) -> Iterator[Refusal]:
        yield from super().doubts(bottoms)
        channels = bottoms[0][self.channels_axis(bottoms[0])]
        if compare(channels, self.num_output) is Comparison.DIFFERENT:
            message = f"ConvolutionDepthwise makes as many channels as it takes, {channels}: num_output has no effect"
            yield Refusal("N202", message, at="num_output", help=f"write num_output: {channels}")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        return self.grouped(bottoms[0][self.channels_axis(bottoms[0])]).infer(bottoms, num_tops)

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        return self.grouped(bottoms[0][self.channels_axis(bottoms[0])]).weights(bottoms)

    @override
    def macs(self, bottoms: Shapes, tops: Shapes) -> Dim:
        return self.grouped(bottoms[0][self.channels_axis(bottoms[0])]).macs(bottoms, tops)
