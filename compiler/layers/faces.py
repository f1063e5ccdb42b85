"""Layers of face recognition: losses and margins on the classes' centres, and distances to them."""

from collections.abc import Iterator
from math import isinf

from netdef.compiler.compare_sizes import Comparison, compare
from netdef.compiler.layers.base import Arity, Divisor, Layer, Weight
from netdef.compiler.layers.box_losses import in_four_axes
from netdef.compiler.layers.checks import find_axis, known_sizes
from netdef.compiler.layers.roles import Colour, Makes, Written
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Filler
from netdef.compiler.schema.message import ProtoEnum, Refusal, param
from netdef.compiler.shape import Shape, Shapes, differ, product, show
from netdef.compiler.size import Dim

NORMS = ("L1", "L2")


def check_one_label_each(bottoms: Shapes, what: str) -> None:
    """Refuse labels that aren't one for each sample of the first bottom."""
    samples, labels = bottoms
    if not samples:
        raise Refusal("N203", f"{what} needs a batch axis", at="bottom 0")
    if compare(samples[0], product(labels)) is Comparison.DIFFERENT:
        message = f"{samples[0]} samples need as many labels, and there are {show(labels)}"
        raise Refusal("N206", message, at="bottom 1")


def check_sample_each(bottom: Shape, axis: int) -> None:
    """Refuse an axis to flatten from that makes more rows than there are samples."""
    rows = product(bottom[: find_axis(axis, len(bottom))])
    if compare(rows, bottom[0]) is Comparison.DIFFERENT:
        message = f"flattened from axis {axis} on, {show(bottom)} has {rows} rows for {bottom[0]} samples"
        raise Refusal("N202", message, at="axis", help="axis: 1 makes one of each")


def centres(bottom: Shape, axis: int, num_output: int, filler: Filler) -> tuple[Weight, ...]:
    """The one weight of layers that hold a point for each class: (num_output, length of a sample)."""
    (length,) = known_sizes(product(bottom[find_axis(axis, len(bottom)) :]))
    return (Weight("weight", (num_output, length), filler),)


class CenterLoss(
    Layer,
    origin="caffe-face",
    message="center_loss_param",
    number=147,
    bottoms=2,
    labels=1,
    makes=Makes.LOSS,
    default_loss_weight=0.0,
    keeps_positions=False,
    colour=Colour.ORANGE,
):
    """Half the squared distance of samples to the learned centres of their classes, averaged (Wen et al. 2016).

    bottom   (N, ...), flattened from ``axis`` on; labels (N)
    top      the loss, a scalar: sum |x - c_y|^2 / (2 N)
    weights  weight (num_output, K): the centres
    example  layer "loss" CenterLoss { bottom: ["x", "label"] num_output: 9 loss_weight: 0.1 }  # 8x4, 8 -> scalar

    1. The centres' gradient is not the loss's: sum over samples of class j of (c_j - x) / (1 + how many there are),
       without the loss weight and without 1 / N.
    2. Without ``loss_weight`` it counts 0 in the net's loss: its setup forgets LossLayer's.
    """

    num_output: int = param(1, least=1, doc="classes")
    center_filler: Filler = param(2, default=Filler(), doc="fills the centres before training")
    axis: int = param(3, default=1, doc="the first axis that is flattened")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        find_axis(self.axis, len(bottoms[0]))
        check_one_label_each(bottoms, "CenterLoss")
        check_sample_each(bottoms[0], self.axis)
        return ((),)

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        return centres(bottoms[0], self.axis, self.num_output, self.center_filler)

    @property
    @override
    def divisor(self) -> Divisor:
        return Divisor.SAMPLES


class Margin(ProtoEnum):
    """By how much the angle to the own class is multiplied."""

    SINGLE = 0
    DOUBLE = 1
    TRIPLE = 2
    QUADRUPLE = 3


