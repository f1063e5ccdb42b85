"""Losses of forks, and of public copies, that compare two blobs or soft-max scores with labels."""

from netdef.compiler.layers.base import Arity, Divisor, Layer
from netdef.compiler.layers.box_losses import check_alike
from netdef.compiler.layers.roles import Colour, Makes, Written
from netdef.compiler.layers.softmax import SoftmaxWithLoss
from netdef.compiler.override import override
from netdef.compiler.schema.message import ProtoEnum, param
from netdef.compiler.shape import Shapes

COPIES = "public copies"


class _OfTwo(Layer, origin=COPIES, bottoms=2, makes=Makes.LOSS, keeps_positions=False, colour=Colour.ORANGE):
    """A loss of two blobs of one shape."""

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        check_alike(bottoms, self.type_name)
        return ((),) * num_tops

    @property
    @override
    def divisor(self) -> Divisor:
        return Divisor.SAMPLES


class L1Loss(_OfTwo, origin=COPIES):
    """The distance of two blobs by absolute values, averaged over the batch: sum |x - t| / N.

    bottom   two blobs of one shape
    top      the loss, a scalar
    example  layer "loss" L1Loss { bottom: ["found", "wanted"] }  # 8x4, 8x4 -> scalar

    FlowNet's layer of the name has ``l1_loss_param``, and computes something else.
    """

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return "l1_loss_param" not in written.fields


class FlowL1Loss(_OfTwo, name="L1Loss", origin="flownet", message="l1_loss_param", bottoms=Arity(1, 2)):
    """A distance of two flows, of each position by its length or by its parts (FlowNet 2).

    bottom   two blobs of one shape, or their difference
    top      the loss, a scalar
    example  layer "loss" L1Loss { bottom: ["x", "t"] l1_loss_param { l2_per_location: true } }
             # 8x2x9x9, 8x2x9x9 -> scalar
    """

    l2_per_location: bool = param(0, default=False, doc="the length of each position's difference")
    l2_prescale_by_channels: bool = param(0, default=False, doc="the length is divided by the number of channels")
    normalize_by_num_entries: bool = param(0, default=False, doc="the sum is divided by the number of values")
    epsilon: float = param(0, default=1e-2, doc="added under the root")
    plateau: float = param(0, default=0.0, doc="smaller differences are free")
    power: float = param(0, default=0.5, doc="the root")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return "l1_loss_param" in written.fields


class DiceCoefLoss(_OfTwo, origin=COPIES):
    """One less the Dice coefficient of the whole batch: 1 - (2 sum x t + 1) / (sum x + sum t + 1).

    bottom   shares from 0 to 1, and what they should be; two blobs of one shape
    top      the loss, a scalar
    example  layer "loss" DiceCoefLoss { bottom: ["found", "wanted"] origin: "public copies" }
             # 2x1x5x7, 2x1x5x7 -> scalar

    Other copies of the layer take a coefficient of each image, of squares.
    """

    @property
    @override
    def divisor(self) -> Divisor:
        return Divisor.NOTHING


class DiceCoefLossOfSquares(_OfTwo, name="DiceCoefLoss", origin="other copies"):
    """One less each image's Dice coefficient, of squares: 1 - (2 sum x t + 1) / (sum x^2 + sum t^2 + 1), averaged.

    bottom   shares from 0 to 1, and what they should be; two blobs of one shape
    top      the loss, a scalar
    example  layer "loss" DiceCoefLoss { bottom: ["found", "wanted"] origin: "other copies" }
             # 2x1x5x7, 2x1x5x7 -> scalar

    The copies' gradient is that of the sum over the images, not of the mean; it is so here.
    """


class FocalMode(ProtoEnum):
    """What falls with the probability."""

    ORIGIN = 0
    LINEAR = 1


class FocalLoss(
    SoftmaxWithLoss,
    origin="frcnn",
    message="focal_loss_param",
    bottoms=2,
    tops=Arity(1, 2),
):
    """The logistic loss of soft-max, less for what is well known already (Lin et al. 2017).

    bottom   scores (N, classes, ...), labels: one number for each position
    top      the loss, a scalar: sum of -alpha (1 - p)^gamma ln p over the labels, divided as SoftmaxWithLoss does;
             a second top holds the probabilities
    example  layer "loss" FocalLoss { bottom: ["fc8", "label"] gamma: 2 alpha: 0.25 }  # 8x21, 8 -> scalar

    LINEAR and beta have no effect in the fork's CPU code, and none here.
    """

    type: FocalMode = param(1, default=FocalMode.ORIGIN, doc="has no effect")
    gamma: float = param(2, default=2.0, doc="the power")
    alpha: float = param(3, default=0.25, doc="times the loss")
    beta: float = param(4, default=1.0, doc="has no effect")


class WeightEuclideanLoss(_OfTwo, origin=COPIES, message="weight_euclidean_loss_param", bottoms=Arity(2, 4)):
    """A squared distance with weights for contours, coarse and main parts.

    bottom   two blobs of one shape; further ones say which part a position belongs to
    top      the loss, a scalar
    example  layer "loss" WeightEuclideanLoss { bottom: ["found", "wanted"] }  # 2x1x5x7, 2x1x5x7 -> scalar
    """

    contour_weight: float = param(0, default=1.0, doc="weight of contours")
    main_weight: float = param(0, default=1.0, doc="weight of the main part")
    coarse_weight: float = param(0, default=1.0, doc="weight of the coarse part")
    normalized: bool = param(0, default=False, doc="divide by the sum of the weights")


class _Ranked(Layer, origin=COPIES, makes=Makes.LOSS, keeps_positions=False, colour=Colour.ORANGE):
    """A loss of several blobs, such as embeddings."""

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        return ((),) * num_tops


class QuartetLoss(_Ranked, origin=COPIES, message="quartet_loss_param", bottoms=Arity(2, None)):
    """Like samples nearer than unlike ones by a margin, in groups of four.

    bottom   embeddings of one shape
    top      the loss, a scalar
    example  layer "loss" QuartetLoss { bottom: ["a", "b", "c", "d"] margin: 1 }  # 8x4, 8x4, 8x4, 8x4 -> scalar
    """

    margin: float = param(1, default=1.0, doc="by how much nearer")


class WeightedFmeasureLoss(_Ranked, origin=COPIES, message="weighted_fmeasure_loss_param", bottoms=Arity(2, None)):
    """One less a weighted F measure of a map.

    bottom   a map, and what it should be; perhaps weights
    top      the loss, a scalar
    example  layer "loss" WeightedFmeasureLoss { bottom: ["x", "t"] }  # 2x1x5x7, 2x1x5x7 -> scalar
    """

    margin: float = param(0, default=0.0, doc="smaller errors are free")
    avg_fm: bool = param(0, default=False, doc="the mean of the images' measures")
