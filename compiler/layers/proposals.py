"""Regions of interest that a net proposes by itself, and those that count in its loss."""

from collections.abc import Iterator
from math import inf

from netdef.compiler.compare_sizes import Comparison, compare
from netdef.compiler.layers.anchors import Boxes, anchors, half_away
from netdef.compiler.layers.base import Arity, Layer
from netdef.compiler.layers.box_losses import in_four_axes
from netdef.compiler.layers.checks import need_rank
from netdef.compiler.layers.rois import check_regions, check_row_for_each
from netdef.compiler.layers.roles import Colour, Holds, Written
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shapes, differ, product, show
from netdef.compiler.size import symbol

LEAST_PIXELS = 64
"""From here on a ``scale`` is no factor of a base size of 16 pixels, but a size in pixels."""


def check_one_image(bottoms: Shapes, what: str) -> None:
    """Refuse a map of several images."""
    if compare(bottoms[0][0] if bottoms[0] else 1, 1) is Comparison.DIFFERENT:
        message = f"{what} takes one image at a time, and there are {bottoms[0][0]}"
        raise Refusal("N202", message, at="bottom 0", help="give the input a batch of 1")


class _Proposing(
    Layer,
    message="proposal_param",
    bottoms=3,
    tops=Arity(1, 2),
    holds={2: Holds.IMAGE_INFO},
    keeps_positions=False,
    colour=Colour.PINK,
):
    """What both C++ layers share."""

    feat_stride: int = param(1, default=16, least=1, doc="pixels from one position of the map to the next")
    base_size: int = param(2, default=16, least=1, doc="side of the square that anchors are made from, in pixels")
    min_size: int = param(3, default=16, least=0, doc="smaller boxes come last: pixels, times im_info's scale")
    ratio: tuple[float, ...] = param(4, default=(), doc="of the anchors: height over width")
    scale: tuple[float, ...] = param(5, default=(), doc="of the anchors: their size")
    pre_nms_topn: int = param(6, default=6000, least=1, doc="boxes that are kept before overlaps are removed")
    post_nms_topn: int = param(7, default=300, least=1, doc="boxes that are kept in the end")
    nms_thresh: float = param(8, default=0.7, doc="boxes that overlap a better one by more are removed")

    @override
    def problems(self) -> Iterator[Refusal]:
        for name in ("ratio", "scale"):
            for place, value in enumerate(getattr(self, name)):
                if not 0 < value < inf:
                    message = f"a {name} must be above 0 and finite, and is {value:g}"
                    yield Refusal("N202", message, at=f"{name} {place}")

    @property
    def anchors(self) -> Boxes:
        """The anchors at a map's first position."""
        raise NotImplementedError

    @property
    @override
    def run_sizes(self) -> tuple[str, ...]:
        return ("R",)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        scores, deltas, _ = bottoms
        need_rank(bottoms, 4, "Proposal")
        need_rank(bottoms[1:], 4, "Proposal")
        num = len(self.ratio) * len(self.scale)
        for index, (shape, each) in enumerate(((scores, 2), (deltas, 4))):
            if num and compare(shape[1], each * num) is Comparison.DIFFERENT:
                message = f"{num} anchors (ratios times scales) need {each * num} channels, and there are {shape[1]}"
                raise Refusal("N206", message, at=f"bottom {index}", help="let what makes it have as many outputs")
        if differ((scores[0], *scores[2:]), (deltas[0], *deltas[2:])):
            message = f"scores {show(scores)} and boxes {show(deltas)} must be of the same images and positions"
            raise Refusal("N206", message, at="bottom 1")
        return ((symbol("R", 1), 5), (symbol("R", 1),))[:num_tops]