class MarginInnerProduct(
    Layer,
    origin="sphereface",
    message="margin_inner_product_param",
    number=147,
    bottoms=2,
    tops=Arity(1, 2),
    weight_layer=True,
    labels=1,
    colour=Colour.VIOLET,
):
    """Inner products with normalised rows, where the angle to the own class counts a multiple (SphereFace's A-Softmax).

    bottom   (N, ...), flattened from ``axis`` on; labels (N)
    top      (N, num_output); a second top (1) holds lambda
    weights  weight (num_output, K), whose rows each pass normalises in place
    example  layer "fc6" MarginInnerProduct { bottom: ["x", "label"] num_output: 10 }  # 8x4, 8 -> 8x10

    1. Each pass counts: iteration += 1, lambda = max(base (1 + gamma iteration)^-power, lambda_min).
    2. y = x w^T; that of the own class becomes (|x| psi(t) + lambda x w) / (1 + lambda), where
       psi = (-1)^k cos(m t) - 2 k, m is 2, 3 or 4 by ``type``, and k pi / m is the multiple below the angle t.
    3. Gradients are not the true ones: the weight's is that of y = x w^T, as if there were no margin; of the own
       class, x's is scaled so that the parts along x and along w have a length of 1 together.
    4. The fork writes the second top even where none is named, and breaks off.
    """

    num_output: int = param(1, least=1, doc="classes")
    type: Margin = param(2, default=Margin.SINGLE, doc="by how much the angle is multiplied: 1 to 4")
    weight_filler: Filler = param(3, default=Filler(), doc="fills the weight before training")
    axis: int = param(4, default=1, doc="the first axis that is flattened")
    base: float = param(5, default=1.0, doc="lambda at first")
    gamma: float = param(6, default=0.0, doc="how fast lambda falls")
    power: float = param(7, default=1.0, doc="how fast lambda falls, as a power")
    iteration: int = param(8, default=0, doc="passes that count as done")
    lambda_min: float = param(9, default=0.0, doc="the least lambda")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        axis = find_axis(self.axis, len(bottoms[0]))
        check_one_label_each(bottoms, "MarginInnerProduct")
        return ((*bottoms[0][:axis], self.num_output), (1,))[:num_tops]

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        return centres(bottoms[0], self.axis, self.num_output, self.weight_filler)

    @override
    def macs(self, bottoms: Shapes, tops: Shapes) -> Dim:
        return product(bottoms[0]) * self.num_output


class _Norm(Layer):
    """What speaks of a norm by its name."""

    @staticmethod
    def unknown_norm(word: str, at: str) -> Iterator[Refusal]:
        """The no to a norm that there isn't."""
        if word not in NORMS:
            yield Refusal("N403", f'there is no norm "{word}"', at=at, help='it is "L2" or "L1"')


class Normalize(
    _Norm, origin="happynear", message="normalize_param", number=214, tops=Arity(1, 2), colour=Colour.YELLOW
):
    """Divide the channels of each position by their length (NormFace).

    bottom   (N, C, H, W), or the first of these axes
    top      (N, C, H, W), always four axes; a second top (N, 1, H, W) holds the lengths
    example  layer "norm" Normalize { normalize_param { normalize_type: "L2" } }  # 8x128 -> 8x128x1x1

    L2: x / sqrt(sum of x^2 + 1e-6). L1: x / (sum of |x| + 1e-6). Both sums run over the channels.
    """

    normalize_type: str = param(1, default="L2", doc="the length: L2 or L1")
    fix_gradient: bool = param(2, default=False, doc="no gradient through the length")
    bp_norm: bool = param(3, default=False, doc="a gradient through the second top")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return "norm_param" not in written.fields

    @override
    def problems(self) -> Iterator[Refusal]:
        yield from self.unknown_norm(self.normalize_type, "normalize_type")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if not 1 <= len(bottoms[0]) <= 4:
            raise Refusal("N203", f"Normalize needs 1 to 4 axes, and the bottom has {len(bottoms[0])}", at="bottom 0")
        num, channels, *positions = in_four_axes(bottoms[0])
        return ((num, channels, *positions), (num, 1, *positions))[:num_tops]


