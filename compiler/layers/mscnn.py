"""MS-CNN: boxes from maps of several strides, decoded, cut down, measured and learned.

A map (N, K + 4, H, W) holds K scores and four numbers of a box for each position: its centre as a share of the field
around the position, and the logarithm of its size over the field's. ``downsample_rate`` is the map's stride in pixels.
"""

from collections.abc import Iterator

from netdef.compiler.compare_sizes import Comparison, compare, is_below
from netdef.compiler.counted import counted
from netdef.compiler.layers.base import Arity, Layer
from netdef.compiler.layers.checks import need_rank
from netdef.compiler.layers.rois import check_regions, check_row_for_each
from netdef.compiler.layers.roles import Colour, Holds, Makes, Written
from netdef.compiler.override import override
from netdef.compiler.schema.message import Message, Refusal, beside, param
from netdef.compiler.shape import Shape, Shapes, differ, product, show
from netdef.compiler.size import symbol


class BBoxRegression(Message):
    """How the four numbers of a box were normalised: (value - mean) / std."""

    bbox_mean: tuple[float, ...] = param(1, default=(), doc="four means; none is 0")
    bbox_std: tuple[float, ...] = param(2, default=(), doc="four deviations; none is 1")
    cls_aware: bool = param(0, default=False, doc="Cascade R-CNN: boxes of each class, not of all together")

    @override
    def problems(self) -> Iterator[Refusal]:
        for name, values in (("bbox_mean", self.bbox_mean), ("bbox_std", self.bbox_std)):
            if len(values) not in (0, 4):
                yield Refusal("N202", f"{name} has {counted(len(values), 'value')}, and a box has 4 numbers", at=name)


class _Box(Layer, origin="mscnn", keeps_positions=False, colour=Colour.PINK):
    """What all share."""

    regression: BBoxRegression = beside(154, "bbox_reg_param", default=BBoxRegression(), doc="normalised boxes")


def check_labels_of(maps: Shape, labels: Shape) -> None:
    """Refuse labels (N, 6, H, W) that aren't of a map's positions: class, centre, size, overlap."""
    if len(labels) != 4 or differ((maps[0], *maps[2:]), (labels[0], *labels[2:])) or is_below(labels[1], 6):
        message = f"a map of {show(maps)} needs labels of {show((maps[0], 6, *maps[2:]))}, and they are {show(labels)}"
        raise Refusal(
            "N206", message, at="bottom 1", help="one number each: class, centre x and y, width, height, overlap"
        )


def check_channels(maps: Shape, num_classes: int, index: int = 0) -> None:
    """Refuse a map that doesn't hold so many scores and a box."""
    if compare(maps[1], num_classes + 4) is Comparison.DIFFERENT:
        message = f"{num_classes} scores and a box need {num_classes + 4} channels, and the map has {maps[1]}"
        raise Refusal(
            "N202", message, at=f"bottom {index}", help=f"let what makes it have num_output: {num_classes + 4}"
        )


