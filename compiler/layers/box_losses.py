"""Losses of detectors: of boxes, and of the classes of regions."""

from collections.abc import Iterator

from netdef.compiler.layers.base import Arity, Divisor, Layer
from netdef.compiler.layers.checks import find_axis, other_shape
from netdef.compiler.layers.roles import Colour, Makes, Written
from netdef.compiler.layers.softmax import SoftmaxParameter, check_labels
from netdef.compiler.override import override
from netdef.compiler.schema.message import Message, ProtoEnum, Refusal, beside, param
from netdef.compiler.shape import Shape, Shapes, first_to_differ


def in_four_axes(shape: Shape) -> Shape:
    """A shape as Caffe's old ``num``, ``channels``, ``height`` and ``width`` have it: with axes of 1 behind it."""
    return (*shape, *(1,) * (4 - len(shape)))


def check_alike(bottoms: Shapes, what: str) -> None:
    """Refuse bottoms that differ, other than by axes of 1 at their end, or that have no batch."""
    index = first_to_differ(map(in_four_axes, bottoms))
    if index is not None:
        raise other_shape(index, what)
    if not bottoms[0]:
        raise Refusal("N203", f"{what} needs a batch axis", at="bottom 0")


class _SmoothL1(Layer, makes=Makes.LOSS, keeps_positions=False, colour=Colour.ORANGE):
    """What both layers of the name share."""

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        check_alike(bottoms, "SmoothL1Loss")
        return ((),)

    @property
    @override
    def divisor(self) -> Divisor:
        return Divisor.SAMPLES


class SmoothL1Loss(_SmoothL1, origin="ssd", bottoms=2):
    """A squared distance that grows straight from 1 on, summed and divided by the batch size (SSD's).

    bottom   two blobs of one shape
    top      the loss, a scalar: sum e / N, e = 0.5 d^2 where |d| < 1, else |d| - 0.5
    example  layer "loss" SmoothL1Loss { bottom: ["found", "wanted"] }  # 8x4, 8x4 -> scalar
    """

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return written.num_bottoms == 2 and "smooth_l1_loss_param" not in written.fields


class WeightedSmoothL1Loss(
    _SmoothL1,
    name="SmoothL1Loss",
    origin="rcnn",
    message="smooth_l1_loss_param",
    number=8266712,
    bottoms=Arity(2, 4),
    default_loss_weight=0.0,
):
    """A squared distance that grows straight from 1 / sigma^2 on, weighted on its inside and outside (Fast R-CNN's).

    bottom   two blobs of one shape; two more are weights, inside and outside of the distance
    top      the loss, a scalar: sum w_out e / N, d = w_in (x - t), e = 0.5 sigma^2 d^2 where |d| < 1 / sigma^2,
             else |d| - 0.5 / sigma^2
    example  layer "l" SmoothL1Loss { bottom: ["x", "t", "in", "out"] loss_weight: 1 }  # 8x4, 8x4, 8x4, 8x4 -> scalar

    Without ``loss_weight`` it counts 0 in the net's loss, and nothing goes backward: its setup forgets LossLayer's.
    """

    sigma: float = param(1, default=1.0, doc="the distance grows straight from 1 / sigma^2 on")

    @override
    def problems(self) -> Iterator[Refusal]:
        if not self.sigma:
            yield Refusal("N202", "sigma: 0 makes every distance 0", at="sigma", help="drop sigma, which is 1")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return written.num_bottoms != 2 or "smooth_l1_loss_param" in written.fields

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if len(bottoms) == 3:
            message = "three bottoms: the weights inside and outside of the distance go together"
            raise Refusal("N503", message, at="bottom 2", help="name both weights, or none")
        return super().infer(bottoms, num_tops)


class OhemNormalization(ProtoEnum):
    """What a sum of losses is divided by, in R-FCN and in the forks made from it."""

    FULL = 0
    VALID = 1
    BATCH_SIZE = 2
    PRE_FIXED = 3
    NONE = 4