class InnerDistance(
    _Norm,
    origin="happynear",
    message="inner_distance_param",
    number=213,
    bottoms=Arity(1, 3),
    weight_layer=True,
    colour=Colour.VIOLET,
):
    """The distance of each sample to learned points, or to those of the second bottom (NormFace).

    bottom   (N, ...), flattened from ``axis`` on; points (num_output, K), or (K, num_output) with ``transpose``, if
             they are not learned; labels, for update_center_only
    top      (N, num_output): sum of (x - w)^2, without a root; L1: sum of |x - w|
    weights  weight (num_output, K), if there is one bottom
    example  layer "ip2" InnerDistance { num_output: 10 }  # 8x128 -> 8x10

    With ``normalize`` each pass divides the points by sqrt(sum of w^2 + 1e-6) in place.
    """

    num_output: int | None = param(1, default=None, least=1, absent="the second bottom's", doc="points")
    bias_term: bool = param(2, default=True, doc="has no effect")
    weight_filler: Filler = param(3, default=Filler(), doc="fills the points before training")
    axis: int = param(5, default=1, doc="the first axis that is flattened")
    transpose: bool = param(6, default=False, doc="the points are stored as (K, num_output)")
    distance_type: str = param(7, default="L2", doc="L2, the squared distance, or L1")
    normalize: bool = param(8, default=False, doc="the points have length 1")
    update_center_only: bool = param(9, default=False, doc="only the points of the samples' classes learn")

    @override
    def problems(self) -> Iterator[Refusal]:
        yield from self.unknown_norm(self.distance_type, "distance_type")

    def num_points(self, bottoms: Shapes) -> Dim:
        """How many points there are."""
        if self.num_output is not None:
            return self.num_output
        if len(bottoms) < 2 or not bottoms[1]:
            raise Refusal("N201", "InnerDistance needs num_output, or points as a second bottom", help="add num_output")
        points = bottoms[1]
        return product(points[1:]) if self.transpose else points[0]

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        axis = find_axis(self.axis, len(bottoms[0]))
        num, length = self.num_points(bottoms), product(bottoms[0][axis:])
        if len(bottoms) > 1:
            points = bottoms[1]
            wanted = (length, num) if self.transpose else (num, length)
            if not points or differ((points[0], product(points[1:])), wanted):
                message = f"points of {show(wanted)} are needed, and they are {show(points)}"
                raise Refusal("N206", message, at="bottom 1")
        return ((*bottoms[0][:axis], num),)

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        if len(bottoms) > 1 or self.num_output is None:
            return ()
        (weight,) = centres(bottoms[0], self.axis, self.num_output, self.weight_filler)
        return (weight._replace(shape=weight.shape[::-1]),) if self.transpose else (weight,)

    @override
    def macs(self, bottoms: Shapes, tops: Shapes) -> Dim:
        return product(bottoms[0]) * self.num_points(bottoms)


class _OfDistances(
    Layer, origin="happynear", bottoms=2, labels=1, makes=Makes.LOSS, keeps_positions=False, colour=Colour.ORANGE
):
    """A loss of distances to the classes, and labels."""

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if len(bottoms[0]) < 2:
            raise Refusal("N203", f"{self.type_name} needs an axis of classes behind the batch", at="bottom 0")
        check_one_label_each(bottoms, self.type_name)
        return ((),) * num_tops

    @property
    @override
    def divisor(self) -> Divisor:
        return Divisor.SAMPLES


class GeneralContrastiveLoss(
    _OfDistances, origin="happynear", message="general_contrastive_loss_param", number=215, tops=Arity(1, 3)
):
    """Small distances to the own class, large ones to the others, summed and averaged over the batch (NormFace).

    bottom   distances (N, classes); labels (N)
    top      the loss, a scalar; further tops hold mean distances
    example  layer "loss" GeneralContrastiveLoss { bottom: ["d", "label"] }  # 8x10, 8 -> scalar

    1. Own class: positive_weight min(positive_outlier_thresh, max(0, d - positive_margin)); others: negative_weight
       max(0, negative_margin - d). All are summed, and divided by N. The gradient is the sign of what counts.
    2. max_negative_only keeps one negative of a sample. The search begins at class 0, whatever it is: where that is the
       own class, negatives below its term are dropped.
    """

    positive_margin: float = param(1, default=0.0, doc="distances to the own class up to this are free")
    negative_margin: float = param(2, default=1.0, doc="distances to others from this on are free")
    positive_weight: float = param(3, default=1.0, doc="weight of the own class")
    negative_weight: float = param(4, default=1.0, doc="weight of the others")
    positive_outlier_thresh: float = param(6, default=4.0, doc="the most that an own class counts")
    max_negative_only: bool = param(8, default=False, doc="only the nearest of the others counts")
    exp_negative_weight: bool = param(0, default=False, doc="others count by e to their distance")
    max_positive_only: bool = param(0, default=False, doc="only the farthest own sample counts")
    add_intra_mae: bool = param(0, default=False, doc="the mean error within classes counts, too")
    square: bool = param(0, default=False, doc="terms are squared")


