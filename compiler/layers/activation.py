"""Functions of one value."""

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
