"""Functions of one value that BVLC Caffe lacks: cut at bounds, or made for phones."""

from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.roles import V1
from netdef.compiler.schema.message import param

COPIES = "public copies"


class ReLU6(Layer, origin="mobilenet-ssd", message="relu6_param", in_place=True):
    """max(x, 0), and 6 at most, as MobileNets have it; or x times a slope below 0.

    bottom   any shape
    top      the same shape
    example  layer "relu1" ReLU6  # 1x32x112x112 -> 1x32x112x112

    The slope is MobileNet-YOLO's; the others have no ``relu6_param``.
    """

    negative_slope: float = param(1, default=0.0, doc="the slope below 0")


class HardSwish(Layer, origin=COPIES, in_place=True):
    """x min(max(x + 3, 0), 6) / 6: a swish of straight lines (Howard et al. 2019).

    bottom   any shape
    top      the same shape
    example  layer "act1" HardSwish { origin: "public copies" }  # 1x16x112x112 -> 1x16x112x112
    """


class SteepHardSwish(Layer, name="HardSwish", origin="other copies", in_place=True):
    """x min(max(0.2 x + 0.5, 0), 1): x times HardSigmoid, as some copies have it.

    bottom   any shape
    top      the same shape
    example  layer "act1" HardSwish { origin: "other copies" }  # 1x16x112x112 -> 1x16x112x112
    """


class HardSigmoid(Layer, origin="yolo", in_place=True):
    """min(max(0.2 x + 0.5, 0), 1): a sigmoid of straight lines.

    bottom   any shape
    top      the same shape
    example  layer "gate" HardSigmoid  # 1x64x1x1 -> 1x64x1x1

    The fork's backward pass looks at the top where it means the bottom, and so gives 0.2 g everywhere; here the slope
    is that of the function.
    """


class Mish(Layer, origin=COPIES, in_place=True):
    """x tanh(log(1 + e^x)) (Misra 2019).

    bottom   any shape
    top      the same shape
    example  layer "act1" Mish  # 1x32x416x416 -> 1x32x416x416

    The copies' backward pass takes the top for the bottom; here the slope is that of the function.
    """


class SeLu(Layer, origin=COPIES, message="selu_param", number=161, in_place=True, v1=V1("SELU", 53)):
    """lambda x above 0, lambda alpha (e^x - 1) below (Klambauer et al. 2017).

    bottom   any shape
    top      the same shape
    example  layer "act1" SeLu  # 1x64x32x32 -> 1x64x32x32
    """

    scale: float = param(1, name="lambda", default=1.050700987, doc="times everything")
    alpha: float = param(2, default=1.67326324, doc="what values far below 0 go to before lambda, negated")
