"""YOLO's boxes: what is detected, and the losses that train for it (Redmon and Farhadi 2017, 2018)."""

from collections.abc import Iterator

from netdef.compiler.compare_sizes import Comparison, compare, is_below
from netdef.compiler.counted import counted
from netdef.compiler.layers.base import Arity, Layer
from netdef.compiler.layers.checks import need_rank
from netdef.compiler.layers.roles import Colour, Makes
from netdef.compiler.override import override
from netdef.compiler.schema.message import ProtoEnum, Refusal, param
from netdef.compiler.shape import Shapes, differ, product, show
from netdef.compiler.size import symbol

BOX = 5
"""Numbers of a predicted box beside its classes: x, y, width, height, and whether there is an object."""
ROW = 7
"""Numbers of a detection: image, label, score, xmin, ymin, xmax, ymax."""


def check_channels(bottoms: Shapes, boxes: int, classes: int, of: str) -> None:
    """Refuse a map that has not five numbers and the classes for each box of a cell."""
    for index, shape in enumerate(bottoms):
        if len(shape) != 4:
            raise Refusal("N203", f"{of} needs maps (N, C, H, W)", at=f"bottom {index}")
        wanted = boxes * (BOX + classes)
        if compare(shape[1], wanted) is Comparison.DIFFERENT:
            message = f"{counted(boxes, 'box', 'boxes')} of 5 numbers and {classes} classes are {wanted} channels"
            help = f"and there are {shape[1]}: let the convolution before have num_output: {wanted}"
            raise Refusal("N206", message, at=f"bottom {index}", help=help)


def check_biases(biases: tuple[float, ...], most: int) -> Iterator[Refusal]:
    """Refuse fewer widths and heights than there are boxes."""
    if len(biases) < 2 * most:
        message = f"{counted(most, 'box', 'boxes')} need {2 * most} biases, a width and a height each, and there are"
        yield Refusal("N201", f"{message} {len(biases)}", at="biases", help="take those of the .cfg's anchors")


class _Detecting(Layer, keeps_positions=False, colour=Colour.PEACH):
    """Rows of detections, of as many as a run finds."""

    @property
    @override
    def run_sizes(self) -> tuple[str, ...]:
        return ("R",)


class YoloDetectionOutput(
    _Detecting, origin="yolo", message="yolo_detection_output_param", number=601, bottoms=Arity(1, 2)
):
    """The boxes that YOLO's second version finds.

    bottom   (N, B (5 + K), S, S), of a square image; a second map is read likewise
    top      (1, 1, R, 7), R of the run: 0, label from 1, score, xmin, ymin, xmax, ymax in parts of the image; where
             nothing is found, a row for each image: its number, then -1
    example  layer "d" YoloDetectionOutput { num_classes: 1 num_box: 1 biases: [1, 2] }  # 1x6x13x13 -> 1x1xRx7

    All boxes of the batch and of all classes stand in one list, and overlap each other there (the layer's own way).
    """

    side: int = param(1, default=13, doc="has no effect: the map says it")
    num_classes: int = param(2, least=1, doc="K")
    num_box: int = param(3, default=5, least=1, doc="B: boxes of a cell")
    coords: int = param(4, default=4, doc="numbers of a box; has no effect")
    confidence_threshold: float = param(5, default=0.01, doc="boxes of this score or more count")
    nms_threshold: float = param(6, default=0.45, doc="the overlap from which on a box is removed")
    biases: tuple[float, ...] = param(7, default=(), doc="widths and heights of the boxes, in cells")
    label_map_file: str = param(8, default="", doc="the classes' names; no meaning here")

    @override
    def problems(self) -> Iterator[Refusal]:
        yield from check_biases(self.biases, self.num_box)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        check_channels(bottoms, self.num_box, self.num_classes, "YoloDetectionOutput")
        for index, shape in enumerate(bottoms):
            if compare(shape[2], shape[3]) is Comparison.DIFFERENT:
                message = f"YoloDetectionOutput needs a square map, and this is {show(shape[2:])}"
                raise Refusal("N206", message, at=f"bottom {index}", help="feed a square image")
        return ((1, 1, symbol("R", 1), ROW),)


