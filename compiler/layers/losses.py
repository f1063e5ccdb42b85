"""Losses that compare blobs."""

from netdef.compiler.compare_sizes import Comparison, compare
from netdef.compiler.layers.base import Divisor, Layer
from netdef.compiler.layers.checks import other_shape
from netdef.compiler.layers.roles import V1, Colour, Makes
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shapes, differ, product


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