class BoxOutput(_Box, origin="mscnn", message="box_output_param", number=151, bottoms=Arity(1, None), tops=Arity(1, 2)):
    """The boxes of several maps, decoded and cut down by their overlaps (MS-CNN).

    bottom   maps (N, K + 4, H, W), one field and one stride each
    top      regions (R, 5, 1, 1), R of the run; a second top (R, 6, 1, 1) has their scores beside them
    example  layer "b" BoxOutput { bottom: "map" field_h: 40 field_w: 20 downsample_rate: 8 }  # 1x6x60x80 -> Rx5x1x1

    1. A box's score is the greatest of the classes from 1 on, less that of class 0; it stays if it is fg_thr at least.
    2. x and y are cut to -+1 / field_xyr and lie at (column + 0.5) stride + x field; w and h are cut to
       -+log(field_whr), and the size is field e^w. The corner is cut at 0, the far side at the map's size in pixels.
    3. Boxes with a side below min_size are dropped. By descending score the best max_nms_num stay, those that overlap
       a better one by more than iou_thr go (nms_type: IOU, IOMU over the smaller, IOFU over the better), and of
       the rest max_post_nms_num stay; 0 is no limit.
    4. Where nothing is found there is one row: 0, 1, 1, 10, 10. No gradient.
    """

    fg_thr: float = param(1, default=0.0, doc="the least score")
    iou_thr: float = param(2, default=0.5, doc="the overlap from which on the lesser box goes")
    nms_type: str = param(3, default="IOU", doc="IOU, IOMU or IOFU: what an overlap is a share of")
    field_h: tuple[int, ...] = param(4, default=(), least=1, doc="of each bottom, the field's height in pixels")
    field_w: tuple[int, ...] = param(5, default=(), least=1, doc="of each bottom, the field's width in pixels")
    downsample_rate: tuple[int, ...] = param(6, default=(), least=1, doc="of each bottom, its stride in pixels")
    field_whr: float = param(7, default=2.0, doc="a box's size is the field's times or over this at most")
    field_xyr: float = param(8, default=2.0, doc="a box's centre is off by the field over this at most")
    max_nms_num: int = param(9, default=0, least=0, doc="boxes that are kept before overlaps are removed; 0 is all")
    max_post_nms_num: int = param(10, default=0, least=0, doc="boxes that are kept in the end; 0 is all")
    min_size: float = param(11, default=15.0, doc="the least side of a box, in pixels")

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.nms_type not in ("IOU", "IOMU", "IOFU"):
            yield Refusal("N403", f'there is no nms_type "{self.nms_type}"', at="nms_type", help="IOU, IOMU or IOFU")

    @property
    @override
    def run_sizes(self) -> tuple[str, ...]:
        return ("R",)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        for name in ("field_h", "field_w", "downsample_rate"):
            num = len(getattr(self, name))
            if num != len(bottoms):
                message = f"{counted(len(bottoms), 'bottom')}, and {counted(num, 'value')} of {name}"
                raise Refusal("N202", message, at=name, help="give one for each bottom")
        for index, maps in enumerate(bottoms):
            need_rank(bottoms[index:], 4, "BoxOutput")
            if is_below(maps[1], 6):
                message = f"two scores and a box need 6 channels, and the map has {maps[1]}"
                raise Refusal("N202", message, at=f"bottom {index}")
        return ((symbol("R", 1), 5, 1, 1), (symbol("R", 1), 6, 1, 1))[:num_tops]


class Decoding(Message):
    """How boxes are decoded."""

    gt_iou_thr: float = param(1, default=0.95, doc="in training, boxes that overlap a true one as much are dropped")


class DecodeBBox(_Box, origin="mscnn", bottoms=Arity(2, 3), holds={1: Holds.REGIONS}):
    """Regions moved and resized by what a net found of them, for the next stage of a cascade (Cascade R-CNN).

    bottom   boxes (R, 8), of which the second four count; regions (R, 5); in training, true boxes
    top      regions (K, 5, 1, 1): in training those whose corners are turned about are dropped
    example  layer "d" DecodeBBox { bottom: ["box", "rois"] }  # 9x8, 9x5 -> Kx5x1x1

    Of a region x1 to x2 the width is x2 - x1 + 1 and the centre (x1 + x2) / 2; the new centre is x width + centre, the
    new size width e^w, its corner centre - (size - 1) / 2. No gradient.
    """

    decoding: Decoding = beside(155, "decode_bbox_param", default=Decoding(), doc="decoding")

    @property
    @override
    def run_sizes(self) -> tuple[str, ...]:
        return ("K",)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        boxes, regions = bottoms[:2]
        check_regions(regions, 1)
        if len(boxes) < 2 or is_below(boxes[1], 8) or compare(boxes[0], regions[0]) is Comparison.DIFFERENT:
            message = f"{show(regions)} regions need boxes of {show((regions[0], 8))}, and they are {show(boxes)}"
            raise Refusal("N206", message, at="bottom 0", help="give inner_product_param { num_output: 8 }")
        if len(bottoms) > 2:
            check_row_for_each(regions[0], bottoms[2], 2)
        return ((symbol("K"), 5, 1, 1),)


class _OfMap(_Box, bottoms=2):
    """A map against its labels."""

    def num_classes(self) -> int:
        """How many scores a position has."""
        raise NotImplementedError

    def check(self, bottoms: Shapes) -> None:
        """Refuse a map and labels that don't fit."""
        need_rank(bottoms, 4, self.type_name)
        check_labels_of(*bottoms)
        check_channels(bottoms[0], self.num_classes())


