"""Soft-max, and the loss on it."""

from netdef.compiler.compare_sizes import Comparison, compare
from netdef.compiler.layers.base import Arity, Divisor, Layer
from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.roles import V1, Colour, Makes
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Engine
from netdef.compiler.schema.message import Message, ProtoEnum, Refusal, beside, param
from netdef.compiler.shape import Shape, Shapes, product, show


class Normalization(ProtoEnum):
    """What a sum of losses is divided by."""

    FULL = 0
    VALID = 1
    BATCH_SIZE = 2
    NONE = 3


class LossParameter(Message):
    """How a loss treats labels and counts."""

    ignore_label: int | None = param(1, default=None, absent="none", doc="positions with this label don't count")
    normalization: Normalization | None = param(3, default=None, absent="VALID", doc="what the sum is divided by")
    normalize: bool | None = param(
        2, default=None, absent="normalization", doc="old form: true is VALID, false is BATCH_SIZE"
    )


class SoftmaxParameter(Message):
    """Along which axis the classes lie."""

    axis: int = param(2, default=1, doc="the classes' axis")
    engine: Engine = param(1, default=Engine.DEFAULT, doc="Caffe's kernel; no meaning here")


class Softmax(
    Layer,
    message="softmax_param",
    number=125,
    v0="softmax",
    v1=V1("SOFTMAX", 20, 39),
    scores=0,
    makes=Makes.PROBABILITIES,
    colour=Colour.PEACH,
):
    """Make scores probabilities: e^x over the sum of e^x along an axis.

    bottom   (N, classes, ...)
    top      the same shape
    example  layer "prob" Softmax  # 1x1000 -> 1x1000
    """

    axis: int = param(2, default=1, doc="the classes' axis")
    engine: Engine = param(1, default=Engine.DEFAULT, doc="Caffe's kernel; no meaning here")

    @override
    def classes_axis(self, rank: int) -> int:
        return find_axis(self.axis, rank)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        self.classes_axis(len(bottoms[0]))
        return bottoms


def check_labels(scores: Shape, labels: Shape, axis: int) -> None:
    """Refuse labels that don't count one for each position of the scores."""
    positions = (*scores[:axis], *scores[axis + 1 :])
    if compare(product(positions), product(labels)) is Comparison.DIFFERENT:
        message = f"scores {show(scores)} need {show(positions)} labels, and there are {show(labels)}"
        raise Refusal("N206", message, at="bottom 1")


class SoftmaxWithLoss(
    Layer,
    bottoms=2,
    tops=Arity(1, 2),
    v0="softmax_loss",
    v1=V1("SOFTMAX_LOSS", 21),
    scores=0,
    labels=1,
    makes=Makes.LOSS,
    keeps_positions=False,
    colour=Colour.ORANGE,
):
    """The multinomial logistic loss of soft-max: the mean of -log(probability of the label).

    bottom   scores (N, classes, ...), labels: one number for each position
    top      the loss, a scalar; a second top holds the probabilities
    example  layer "loss" SoftmaxWithLoss { bottom: ["fc8", "label"] }  # 8x1000, 8 -> scalar

    Probabilities below the least float count as that, so the loss never passes 87.3365 (softmax_loss_layer.cpp).
    """

    loss: LossParameter = beside(101, "loss_param", default=LossParameter(), v1=42, doc="labels and counts")
    softmax: SoftmaxParameter = beside(125, "softmax_param", default=SoftmaxParameter(), v1=39, doc="the classes' axis")

    @property
    def normalization(self) -> Normalization:
        """What the sum is divided by, the old form resolved."""
        if self.loss.normalization is None and self.loss.normalize is False:
            return Normalization.BATCH_SIZE
        return self.loss.normalization or Normalization.VALID

    @property
    @override
    def divisor(self) -> Divisor:
        if self.normalization is Normalization.NONE:
            return Divisor.NOTHING
        counted = self.normalization is Normalization.VALID and self.ignored is not None
        return Divisor.COUNTED if counted else Divisor.SAMPLES

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
        return ((), scores)[:num_tops]