class Yolov3DetectionOutput(
    _Detecting, origin="yolo", message="yolov3_detection_output_param", number=602, bottoms=Arity(1, None)
):
    """The boxes that YOLO's third version finds, in maps of several strides.

    bottom   a map (N, B (5 + K), H, W) for each of ``mask_group_num`` groups of masks
    top      (1, 1, R, 7), R of the run, as YoloDetectionOutput's; a box may be of several classes
    example  layer "d" Yolov3DetectionOutput { num_classes: 1 num_box: 1 biases: [9, 8] mask: 0 anchors_scale: 32
             mask_group_num: 1 }  # 1x6x13x13 -> 1x1xRx7
    """

    num_classes: int = param(1, least=1, doc="K")
    num_box: int = param(2, default=3, least=1, doc="B: boxes of a cell")
    confidence_threshold: float = param(3, default=0.01, doc="classes of a score above this count")
    nms_threshold: float = param(4, default=0.45, doc="the overlap from which on a box is removed")
    biases: tuple[float, ...] = param(5, default=(), doc="widths and heights of all boxes, in pixels")
    anchors_scale: tuple[int, ...] = param(6, default=(), least=1, doc="pixels of a cell, for each bottom")
    mask_group_num: int = param(7, default=2, least=1, doc="how many bottoms there are")
    mask: tuple[int, ...] = param(8, default=(), least=0, doc="which boxes each bottom has, one bottom after the other")
    gaussian_box: bool = param(9, default=False, doc="Gaussian YOLO: a deviation beside each coordinate")

    @override
    def problems(self) -> Iterator[Refusal]:
        yield from check_biases(self.biases, max(self.mask, default=0) + 1)
        if len(self.anchors_scale) < self.mask_group_num:
            message = f"{counted(self.mask_group_num, 'bottom')} need as many anchors_scale"
            yield Refusal("N201", message, at="anchors_scale", help="give the stride of each, in pixels")
        if len(self.mask) < self.num_box * self.mask_group_num:
            message = f"{self.num_box * self.mask_group_num} masks are needed, num_box for each bottom"
            yield Refusal("N201", message, at="mask")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if len(bottoms) != self.mask_group_num:
            message = f"mask_group_num says {counted(self.mask_group_num, 'bottom')}, and there are {len(bottoms)}"
            raise Refusal("N202", message, at="mask_group_num", help=f"write mask_group_num: {len(bottoms)}")
        if not self.gaussian_box:
            check_channels(bottoms, self.num_box, self.num_classes, "Yolov3DetectionOutput")
        return ((1, 1, symbol("R", 1), ROW),)


class _Loss(Layer, makes=Makes.LOSS, keeps_positions=False, colour=Colour.ORANGE):
    """A loss of a map against true boxes: class, x, y, width, height in parts of the image, up to a row of 0."""

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, self.type_name)
        if len(bottoms) == 2 and len(bottoms[1]) >= 2 and differ(bottoms[0][:1], bottoms[1][:1]):
            raise Refusal("N206", f"{self.type_name} needs the true boxes of each image", at="bottom 1")
        if len(bottoms) == 2 and not _may_be_rows(bottoms[1]):
            message = f"true boxes stand in rows of {BOX}: (N, 1, rows, {BOX})"
            raise Refusal("N203", message, at="bottom 1")
        return ((),)


def _may_be_rows(shape: tuple[object, ...]) -> bool:
    return len(shape) >= 3 and shape[-1] in (BOX, *(size for size in shape[-1:] if not isinstance(size, int)))


class RegionLoss(_Loss, origin="yolo", message="region_loss_param", number=600, bottoms=Arity(1, 2)):
    """The loss of YOLO's second version, as darknet builds its gradient: the sum of its squares, over the batch.

    bottom   (N, B (5 + K), S, S); true boxes (N, 1, 300, 5)
    top      a scalar; what goes back is not its derivative, but darknet's own difference
    example  layer "loss" RegionLoss { num_class: 1 num: 1 biases: [1, 2] bottom: ["x", "t"] }
             # 2x6x5x5, 2x1x300x5 -> scalar
    """

    side: int = param(1, default=13, doc="has no effect: the map says it")
    num_class: int = param(2, default=20, least=1, doc="K")
    bias_match: int = param(3, default=1, doc="match boxes by the anchors' shapes")
    coords: int = param(4, default=4, doc="numbers of a box")
    num: int = param(5, default=5, least=1, doc="B: boxes of a cell")
    softmax: int = param(6, default=1, doc="classes exclude each other")
    jitter: float = param(7, default=0.2, doc="has no effect")
    rescore: int = param(8, default=1, doc="how sure a box is to be: its overlap, or 1")
    object_scale: float = param(9, default=1.0, doc="weight of boxes with an object")
    class_scale: float = param(10, default=1.0, doc="weight of classes")
    noobject_scale: float = param(11, default=0.5, doc="weight of boxes without an object")
    coord_scale: float = param(12, default=5.0, doc="weight of coordinates")
    absolute: int = param(13, default=1, doc="has no effect")
    thresh: float = param(14, default=0.2, doc="boxes that overlap a true one by more are no background")
    random: int = param(15, default=1, doc="has no effect")
    biases: tuple[float, ...] = param(16, default=(), doc="widths and heights of the boxes, in cells")
    class_map: str = param(18, default="", doc="a file with names of a tree of classes")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        check_channels(bottoms[:1], self.num, self.num_class, "RegionLoss")
        return super().infer(bottoms, num_tops)


class IouLoss(ProtoEnum):
    """How far a box is from the true one."""

    MSE = 0
    IOU = 1
    GIOU = 2
    DIOU = 3
    CIOU = 4