class DetectionLoss(
    _OfMap, origin="mscnn", message="detection_loss_param", number=149, makes=Makes.LOSS, colour=Colour.ORANGE
):
    """The loss of a map's scores and boxes, over positives and a choice of negatives (MS-CNN).

    bottom   map (N, cls_num + 4, H, W); labels (N, 6, H, W): class, centre x, centre y, width, height, overlap
    top      (1, 1, 1, 2): class loss + lambda box loss, and lambda box loss
    example  layer "l" DetectionLoss { bottom: ["x", "t"] cls_num: 2 field_h: 40 field_w: 20 downsample_rate: 8 }
             # 1x6x9x9, 1x6x9x9 -> 1x1x1x2

    1. Negatives have an overlap below bg_threshold. "bootstrap" takes, of each image, for each class the
       max(4, bg_multiple positives) with the greatest scores of it; "random" as many by chance; anything else all.
    2. Class loss: the mean of the soft-max loss over positives and chosen negatives. Box loss: over positives, smooth
       L1 (bb_smooth) or half the square, over four times their number; the prediction is cut to its range before,
       and the gradient goes through that cut as if it weren't there.
    3. iou_weighted: a positive counts its overlap. pos_neg_weighted: positives have 1 / (1 + bg_multiple) of the
       whole weight, negatives the rest.
    4. The net's loss adds both numbers of the top, and so counts the box loss twice; the gradient is the first's.
    """

    cls_num: int = param(1, least=1, doc="scores of a position, the background's first")
    coord_num: int = param(2, default=4, doc="numbers of a box")
    lambda_: float = param(3, name="lambda", default=1.0, doc="times the box loss")
    field_h: int = param(4, least=1, doc="the field's height, in pixels")
    field_w: int = param(5, least=1, doc="the field's width, in pixels")
    downsample_rate: int = param(6, least=1, doc="the map's stride, in pixels")
    bb_smooth: bool = param(7, default=True, doc="smooth L1, not half the square")
    field_whr: float = param(8, default=2.0, doc="a box's size is the field's times or over this at most")
    field_xyr: float = param(9, default=2.0, doc="a box's centre is off by the field over this at most")
    bg_threshold: float = param(10, default=0.5, doc="negatives have a smaller overlap")
    bg_multiple: int = param(11, default=4, least=0, doc="negatives for each positive")
    sample_mode: str = param(12, default="random", doc="how negatives are chosen: random, bootstrap, mixture, all")
    objectness: bool = param(13, default=False, doc="all classes from 1 on are one")
    iou_weighted: bool = param(14, default=False, doc="positives count their overlap")
    pos_neg_weighted: bool = param(15, default=False, doc="positives and negatives have fixed shares")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return "cls_num" in written.fields

    @override
    def num_classes(self) -> int:
        return self.cls_num

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        self.check(bottoms)
        return ((1, 1, 1, 2),)


class GridDetectionLoss(
    Layer,
    name="DetectionLoss",
    origin="public copies",
    message="detection_loss_param",
    bottoms=2,
    makes=Makes.LOSS,
    keeps_positions=False,
    colour=Colour.ORANGE,
):
    """The loss of YOLO's first version: a grid of classes, objectness and boxes against true boxes.

    bottom   (N, side^2 (num_class + num_object (1 + coords))); labels of the same images
    top      the loss, a scalar
    example  layer "loss" DetectionLoss { bottom: ["x", "t"] side: 7 num_class: 20 }  # 4x1470, 4x1225 -> scalar
    """

    side: int = param(1, default=7, least=1, doc="cells of the grid along each side")
    num_class: int = param(2, default=20, least=1, doc="classes")
    num_object: int = param(3, default=2, least=1, doc="boxes of a cell")
    object_scale: float = param(0, default=1.0, doc="weight of objectness where there is an object")
    noobject_scale: float = param(0, default=0.5, doc="weight of objectness where there is none")
    class_scale: float = param(0, default=1.0, doc="weight of the classes")
    coord_scale: float = param(0, default=5.0, doc="weight of the boxes")
    sqrt: bool = param(0, default=True, doc="sizes are compared by their roots")
    constriant: bool = param(0, default=False, doc="values are kept within 0 and 1 (spelt so)")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return "cls_num" not in written.fields

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        return ((),)


