"""BN: what forks of Caffe made of Ioffe and Szegedy's batch normalisation (2015), each with its scale and shift."""

from typing import ClassVar

from netdef.compiler.layers.base import Arity, Layer, Weight
from netdef.compiler.layers.checks import known_sizes
from netdef.compiler.layers.roles import V1, Colour, WeightRole, Written
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Engine, Filler
from netdef.compiler.schema.message import ProtoEnum, Refusal, param
from netdef.compiler.shape import Shape, Shapes


class _BatchNormalization(Layer, message="bn_param", in_place=True, colour=Colour.YELLOW):
    """What all share: a channel's values, normalised."""

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if len(bottoms[0]) < 2:
            raise Refusal("N203", "BN needs a channel axis behind the batch", at="bottom 0")
        return bottoms


_SLOPE_FIELDS = frozenset(("slope_filler", "bias_filler", "momentum", "frozen"))
_SCALE_FIELDS = frozenset(("scale_filler", "shift_filler"))
_HISTORY_FIELDS = frozenset(("var_eps", "moving_average", "decay"))


class _Slope(_BatchNormalization):
    """Slope times the normalised value, plus bias; statistics by phase."""

    slope_filler: Filler = param(1, default=Filler(), doc="fills the slope before training: with 0 if not given")
    bias_filler: Filler = param(2, default=Filler(), doc="fills the bias before training")
    momentum: float = param(3, default=0.9, doc="what the running statistics keep at each step")
    eps: float = param(4, default=1e-5, least=0, doc="added to the variance")
    frozen: bool = param(5, default=False, doc="use the running statistics in TRAIN too, and learn nothing")
    engine: Engine = param(6, default=Engine.DEFAULT, doc="Caffe's kernel; no meaning here")
    icnet: bool = param(0, default=False, doc="ICNet's copy: merged into the convolution before; no meaning here")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        others = _SCALE_FIELDS | _HISTORY_FIELDS | {"bn_mode"}
        return not others & written.fields or bool(_SLOPE_FIELDS & written.fields)

    def _stored(self, channels: int) -> tuple[int, ...]:
        """The shape of each blob."""
        return (1, channels)

    spread: ClassVar[str] = "variance"
    """What the last blob holds."""

    @property
    def _first_spread(self) -> float:
        return 1.0 if self.frozen else 0.0

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        shape = self._stored(*known_sizes(bottoms[0][1]))
        spread = Filler(value=self._first_spread)
        role = WeightRole.STATISTIC if self.frozen else WeightRole.LEARNED
        return (
            Weight("slope", shape, self.slope_filler, role),
            Weight("bias", shape, self.bias_filler, role),
            Weight("mean", shape, Filler(), WeightRole.STATISTIC),
            Weight(self.spread, shape, spread, WeightRole.STATISTIC),
        )


class SegmentBN(_Slope, name="BN", origin="tsn"):
    """TSN's: normalise each channel, then scale and shift it; running statistics that need no factor.

    bottom   (N, C, ...)
    top      the same shape
    weights  slope, bias, mean and variance, (1, C) each
    example  layer "bn" BN { origin: "tsn" slope_filler { value: 1 } }  # 1x64x56x56 -> 1x64x56x56

    The batch's mean and biased variance in TRAIN, the running ones in TEST or if ``frozen``. The forward pass itself
    updates them: running = momentum running + (1 - momentum) batch. Without a filler the slope is 0.
    """


class PyramidBN(_Slope, name="BN", origin="pspnet", number=152):
    """PSPNet's: normalise each channel, then scale and shift it, as TSN's does; its blobs have four axes.

    bottom   (N, C, ...)
    top      the same shape
    weights  slope, bias, mean and variance, (1, C, 1, 1) each
    example  layer "bn" BN { origin: "pspnet" slope_filler { value: 1 } }  # 1x64x56x56 -> 1x64x56x56
    """

    @override
    def _stored(self, channels: int) -> tuple[int, ...]:
        return (1, channels, 1, 1)