class Yolov3(_Loss, origin="yolo", message="yolov3_param", number=603, bottoms=Arity(1, 2)):
    """The loss of YOLO's third version on one map, in the spirit of RegionLoss.

    bottom   (N, B (5 + K), H, W); true boxes (N, 1, 300, 5)
    top      a scalar
    example  layer "loss" Yolov3 { num_class: 1 num: 1 mask: 0 biases: [9, 8] anchors_scale: 32 bottom: ["x", "t"] }
             # 2x6x5x5, 2x1x300x5 -> scalar
    """

    side: int = param(1, default=13, doc="has no effect: the map says it")
    num_class: int = param(2, default=20, least=1, doc="K")
    num: int = param(3, default=3, least=1, doc="B: boxes of a cell")
    object_scale: float = param(4, default=1.0, doc="weight of boxes with an object")
    class_scale: float = param(5, default=1.0, doc="weight of classes")
    noobject_scale: float = param(6, default=0.5, doc="weight of boxes without an object")
    coord_scale: float = param(7, default=5.0, doc="weight of coordinates")
    thresh: float = param(8, default=0.2, doc="boxes that overlap a true one by more are no background")
    anchors_scale: int = param(9, default=32, least=1, doc="pixels of a cell")
    biases: tuple[float, ...] = param(10, default=(), doc="widths and heights of all boxes, in pixels")
    mask: tuple[int, ...] = param(11, default=(), least=0, doc="which boxes this map has")
    use_logic_gradient: bool = param(12, default=False, doc="the gradient of the logarithm of what is sure")
    iou_loss: IouLoss = param(0, default=IouLoss.MSE, doc="how far a box is from the true one")
    iou_normalizer: float = param(0, default=1.0, doc="weight of that distance")
    label_smooth_eps: float = param(0, default=0.1, doc="how far classes are from 0 and 1")
    max_delta: float = param(0, default=0.0, doc="the greatest gradient; 0 for any")
    accumulate: bool = param(0, default=False, doc="add up what several true boxes give one cell")
    gaussian_box: bool = param(0, default=False, doc="Gaussian YOLO: a deviation beside each coordinate")
    focal_loss: bool = param(0, default=False, doc="classes by the focal loss")
    objectness_smooth: bool = param(0, default=False, doc="how sure a box is to be: its overlap")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if not self.gaussian_box:
            check_channels(bottoms[:1], self.num, self.num_class, "Yolov3")
        return super().infer(bottoms, num_tops)


class YoloSeg(Layer, origin="yolo", message="yolo_seg_param", bottoms=Arity(2, 3), makes=Makes.LOSS,
              keeps_positions=False, colour=Colour.ORANGE):  # fmt: skip
    """MobileNet-YOLO's loss of a map of classes beside its boxes.

    bottom   scores (N, K, H, W), maps of the same shape; perhaps what a part of the net made beside
    top      a scalar
    example  layer "loss" YoloSeg { bottom: ["x", "t"] }  # 2x1x5x5, 2x1x5x5 -> scalar
    """

    object_scale: float = param(1, default=1.0, doc="weight of the loss")
    class_scale: float = param(2, default=1.0, doc="weight of classes")
    num_class: int = param(3, default=1, least=1, doc="K")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        return ((),)


class ScoreType(ProtoEnum):
    """What sorts boxes."""

    OBJ = 0
    PROB = 1
    MULTIPLY = 2


class EvalDetection(
    Layer, origin="public copies", message="eval_detection_param", bottoms=2, makes=Makes.MEASURE,
    keeps_positions=False, colour=Colour.PEACH,
):  # fmt: skip
    """How right YOLO's boxes are: true boxes of each class, then label, score, right and wrong of each box.

    bottom   predictions (N, ...), true boxes (N, ...)
    top      (N, K + 4 side side num_object)
    example  layer "e" EvalDetection { side: 7 num_class: 20 num_object: 2 bottom: ["x", "t"] }
             # 2x1470, 2x343 -> 2x412
    """

    side: int = param(1, default=7, least=1, doc="cells along a side of the map")
    num_class: int = param(2, default=20, least=1, doc="K")
    num_object: int = param(3, default=2, least=1, doc="boxes of a cell")
    threshold: float = param(4, default=0.5, doc="the overlap from which on a box is right")
    sqrt: bool = param(5, default=True, doc="predictions hold the roots of widths and heights")
    constriant: bool = param(6, default=True, doc="predictions are cut to the image")
    score_type: ScoreType = param(7, default=ScoreType.MULTIPLY, doc="what sorts boxes")
    nms: float = param(8, default=-1.0, doc="the overlap from which on a box is removed; -1 for none")
    biases: tuple[float, ...] = param(9, default=(), doc="widths and heights of the boxes, in cells")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        values = self.side * self.side * self.num_object * 4
        if is_below(product(bottoms[0][1:]), values):
            message = f"{self.side} x {self.side} cells of {self.num_object} boxes need {values} numbers at least"
            raise Refusal("N206", f"{message}, and there are {product(bottoms[0][1:])}", at="side")
        return ((bottoms[0][0], self.num_class + values),)
