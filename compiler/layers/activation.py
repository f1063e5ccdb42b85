"""Functions of one value."""

from collections.abc import Iterator
from math import inf, isnan, log

from netdef.compiler.layers.base import Layer, Weight
from netdef.compiler.layers.checks import known_sizes
from netdef.compiler.layers.roles import V1
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Engine, Filler
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shapes


class ReLU(Layer, message="relu_param", number=123, in_place=True, v0="relu", v1=V1("RELU", 18, 30)):
    """max(x, 0), or x times a slope below 0.

    bottom   any shape
    top      the same shape
    example  layer "relu1" ReLU  # 1x64x56x56 -> 1x64x56x56
    """

    negative_slope: float = param(1, default=0.0, doc="the slope below 0")
    engine: Engine = param(2, default=Engine.DEFAULT, doc="Caffe's kernel; no meaning here")


class PReLU(Layer, message="prelu_param", number=131, in_place=True):
    """ReLU with a learned slope below 0 for each channel (He et al. 2015).

    bottom   (N, C, ...)
    top      the same shape
    weights  slope (C), or () with ``channel_shared``
    example  layer "prelu1" PReLU  # 1x64x56x56 -> 1x64x56x56
    """

    filler: Filler = param(1, default=Filler(value=0.25), doc="fills the slopes before training")
    channel_shared: bool = param(2, default=False, doc="one slope for all channels")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if len(bottoms[0]) < 2:
            raise Refusal("N203", "PReLU needs a channel axis behind the batch", at="bottom 0")
        return bottoms

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        return (Weight("slope", () if self.channel_shared else known_sizes(bottoms[0][1]), self.filler),)


class ELU(Layer, message="elu_param", number=140, in_place=True):
    """x above 0, alpha (e^x - 1) below.

    bottom   any shape
    top      the same shape
    example  layer "elu1" ELU { alpha: 1 }  # 1x64x56x56 -> 1x64x56x56
    """

    alpha: float = param(1, default=1.0, doc="what values far below 0 go to, negated")


class Sigmoid(Layer, message="sigmoid_param", number=124, in_place=True, v0="sigmoid", v1=V1("SIGMOID", 19, 38)):
    """1 / (1 + e^-x).

    bottom   any shape
    top      the same shape
    example  layer "gate" Sigmoid  # 1x64x56x56 -> 1x64x56x56
    """

    engine: Engine = param(1, default=Engine.DEFAULT, doc="Caffe's kernel; no meaning here")


class TanH(Layer, message="tanh_param", number=127, in_place=True, v0="tanh", v1=V1("TANH", 23, 37)):
    """The hyperbolic tangent.

    bottom   any shape
    top      the same shape
    example  layer "tanh1" TanH  # 1x500 -> 1x500
    """

    engine: Engine = param(1, default=Engine.DEFAULT, doc="Caffe's kernel; no meaning here")


class Power(Layer, message="power_param", number=122, in_place=True, v1=V1("POWER", 26, 21)):
    """(shift + scale x)^power.

    bottom   any shape
    top      the same shape
    example  layer "centred" Power { scale: 0.0078125 shift: -1 }  # 1x3x32x32 -> 1x3x32x32
    """

    power: float = param(1, default=1.0, doc="the power")
    scale: float = param(2, default=1.0, doc="times x")
    shift: float = param(3, default=0.0, doc="added")

    @property
    @override
    def scale_and_shift(self) -> tuple[float, float]:
        return (self.scale, self.shift) if self.power == 1 and self.scale else (1.0, 0.0)


class AbsVal(Layer, v1=V1("ABSVAL", 35)):
    """|x|.

    bottom   any shape
    top      the same shape, another blob: Caffe does not work in place here (absval_layer.cpp)
    example  layer "size" AbsVal  # 1x64x56x56 -> 1x64x56x56
    """


class BNLL(Layer, in_place=True, v0="bnll", v1=V1("BNLL", 2)):
    """log(1 + e^x), the binomial normal log likelihood, known as softplus.

    bottom   any shape
    top      the same shape
    example  layer "bnll1" BNLL  # 1x64x56x56 -> 1x64x56x56
    """


class Clip(Layer, message="clip_param", number=148, in_place=True):
    """x, but no less than min and no more than max.

    bottom   any shape
    top      the same shape
    example  layer "clip1" Clip { min: 0 max: 6 }  # 1x64x56x56 -> 1x64x56x56

    Where min lies above max, every value is min.
    """

    min: float = param(1, doc="the least value")
    max: float = param(2, doc="the greatest value")

    @override
    def problems(self) -> Iterator[Refusal]:
        for name, limit in (("min", self.min), ("max", self.max)):
            if isnan(limit):
                yield Refusal("N202", "nan is no limit", at=name, help="use inf or -inf for none")


class _OfBase(Layer):
    """What Exp and Log share."""

    base: float = param(1, default=-1.0, doc="the base; -1 for e")
    scale: float = param(2, default=1.0, doc="times x")
    shift: float = param(3, default=0.0, doc="added")

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.base != -1 and not 0 < self.base < inf:
            message = f"a base is a number above 0, and is {self.base:g}"
            yield Refusal("N202", message, at="base", help="use -1 for e")

    @property
    def log_base(self) -> float:
        """The base's natural logarithm."""
        return 1.0 if self.base == -1 else log(self.base)


class Exp(_OfBase, message="exp_param", number=111, in_place=True, v1=V1("EXP", 38, 41)):
    """base^(shift + scale x).

    bottom   any shape
    top      the same shape
    example  layer "power" Exp { base: 2 }  # 1x500 -> 1x500
    """


class Log(_OfBase, message="log_param", number=134, in_place=True):
    """The logarithm of shift + scale x to a base.

    bottom   any shape
    top      the same shape
    example  layer "log1" Log { shift: 1 }  # 1x500 -> 1x500
    """

    @override
    def problems(self) -> Iterator[Refusal]:
        yield from super().problems()
        if self.base == 1:
            yield Refusal("N202", "there is no logarithm to base 1", at="base", help="use -1 for e")


class Swish(Layer, message="swish_param", number=147, in_place=True):
    """x / (1 + e^(-beta x)): x times a sigmoid of itself (Ramachandran et al. 2017).

    bottom   any shape
    top      the same shape
    example  layer "swish1" Swish  # 1x64x56x56 -> 1x64x56x56
    """

    beta: float = param(1, default=1.0, doc="times x in the sigmoid")


class Threshold(Layer, message="threshold_param", number=128, in_place=True, v1=V1("THRESHOLD", 31, 25)):
    """1 where x is above a threshold, else 0; no gradient goes back.

    bottom   any shape
    top      the same shape
    example  layer "mask" Threshold { threshold: 0.5 }  # 1x1x56x56 -> 1x1x56x56
    """

    threshold: float = param(1, default=0.0, doc="what x must pass, and not only reach")
