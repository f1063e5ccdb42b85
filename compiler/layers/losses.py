"""Losses that compare blobs."""

from collections.abc import Mapping

from netdef.compiler.compare_sizes import Comparison, compare
from netdef.compiler.layers.base import Divisor, Layer
from netdef.compiler.layers.checks import other_shape
from netdef.compiler.layers.roles import V1, Colour, Makes
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shapes, differ, product, show
from netdef.compiler.size import Dim


class EuclideanLoss(
    Layer,
    bottoms=2,
    v0="euclidean_loss",
    v1=V1("EUCLIDEAN_LOSS", 7),
    makes=Makes.LOSS,
    keeps_positions=False,
    colour=Colour.ORANGE,
):
    """Half the squared distance of two blobs, averaged over the batch: sum d^2 / (2 N).

    bottom   two blobs of one batch size and one number of values
    top      the loss, a scalar
    example  layer "loss" EuclideanLoss { bottom: ["found", "wanted"] }  # 8x4, 8x4 -> scalar
    """

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        first, second = bottoms
        if differ(first[:1], second[:1]) or compare(product(first[1:]), product(second[1:])) is Comparison.DIFFERENT:
            raise other_shape(1, "EuclideanLoss")
        if not first:
            raise Refusal("N203", "EuclideanLoss needs a batch axis", at="bottom 0")
        return ((),)

    @property
    @override
    def divisor(self) -> Divisor:
        return Divisor.SAMPLES


class ContrastiveLoss(
    Layer,
    message="contrastive_loss_param",
    number=105,
    bottoms=3,
    v1=V1("CONTRASTIVE_LOSS", 37, 40),
    makes=Makes.LOSS,
    keeps_positions=False,
    colour=Colour.ORANGE,
):
    """Draw pairs of one kind together and push others apart, up to a margin (Hadsell et al. 2006).

    bottom   two blobs of features (N, C); whether each pair is alike (N): 0 for no
    top      the loss, a scalar: sum of d^2 for pairs that are alike, max(margin - d, 0)^2 for others, over 2 N
    example  layer "loss" ContrastiveLoss { bottom: ["feat", "feat_p", "sim"] }  # 8x2, 8x2, 8 -> scalar

    ``legacy_version`` takes max(margin - d^2, 0) for pairs that aren't alike. Otherwise the gradient of such a pair is
    that of the formula but for 1e-4 added to the distance that it divides by (contrastive_loss_layer.cpp). No gradient
    goes back to the third bottom.
    """

    margin: float = param(1, default=1.0, doc="the distance from which on pairs that aren't alike cost nothing")
    legacy_version: bool = param(2, default=False, doc="the margin is one of squared distances")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        first, second, alike = bottoms
        for index, blob in enumerate((first, second)):
            if not 2 <= len(blob) <= 4 or differ(blob[2:], (1,) * len(blob[2:])):
                message = f"features are N x C, one row for each sample, and these are {show(blob)}"
                raise Refusal("N203", message, at=f"bottom {index}", help="a Flatten layer makes rows of images")
        if differ(first[:2], second[:2]):
            raise other_shape(1, "ContrastiveLoss")
        if not alike or differ(alike, (first[0], *(1,) * len(alike[1:]))):
            message = f"there is one number for each of {first[0]} pairs, and not {show(alike)}"
            raise Refusal("N206", message, at="bottom 2")
        return ((),)

    @override
    def numbers(self, bottoms: Shapes) -> Mapping[int, Dim]:
        return {2: 2}

    @property
    @override
    def divisor(self) -> Divisor:
        return Divisor.SAMPLES
