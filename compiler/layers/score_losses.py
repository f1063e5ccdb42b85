"""Losses of scores against labels or targets, beside that of soft-max."""

from collections.abc import Iterator

from netdef.compiler.compare_sizes import Comparison, compare
from netdef.compiler.layers.base import Arity, Divisor, Layer
from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.roles import V1, Colour, Makes
from netdef.compiler.layers.softmax import LossParameter, Normalization, check_labels
from netdef.compiler.override import override
from netdef.compiler.schema.message import ProtoEnum, Refusal, beside, param
from netdef.compiler.shape import Shape, Shapes, differ, product, show


class _ScoreLoss(Layer, bottoms=2, makes=Makes.LOSS, keeps_positions=False, colour=Colour.ORANGE):
    """What all share."""

    @property
    @override
    def divisor(self) -> Divisor:
        return Divisor.SAMPLES


def _check_rows(scores: Shape, labels: Shape) -> None:
    """Refuse scores that are not rows of classes for samples, and labels that are not one for each sample."""
    if not 0 < len(scores) <= 4:
        message = f"scores have 1 to 4 axes, the first of them the samples, and these have {len(scores)}"
        raise Refusal("N203", message, at="bottom 0", help="a Flatten layer can join some")
    if not labels or differ(labels[:1], scores[:1]):
        message = f"scores {show(scores)} need {scores[0]} labels, and there are {show(labels)}"
        raise Refusal("N206", message, at="bottom 1")


class Norm(ProtoEnum):
    """What becomes of how far a margin is missed."""

    L1 = 1
    L2 = 2


class HingeLoss(
    _ScoreLoss,
    message="hinge_loss_param",
    number=114,
    v1=V1("HINGE_LOSS", 28, 29),
    scores=0,
    labels=1,
):
    """The hinge loss, one class against all: max(0, 1 - score) of the label's class, max(0, 1 + score) of others.

    bottom   scores (N, classes), all axes behind the first taken as classes; labels, the first N numbers of (N, ...)
    top      the loss, a scalar: the sum over all classes, or that of squares with L2, divided by N
    example  layer "loss" HingeLoss { bottom: ["scores", "label"] norm: L2 }  # 8x10, 8 -> scalar
    """

    norm: Norm = param(1, default=Norm.L1, doc="L2 squares what is missed")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        _check_rows(*bottoms)
        return ((),)


class MultinomialLogisticLoss(
    _ScoreLoss,
    v0="multinomial_logistic_loss",
    v1=V1("MULTINOMIAL_LOGISTIC_LOSS", 16),
    scores=0,
    labels=1,
):
    """The mean of -log(probability of the label), of probabilities that are there: those of a Softmax, say.

    bottom   probabilities (N, classes), all axes behind the first taken as classes; labels (N)
    top      the loss, a scalar
    example  layer "loss" MultinomialLogisticLoss { bottom: ["prob", "label"] }  # 8x10, 8 -> scalar

    A probability below 1e-20 counts as that, and its gradient goes on (multinomial_logistic_loss_layer.cpp).
    """

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        probabilities, labels = bottoms
        _check_rows(probabilities, labels)
        if differ(labels[1:], (1,) * len(labels[1:])):
            message = f"there is one label for each sample, and not {show(labels)}"
            raise Refusal("N206", message, at="bottom 1", help="SoftmaxWithLoss takes a label for each position")
        return ((),)