class Proposal(_Proposing, origin="mini-caffe", number=224):
    """Boxes that probably hold an object, from the scores and boxes of a region proposal network (mini-caffe's).

    bottom   scores (1, 2 A, H, W), background first; boxes (1, 4 A, H, W); image info: height, width, scale
    top      regions (R, 5), R of the run; a second top holds their scores (R)
    example  layer "p" Proposal { bottom: ["s", "b", "info"] scale: 8 ratio: 1 }  # 1x2x9x9, 1x4x9x9, 1x3 -> Rx5

    1. Anchors: for each ratio a width of round(sqrt(base_size^2 / ratio)) and a height of round(width ratio), times
       each scale, about the middle of the base square; ratios first.
    2. A box is decoded from its anchor (width x2 - x1 + 1, centre x1 + width / 2; corners at the centre -+ half the new
       size) and cut to the image. One that is smaller than min_size times the scale in width or height gets score 0.
    3. The best pre_nms_topn are gone through in order: one that overlaps a better one by more than nms_thresh is
       dropped, until post_nms_topn are found.
    """

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return not _in_pixels(written)

    @property
    @override
    def anchors(self) -> Boxes:
        return anchors(self.base_size, self.ratio, self.scale, half_away)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        check_one_image(bottoms, "Proposal")
        return super().infer(bottoms, num_tops)


class PixelProposal(_Proposing, name="Proposal", origin="happynear", number=219):
    """Boxes that probably hold an object; scales are sizes in pixels, and there may be several images (happynear's).

    bottom   scores (N, 2 A, H, W), background first; boxes (N, 4 A, H, W); image info: height, width, scale_h, scale_w
    top      regions (R, 5), R of the run; a second top holds their scores (R)
    example  layer "p" Proposal { bottom: ["s", "b", "info"] scale: 128 ratio: 1 }  # 2x2x9x9, 2x4x9x9, 1x4 -> Rx5

    As the Proposal of mini-caffe, but that an anchor's width isn't rounded, its half size is
    0.5 int(width scale / base_size - 0.5), and the image info's first row is that of all images.
    """

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return _in_pixels(written)

    @property
    @override
    def anchors(self) -> Boxes:
        middle = (self.base_size - 1) / 2
        rows = []
        for ratio in self.ratio:
            width = (self.base_size**2 / ratio) ** 0.5
            sides = width, half_away(width * ratio)
            for scale in self.scale:
                half = [0.5 * int(side * scale / self.base_size - 0.5) for side in sides]
                rows.append((middle - half[0], middle - half[1], middle + half[0], middle + half[1]))
        return tuple(rows)


def _in_pixels(written: Written) -> bool:
    return any(isinstance(scale, int | float) and scale >= LEAST_PIXELS for scale in written.values.get("scale", ()))


class BoxAnnotatorOHEM(
    Layer,
    origin="rfcn",
    message="box_annotator_ohem_param",
    number=10000,
    bottoms=4,
    tops=2,
    holds={0: Holds.REGIONS},
    keeps_positions=False,
    colour=Colour.PINK,
):
    """Keep, of each image, the regions with the greatest losses: online hard example mining (R-FCN).

    bottom   regions (R, 5); losses (R, 1); labels (R, 1); weights of the boxes (R, K)
    top      labels (R, 1, 1, 1); weights (R, K, 1, 1)
    example  layer "o" BoxAnnotatorOHEM { bottom: ["r", "l", "t", "w"] top: ["u", "v"] roi_per_img: 2 }
             # 9x5, 9x1, 9x1, 9x8 -> 9x1x1x1, 9x8x1x1

    By descending loss each image keeps roi_per_img regions: their labels and weights are copied. All others get
    ignore_label and weights of 0. No gradient.
    """

    roi_per_img: int = param(1, least=1, doc="regions that each image keeps")
    ignore_label: int = param(2, default=-1, doc="the label of the others")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        check_regions(bottoms[0], 0)
        rows = bottoms[0][0]
        for index, bottom in enumerate(bottoms[1:], 1):
            check_row_for_each(rows, bottom, index)
            if index < 3 and compare(product(bottom), rows) is Comparison.DIFFERENT:
                message = f"there are {rows} regions, and the bottom is {show(bottom)}"
                raise Refusal("N206", message, at=f"bottom {index}", help="it needs one number for each region")
        weights = bottoms[3]
        if len(weights) > 4:
            message = f"weights of boxes have four axes at most, and they are {show(weights)}"
            raise Refusal("N203", message, at="bottom 3", help="a Flatten layer makes rows of them")
        return ((rows, 1, 1, 1), in_four_axes(weights))
