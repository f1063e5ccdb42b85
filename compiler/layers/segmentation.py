"""Segmentation: how right a map of classes is, and what smooths it."""

from netdef.compiler.layers.base import Layer, Weight
from netdef.compiler.layers.checks import known_sizes, need_rank
from netdef.compiler.layers.roles import V1, Colour, Makes
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Filler
from netdef.compiler.schema.message import ProtoEnum, Refusal, param
from netdef.compiler.shape import Shapes, differ


class Metric(ProtoEnum):
    """A number of the top; SegAccuracy gives all."""

    PixelAccuracy = 0
    ClassAccuracy = 1
    AverageClassAccuracy = 2
    IntersectionOverUnion = 3


class SegAccuracy(
    Layer, origin="deeplab", message="seg_accuracy_param", number=144, bottoms=2, scores=0, labels=1,
    makes=Makes.MEASURE, keeps_positions=False,
):  # fmt: skip
    """How right the best class of each pixel is (Long et al. 2015, section 5).

    bottom   scores (N, classes, H, W), labels (N, 1, H, W)
    top      (1, 1, 1, 3): the share of right pixels, its mean over classes, the mean intersection over union
    example  layer "acc" SegAccuracy { bottom: ["score", "label"] }  # 2x21x8x8, 2x1x8x8 -> 1x1x1x3
    """

    metric: Metric | None = param(1, default=None, absent="all", doc="has no effect")
    ignore_label: tuple[int, ...] = param(2, default=(), doc="pixels of these labels don't count")
    reset: bool = param(3, default=True, doc="count each pass alone, and not all so far")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "SegAccuracy")
        scores, labels = bottoms
        if len(labels) != 4 or differ(labels, (scores[0], 1, *scores[2:])):
            raise Refusal("N206", "SegAccuracy needs a label for each pixel of the scores", at="bottom 1")
        return ((1, 1, 1, 3),)


class Compatibility(ProtoEnum):
    """What the matrix of classes begins with."""

    POTTS = 0
    EMPIRICAL = 1


class MultiStageMeanfield(
    Layer, origin="crf-rnn", message="multi_stage_meanfield_param", bottoms=3, v1=V1("MULTI_STAGE_MEANFIELD", 0),
    colour=Colour.VIOLET,
):  # fmt: skip
    """A conditional random field as a recurrent layer (Zheng et al. 2015): classes agree where pixels are alike.

    bottom   scores (N, classes, H, W), the same to begin with, the image (N, 3, H, W)
    top      (N, classes, H, W)
    weights  spatial and bilateral, (1, 1, classes, classes) each: kernels; compatibility (1, 1, classes, classes)
    example  layer "crf" MultiStageMeanfield { num_iterations: 5 bottom: ["u", "q", "x"] }
             # 1x21x50x50, 1x21x50x50, 1x3x50x50 -> 1x21x50x50
    """

    num_iterations: int = param(2, default=5, least=1, doc="steps")
    compatibility_mode: Compatibility = param(1, default=Compatibility.POTTS, doc="what the matrix begins with")
    threshold: float = param(3, default=0.0, doc="the weight below which the kernels don't count")
    theta_alpha: float = param(4, default=0.0, doc="pixels over which the bilateral kernel falls off")
    theta_beta: float = param(5, default=0.0, doc="colours over which it does")
    theta_gamma: float = param(6, default=0.0, doc="pixels over which the spatial kernel falls off")
    spatial_filter_weight: float = param(7, default=0.0, doc="the spatial kernel's weight")
    bilateral_filter_weight: float = param(8, default=0.0, doc="the bilateral kernel's weight")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "MultiStageMeanfield")
        unary, begun, image = bottoms
        if differ(unary, begun):
            raise Refusal("N206", "it begins with scores of the same shape", at="bottom 1")
        if len(image) != 4 or differ((unary[0], *unary[2:]), (image[0], *image[2:])):
            message = "the image must be as large as the scores, pixel for pixel"
            raise Refusal("N206", message, at="bottom 2", help="resize the scores, or crop them")
        return (unary,)

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        (classes,) = known_sizes(bottoms[0][1])
        shape = (1, 1, classes, classes)
        return tuple(Weight(name, shape, Filler()) for name in ("spatial", "bilateral", "compatibility"))