class InfogainLoss(
    _ScoreLoss,
    message="infogain_loss_param",
    number=116,
    bottoms=Arity(2, 3),
    tops=Arity(1, 2),
    v0="infogain_loss",
    v1=V1("INFOGAIN_LOSS", 13, 16),
    scores=0,
    labels=1,
):
    """Soft-max, and a loss that weighs each class's -log(probability) by a matrix: its row is the label's.

    bottom   scores (N, classes, ...), labels: one number for each position; perhaps the matrix, classes x classes
    top      the loss, a scalar; a second top holds the probabilities
    example  layer "loss" InfogainLoss { bottom: ["fc8", "label", "H"] }  # 8x10, 8, 10x10 -> scalar

    The unit matrix makes it SoftmaxWithLoss. Probabilities below 1e-20 count as that, and their gradient goes on
    (infogain_loss_layer.cpp). No gradient goes back to the matrix.
    """

    source: str = param(1, default="", doc="a .binaryproto with the matrix, where no bottom brings it")
    axis: int = param(2, default=1, doc="the classes' axis")
    loss: LossParameter = beside(101, "loss_param", default=LossParameter(), v1=42, doc="labels and counts")

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.loss.normalize is not None:
            message = "InfogainLoss does not take normalize, the old form of normalization"
            yield Refusal("N202", message, at="loss", help="write normalization: BATCH_SIZE for normalize: false")

    @property
    def normalization(self) -> Normalization:
        """What the sum is divided by."""
        return self.loss.normalization or Normalization.VALID

    @property
    @override
    def divisor(self) -> Divisor:
        return divisor_of(self.normalization, self.ignored)

    @property
    @override
    def ignored(self) -> int | None:
        return self.loss.ignore_label

    @override
    def classes_axis(self, rank: int) -> int:
        return find_axis(self.axis, rank)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        scores, labels, *matrix = bottoms
        axis = self.classes_axis(len(scores))
        check_labels(scores, labels, axis)
        if not matrix and not self.source:
            message = "InfogainLoss needs its matrix: a third bottom, or a file"
            raise Refusal("N201", message, help='add source: "infogain.binaryproto"')
        classes = scores[axis]
        if matrix and compare(product(matrix[0]), classes * classes) is Comparison.DIFFERENT:
            message = f"the matrix has a row and a column for each of {classes} classes, and is {show(matrix[0])}"
            raise Refusal("N206", message, at="bottom 2")
        return ((), scores)[:num_tops]


class SigmoidCrossEntropyLoss(_ScoreLoss, v1=V1("SIGMOID_CROSS_ENTROPY_LOSS", 27)):
    """The cross-entropy of a sigmoid for each score: -t log(p) - (1 - t) log(1 - p), p = 1 / (1 + e^-x).

    bottom   scores and targets from 0 to 1, as many and of one batch size
    top      the loss, a scalar, divided by the batch size unless ``normalization`` says otherwise
    example  layer "loss" SigmoidCrossEntropyLoss { bottom: ["scores", "targets"] }  # 8x20, 8x20 -> scalar

    A target counts as ``ignore_label`` if it is so with its fraction cut off: 0.7 is ignored with 0. No gradient goes
    back to the targets.
    """

    loss: LossParameter = beside(101, "loss_param", default=LossParameter(), v1=42, doc="labels and counts")

    @property
    def normalization(self) -> Normalization:
        """What the sum is divided by, the old form resolved; by default the batch size, unlike in other losses."""
        if self.loss.normalization is None and self.loss.normalize:
            return Normalization.VALID
        return self.loss.normalization or Normalization.BATCH_SIZE

    @property
    @override
    def divisor(self) -> Divisor:
        return divisor_of(self.normalization, self.ignored)

    @property
    @override
    def ignored(self) -> int | None:
        return self.loss.ignore_label

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        scores, targets = bottoms
        find_axis(0, len(scores))
        if not targets or differ(scores[:1], targets[:1]):
            raise Refusal("N206", f"targets {show(targets)} are not of {scores[0]} samples", at="bottom 1")
        if compare(product(scores), product(targets)) is Comparison.DIFFERENT:
            message = f"scores {show(scores)} need as many targets, and there are {show(targets)}"
            raise Refusal("N206", message, at="bottom 1")
        return ((),)


def divisor_of(normalization: Normalization, ignored: int | None) -> Divisor:
    """What a loss is divided by, for whoever joins the losses of a batch's parts."""
    if normalization is Normalization.NONE:
        return Divisor.NOTHING
    return Divisor.COUNTED if normalization is Normalization.VALID and ignored is not None else Divisor.SAMPLES