class GeneralTripletLoss(
    _OfDistances, origin="happynear", message="general_triplet_loss_param", number=217, tops=Arity(1, 3)
):
    """The own class nearer than all others by a margin (NormFace).

    bottom   distances (N, classes); labels (N)
    top      the loss, a scalar: negative_weight sum over other classes of max(0, d_own + margin - d) / N
    example  layer "loss" GeneralTripletLoss { bottom: ["d", "label"] margin: 0.4 }  # 8x10, 8 -> scalar

    1. hardest_only keeps the greatest term of each sample.
    2. The gradient is not the loss's: -negative_weight for each class that counts, and +positive_weight once for the
       own class (with add_center_loss always, else where any other counts), over N.
    """

    margin: float = param(1, default=0.2, doc="by how much nearer")
    add_center_loss: bool = param(2, default=True, doc="the own class is always drawn nearer")
    hardest_only: bool = param(3, default=False, doc="only the nearest of the others counts")
    positive_first: bool = param(4, default=False, doc="others count once the own class is near")
    positive_upper_bound: float = param(5, default=1.0, doc="how near that is")
    positive_weight: float = param(6, default=1.0, doc="weight of the own class")
    negative_weight: float = param(7, default=1.0, doc="weight of the others")


class _OfLabel(Layer, bottoms=2, labels=1, scores=0, colour=Colour.YELLOW):
    """Changes the score of each sample's own class."""

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if len(bottoms[0]) < 2:
            raise Refusal("N203", f"{self.type_name} needs an axis of classes behind the batch", at="bottom 0")
        check_one_label_each(bottoms, self.type_name)
        if differ(bottoms[0][2:], (1,) * len(bottoms[0][2:])):
            message = f"a sample has one score for each class, and {show(bottoms[0])} has some for each position"
            raise Refusal("N203", message, at="bottom 0", help="a Flatten layer makes classes of them all")
        return self.tops_of(bottoms[0])

    def tops_of(self, scores: Shape) -> Shapes:
        """The shape of what it makes."""
        return (scores,)


class LabelSpecificAdd(_OfLabel, origin="caffe-zf", message="label_specific_add_param", number=163):
    """Add a number to the score of the own class, in training: an additive margin (AM-Softmax).

    bottom   scores (N, classes); labels (N)
    top      the scores' shape: y = x, and y[label] = x[label] + bias where x[label] > -bias
    example  layer "am" LabelSpecificAdd { bottom: ["cos", "label"] bias: -0.35 }  # 8x10, 8 -> 8x10

    In TEST it does nothing: ``transform_test`` has no effect, for it is and-ed with the phase being TRAIN.
    """

    bias: float = param(1, default=0.0, doc="what is added")
    transform_test: bool = param(2, default=False, doc="has no effect")


class LabelSpecificRescale(_OfLabel, origin="happynear", message="label_specific_rescale_param", number=0):
    """Multiply the score of the own class, and those of the others (NormFace).

    bottom   scores (N, classes); labels (N)
    top      the scores' shape: positive_weight times the own class's, negative_weight times the others'
    example  layer "r" LabelSpecificRescale { bottom: ["ip", "label"] positive_weight: 2 }  # 8x10, 8 -> 8x10
    """

    positive_weight: float = param(1, default=1.0, doc="times the own class's score")
    negative_weight: float = param(2, default=1.0, doc="times the others' scores")
    rescale_test: bool = param(0, default=False, doc="in TEST, too")


class LabelMargin(_OfLabel, origin="caffe-zf", message="label_margin_param", number=165):
    """Meant to add a margin to the angle of the own class, in training (ArcFace).

    bottom   cosines (N, classes); labels (N)
    top      (N, classes, 1, 1): y = x, and y[label] = x cos(bias) - sqrt(1 - x^2) cos(bias) where x > cos(bias)
    example  layer "arc" LabelMargin { bottom: ["cos", "label"] bias: 0.5 }  # 8x10, 8 -> 8x10x1x1

    The fork takes cos(bias) for sin(bias), too: so it is here. In TEST it does nothing.
    """

    bias: float = param(1, default=0.0, doc="the angle, in radians")
    transform_test: bool = param(2, default=False, doc="has no effect")

    @override
    def problems(self) -> Iterator[Refusal]:
        if isinf(self.bias):
            yield Refusal("N202", "an angle is finite", at="bias", help="bias: 0.5 is about 29 degrees")

    @override
    def tops_of(self, scores: Shape) -> Shapes:
        return (in_four_axes(scores),)