class WindowsBN(_Slope, name="BN", origin="happynear", number=200):
    """happynear's: as TSN's, but it keeps 1 / sqrt(variance + eps) in the place of the variance.

    bottom   (N, C, ...)
    top      the same shape
    weights  slope, bias, mean and inverse deviation, (1, C) each
    example  layer "bn" BN { origin: "happynear" slope_filler { value: 1 } }  # 1x64x56x56 -> 1x64x56x56
    """

    spread = "inverse"

    @property
    @override
    def _first_spread(self) -> float:
        return 1.0


class BNMode(ProtoEnum):
    """Whether statistics are the batch's, or folded into scale and shift."""

    LEARN = 0
    INFERENCE = 1


def _of_channels(bottoms: Shapes) -> tuple[int, ...]:
    return (1, *known_sizes(bottoms[0][1]), 1, 1)


class SegNetBN(_BatchNormalization, name="BN", origin="segnet", tops=Arity(1, 3)):
    """SegNet's: scale times the normalised value, plus shift; no running statistics.

    bottom   (N, C, H, W)
    top      the same shape; further tops hold the batch's mean and variance, (1, C, 1, 1)
    weights  scale and shift, (1, C, 1, 1) each
    example  layer "bn" BN { bn_mode: INFERENCE scale_filler { value: 1 } }  # 1x64x180x240 -> 1x64x180x240

    LEARN takes the batch's statistics, in TEST as well; INFERENCE is scale x + shift, statistics folded into both.
    """

    scale_filler: Filler = param(1, default=Filler(value=1.0), doc="fills the scale before training")
    shift_filler: Filler = param(2, default=Filler(), doc="fills the shift before training")
    bn_mode: BNMode = param(3, default=BNMode.LEARN, doc="take the batch's statistics, or none")
    engine: Engine = param(4, default=Engine.DEFAULT, doc="Caffe's kernel; no meaning here")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        others = _SLOPE_FIELDS | _HISTORY_FIELDS
        return not others & written.fields and written.num_weights < 3

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        top = super().infer(bottoms, num_tops)[0]
        if num_tops > 1 and self.bn_mode is BNMode.INFERENCE:
            message = "INFERENCE has no statistics for further tops"
            raise Refusal("N503", message, at="top 1", help="drop them, or bn_mode: INFERENCE")
        statistic: Shape = (1, top[1], 1, 1)
        return (top, statistic, statistic)[:num_tops]

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        shape = _of_channels(bottoms)
        return Weight("scale", shape, self.scale_filler), Weight("shift", shape, self.shift_filler)


class HistoryBN(_BatchNormalization, name="BN", origin="chenglongchen", v1=V1("BN", 0)):
    """ChenglongChen's of 2014: TEST takes the batch's statistics too, unless ``moving_average`` says otherwise.

    bottom   (N, C, H, W)
    top      the same shape
    weights  scale, shift, mean and variance, (1, C, 1, 1) each
    example  layer "bn" BN { scale_filler { value: 1 } moving_average: true }  # 1x64x28x28 -> 1x64x28x28
    """

    scale_filler: Filler = param(1, default=Filler(value=1.0), doc="fills the scale before training")
    shift_filler: Filler = param(2, default=Filler(), doc="fills the shift before training")
    var_eps: float = param(3, default=1e-10, least=0, doc="added to the variance")
    moving_average: bool = param(4, default=False, doc="take the running statistics in TEST")
    decay: float = param(5, default=0.95, doc="what the running statistics keep at each step")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        if _HISTORY_FIELDS & written.fields:
            return True
        return not (_SLOPE_FIELDS | {"bn_mode"}) & written.fields

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        shape = _of_channels(bottoms)
        return (
            Weight("scale", shape, self.scale_filler),
            Weight("shift", shape, self.shift_filler),
            Weight("mean", shape, Filler(), WeightRole.STATISTIC),
            Weight("variance", shape, Filler(), WeightRole.STATISTIC),
        )