class DetectionAccuracy(
    _OfMap, origin="mscnn", message="detection_accuracy_param", number=150, tops=Arity(1, 2), makes=Makes.MEASURE
):
    """How good a map's scores and boxes are (MS-CNN).

    bottom   map (N, cls_num + 4, H, W); labels (N, 6, H, W)
    top      (1, 1, 1, 2): accuracy, and that of positives; a second top (1, 1, 1, 1): the mean overlap of positives
    example  layer "a" DetectionAccuracy { bottom: ["x", "t"] cls_num: 2 field_h: 4 field_w: 4 downsample_rate: 8 }
             # 1x6x9x9, 1x6x9x9 -> 1x1x1x2

    Background positions whose overlap is bg_threshold or more don't count.
    """

    cls_num: int = param(1, least=1, doc="scores of a position, the background's first")
    coord_num: int = param(2, default=4, doc="numbers of a box")
    field_h: int = param(3, least=1, doc="the field's height, in pixels")
    field_w: int = param(4, least=1, doc="the field's width, in pixels")
    downsample_rate: int = param(5, least=1, doc="the map's stride, in pixels")
    top_k: int = param(6, default=1, least=1, doc="how many best scores count")
    field_whr: float = param(7, default=2.0, doc="a box's size is the field's times or over this at most")
    field_xyr: float = param(8, default=4.0, doc="a box's centre is off by the field over this at most")
    bg_threshold: float = param(9, default=0.5, doc="background with a greater overlap doesn't count")
    objectness: bool = param(10, default=False, doc="all classes from 1 on are one")

    @override
    def num_classes(self) -> int:
        return self.cls_num

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        self.check(bottoms)
        return ((1, 1, 1, 2), (1, 1, 1, 1))[:num_tops]


class BboxAccuracy(_Box, origin="mscnn", bottoms=3, tops=Arity(1, 2), holds={1: Holds.REGIONS}, makes=Makes.MEASURE):
    """The mean overlap of boxes with the true ones, and that of the regions they were found in (MS-CNN).

    bottom   boxes (R, 4 K); regions (R, 5); true ones (R, 6): label, corners, overlap
    top      (1, 1, 1, 1) the boxes' mean overlap, -1 where none counts; a second top holds the regions'
    example  layer "iou" BboxAccuracy { bottom: ["box", "rois", "gt"] }  # 9x8, 9x5, 9x6 -> 1x1x1x1

    Regions count whose label is above 0 and whose overlap is 0.975 at most.
    """

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        boxes, regions, truth = bottoms
        check_regions(regions, 1)
        check_regions(truth, 2, least=6)
        if len(boxes) < 2 or is_below(product(boxes[1:]), 4) or compare(boxes[0], regions[0]) is Comparison.DIFFERENT:
            message = f"{show(regions)} regions need boxes of {show((regions[0], 8))}, and they are {show(boxes)}"
            raise Refusal("N206", message, at="bottom 0")
        check_row_for_each(regions[0], truth, 2)
        return ((1, 1, 1, 1),) * num_tops


class ProposalTarget(
    _Box,
    origin="mscnn",
    message="proposal_target_param",
    number=152,
    bottoms=2,
    tops=Arity(6, 7),
    holds={0: Holds.REGIONS},
):
    """A sample of regions to learn from, with their labels and boxes (MS-CNN). It is drawn at random.

    bottom   regions (R, 5); true boxes (G, 7): image, corners, label, whether it is ignored
    top      regions (B, 5, 1, 1); labels (B, 1, 1, 1); targets, inside and outside weights (B, 4 cls_num, 1, 1); true
             boxes (B, 6, 1, 1): label, corners, overlap; a seventh top holds weights (B, 1, 1, 1); B is batch_size
    example  layer "t" ProposalTarget { bottom: ["r", "g"] top: ["a", "b", "c", "d", "e", "f"] cls_num: 2
             batch_size: 64 }  # 300x5, 5x7 -> 64x5x1x1, 64x1x1x1, 64x8x1x1, 64x8x1x1, 64x8x1x1, 64x6x1x1
    """

    cls_num: int = param(1, least=1, doc="classes, with the background")
    batch_size: int = param(2, default=128, least=1, doc="B: regions of the sample")
    fg_fraction: float = param(3, default=0.25, doc="share of positives, at most")
    num_img_per_batch: int = param(4, default=4, least=1, doc="images of the batch")
    fg_thr: float = param(5, default=0.5, doc="overlap of positives, at least")
    bg_thr_hg: float = param(6, default=0.5, doc="overlap of negatives, less than this")
    bg_thr_lw: float = param(7, default=0.1, doc="overlap of negatives, at least")
    img_width: int = param(8, default=0, least=0, doc="the images' width, in pixels, where regions are made up")
    img_height: int = param(9, default=0, least=0, doc="the images' height, in pixels, where regions are made up")
    iou_weighted: bool = param(10, default=False, doc="positives count their overlap")

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.fg_thr < self.bg_thr_hg:
            message = f"a region of overlap {self.fg_thr} would be positive and negative"
            yield Refusal("N202", message, at="fg_thr", help="let bg_thr_hg be fg_thr at most")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        check_regions(bottoms[0], 0)
        check_regions(bottoms[1], 1, least=7)
        widths = (5, 1, *(4 * self.cls_num,) * 3, 6, 1)
        return tuple((self.batch_size, width, 1, 1) for width in widths[:num_tops])