class OhemLossParameter(Message):
    """How a loss treats labels and counts, in R-FCN and in the forks made from it."""

    ignore_label: int | None = param(1, default=None, absent="none", doc="positions with this label don't count")
    normalization: OhemNormalization | None = param(3, default=None, absent="VALID", doc="what the sum is divided by")
    normalize: bool | None = param(
        2, default=None, absent="normalization", doc="old form: true is VALID, false is BATCH_SIZE"
    )
    pre_fixed_normalizer: float = param(4, default=1.0, doc="what PRE_FIXED divides by")

    @property
    def chosen(self) -> OhemNormalization:
        """What the sum is divided by, the old form resolved."""
        if self.normalization is None and self.normalize is False:
            return OhemNormalization.BATCH_SIZE
        return self.normalization or OhemNormalization.VALID


class _Ohem(Layer, origin="rfcn", makes=Makes.LOSS, keeps_positions=False, colour=Colour.ORANGE):
    """What both losses of R-FCN share."""

    loss: OhemLossParameter = beside(101, "loss_param", default=OhemLossParameter(), doc="labels and counts")

    @property
    @override
    def divisor(self) -> Divisor:
        chosen = self.loss.chosen
        if chosen in (OhemNormalization.NONE, OhemNormalization.PRE_FIXED):
            return Divisor.NOTHING
        counted = chosen is OhemNormalization.VALID and self.ignored is not None
        return Divisor.COUNTED if counted else Divisor.SAMPLES


class SmoothL1LossOHEM(_Ohem, origin="rfcn", bottoms=Arity(2, 3), tops=Arity(1, 2), default_loss_weight=0.0):
    """A squared distance that grows straight from 1 on, and its part of each position, for hard examples (R-FCN).

    bottom   two blobs of one shape; a third is weights of the distance
    top      the loss, a scalar; a second top (N, 1, H, W) holds the sums over the channels
    example  layer "l" SmoothL1LossOHEM { bottom: ["x", "t"] loss_weight: 1 }  # 8x4, 8x4 -> scalar

    1. d = w (x - t); e = 0.5 d^2 where |d| < 1, else |d| - 0.5. VALID divides as FULL does, by N H W; BATCH_SIZE by N.
    2. The gradient is e's by d: it isn't multiplied by w again, and so is the true one for weights of 0 and 1 alone.
    3. Without ``loss_weight`` it counts 0 in the net's loss: its setup forgets LossLayer's.
    """

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        check_alike(bottoms, "SmoothL1LossOHEM")
        num, _, *positions = in_four_axes(bottoms[0])
        return ((), (num, 1, *positions))[:num_tops]

    @property
    @override
    def ignored(self) -> int | None:
        return None


class SoftmaxWithLossOHEM(_Ohem, origin="rfcn", bottoms=2, tops=Arity(1, 3), scores=0, labels=1):
    """The logistic loss of soft-max, and its part of each position, for hard examples (R-FCN).

    bottom   scores (N, classes, ...), labels: one number for each position
    top      the loss, a scalar; a second top holds the probabilities; a third, of the labels' shape, the losses
    example  layer "loss" SoftmaxWithLossOHEM { bottom: ["cls", "label"] }  # 8x21, 8 -> scalar

    PRE_FIXED divides by ``pre_fixed_normalizer``; a divisor is 1 at least.
    """

    softmax: SoftmaxParameter = beside(125, "softmax_param", default=SoftmaxParameter(), doc="the classes' axis")

    @property
    @override
    def ignored(self) -> int | None:
        return self.loss.ignore_label

    @override
    def classes_axis(self, rank: int) -> int:
        return find_axis(self.softmax.axis, rank, at="softmax")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        scores, labels = bottoms
        check_labels(scores, labels, self.classes_axis(len(scores)))
        return ((), scores, labels)[:num_tops]
