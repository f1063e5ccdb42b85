"""SSD's boxes: what is detected, how good that is, and the loss that trains for it (Liu et al. 2016)."""

from collections.abc import Iterator

from netdef.compiler.compare_sizes import Comparison, compare
from netdef.compiler.layers.base import Arity, Layer
from netdef.compiler.layers.roles import Colour, Makes
from netdef.compiler.layers.softmax import LossParameter, Normalization
from netdef.compiler.override import override
from netdef.compiler.schema.box_transform import Resizing
from netdef.compiler.schema.message import Message, ProtoEnum, Refusal, beside, param
from netdef.compiler.shape import Shapes
from netdef.compiler.size import Dim, symbol

ROW = 7
"""Numbers of a detection: image, label, score, xmin, ymin, xmax, ymax."""
TRUTH = 8
"""Numbers of a true box: image, label, instance, xmin, ymin, xmax, ymax, difficult."""


class CodeType(ProtoEnum):
    """How a box is told from its prior."""

    CORNER = 1
    CENTER_SIZE = 2
    CORNER_SIZE = 3


class Suppression(Message):
    """How boxes that overlap a better one are removed."""

    nms_threshold: float = param(1, default=0.3, least=0, doc="the overlap from which on a box is removed")
    top_k: int | None = param(
        2, default=None, absent="all", doc="boxes of a class that are looked at, the best ones; below 0: all"
    )
    eta: float = param(3, default=1.0, doc="times the threshold after each box that is kept, while it is above 0.5")

    @property
    def num_seen(self) -> int | None:
        """How many boxes of a class are looked at; None for all."""
        return None if self.top_k is None or self.top_k < 0 else self.top_k

    @property
    def changes_threshold(self) -> bool:
        """Whether each box that is kept lowers the threshold for those behind it."""
        return self.eta < 1 and self.nms_threshold > 0.5

    @override
    def problems(self) -> Iterator[Refusal]:
        if not 0 < self.eta <= 1:
            help = "write eta: 1 for a threshold that stays"
            yield Refusal("N202", f"eta must be above 0, and 1 at most, and is {self.eta:g}", at="eta", help=help)


class SavedOutput(Message):
    """Files that Caffe writes of what it detects; no meaning here."""

    output_directory: str = param(1, default="", doc="where to")
    output_name_prefix: str = param(2, default="", doc="how the files' names begin")
    output_format: str = param(3, default="", doc="VOC or COCO")
    label_map_file: str = param(4, default="", doc="the classes' names")
    name_size_file: str = param(5, default="", doc="the images' names and sizes")
    num_test_image: int = param(6, default=0, doc="how many images there are")
    resize: Resizing | None = param(7, name="resize_param", default=None, doc="how the images were resized")


def num_priors(priors: Shapes, of: str) -> Dim:
    """How many boxes a bottom (1, 2, 4 P) of priors holds."""
    (shape,) = priors
    if len(shape) < 3 or (isinstance(shape[2], int) and shape[2] % 4):
        message = f"{of} needs the priors (1, 2, 4 P), as PriorBox makes them"
        raise Refusal("N203", message, at="bottom 2", help="put the Concat of all PriorBox layers (axis: 2) there")
    return shape[2] // 4


def check_counts(bottoms: Shapes, of: str, coordinates: int, classes: int) -> None:
    """Refuse predictions that are not for as many boxes as there are priors."""
    num = num_priors(bottoms[2:3], of)
    for index, (what, each) in enumerate((("coordinates", coordinates), ("scores", classes))):
        if len(bottoms[index]) < 2:
            raise Refusal("N203", f"{of} needs {what} (N, {each} P)", at=f"bottom {index}", help="Flatten { axis: 1 }")
        if compare(bottoms[index][1], num * each) is Comparison.DIFFERENT:
            message = f"{num} priors need {num * each} {what}, and there are {bottoms[index][1]}"
            help = f"let the convolutions before have {each} times as many outputs as there are priors in a cell"
            raise Refusal("N206", message, at=f"bottom {index}", help=help)


class DetectionOutput(
    Layer, origin="ssd", message="detection_output_param", number=204, bottoms=Arity(3, 4), keeps_positions=False,
    colour=Colour.PEACH,
):  # fmt: skip
    """The boxes that SSD finds: predictions decoded, and those removed that overlap a better one.

    bottom   coordinates (N, 4 P L), scores (N, K P), priors (1, 2, 4 P); L is K, or 1 with ``share_location``; a
             fourth, the image, is for Caffe to draw in
    top      (1, 1, R, 7), R of the run: image, label, score, xmin, ymin, xmax, ymax in parts of the image; where
             nothing is found in any image, a row for each: its number, then -1
    example  layer "d" DetectionOutput { num_classes: 3 bottom: ["l", "c", "p"] }  # 1x8, 1x6, 1x2x8 -> 1x1xRx7

    Rows go by image, then by label, then by score. The top_k best of a class are looked at, and each is kept if it
    overlaps none that is kept by more than the threshold; of an image's boxes the keep_top_k best stay.
    """

    num_classes: int = param(1, least=1, doc="K, with the background")
    share_location: bool = param(2, default=True, doc="one box of a prior for all classes")
    background_label_id: int = param(3, default=0, doc="the class that is no object; -1 for none")
    nms: Suppression = param(4, name="nms_param", default=Suppression(), doc="which boxes are removed")
    save_output: SavedOutput | None = param(
        5, name="save_output_param", default=None, doc="files that Caffe writes; no meaning here"
    )
    code_type: CodeType = param(6, default=CodeType.CORNER, doc="how a box is told from its prior")
    keep_top_k: int = param(7, default=-1, least=-1, doc="boxes that an image keeps, the best ones; -1 for all")
    variance_encoded_in_target: bool = param(8, default=False, doc="the predictions hold the variances already")
    confidence_threshold: float | None = param(9, default=None, absent="all", doc="boxes of a score above this count")
    visualize: bool = param(10, default=False, doc="Caffe shows the boxes; no meaning here")
    visualize_threshold: float = param(11, default=0.6, doc="the score from which on it does")
    save_file: str = param(12, default="", doc="where it stores the video; no meaning here")

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.share_location and self.background_label_id == -1:
            message = "with share_location there is a background, and background_label_id says there is none"
            yield Refusal("N202", message, at="background_label_id", help="write background_label_id: 0")

    @property
    @override
    def run_sizes(self) -> tuple[str, ...]:
        return ("R",)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        boxes = 1 if self.share_location else self.num_classes
        check_counts(bottoms, "DetectionOutput", 4 * boxes, self.num_classes)
        return ((1, 1, symbol("R", 1), ROW),)


class LocalisationLoss(ProtoEnum):
    """How far predicted coordinates are from the true ones."""

    L2 = 0
    SMOOTH_L1 = 1


class ConfidenceLoss(ProtoEnum):
    """How wrong scores are."""

    SOFTMAX = 0
    LOGISTIC = 1


class MatchType(ProtoEnum):
    """Which boxes a true one is for: one alone, or also those that overlap it enough."""

    BIPARTITE = 0
    PER_PREDICTION = 1


class MiningType(ProtoEnum):
    """Which boxes without an object count: all, the worst, or the worst of all boxes."""

    NONE = 0
    MAX_NEGATIVE = 1
    HARD_EXAMPLE = 2


class MultiBoxLoss(
    Layer, origin="ssd", message="multibox_loss_param", number=201, bottoms=4, makes=Makes.LOSS,
    keeps_positions=False, colour=Colour.ORANGE,
):  # fmt: skip
    """SSD's loss: how far boxes are from the true ones that they are matched with, and how wrong their classes are.

    bottom   coordinates (N, 4 P L), scores (N, K P), priors (1, 2, 4 P), true boxes (1, 1, G, 8): image, label,
             instance, xmin, ymin, xmax, ymax, difficult; rows of image -1 don't count
    top      (loc_weight localisation + confidence) / matches, a scalar
    example  layer "loss" MultiBoxLoss { num_classes: 3 bottom: ["l", "c", "p", "t"] }
             # 2x8, 2x6, 1x2x8, 1x1x5x8 -> scalar
    """

    loc_loss_type: LocalisationLoss = param(1, default=LocalisationLoss.SMOOTH_L1, doc="of coordinates")
    conf_loss_type: ConfidenceLoss = param(2, default=ConfidenceLoss.SOFTMAX, doc="of classes")
    loc_weight: float = param(3, default=1.0, doc="times the localisation loss")
    num_classes: int = param(4, least=1, doc="K, with the background")
    share_location: bool = param(5, default=True, doc="one box of a prior for all classes")
    match_type: MatchType = param(6, default=MatchType.PER_PREDICTION, doc="which boxes a true one is for")
    overlap_threshold: float = param(7, default=0.5, doc="PER_PREDICTION: the overlap from which on a box is for it")
    use_prior_for_matching: bool = param(8, default=True, doc="match the priors, or what is predicted from them")
    background_label_id: int = param(9, default=0, doc="the class that is no object; -1 for none")
    use_difficult_gt: bool = param(10, default=True, doc="difficult true boxes count")
    do_neg_mining: bool | None = param(11, default=None, absent="mining_type", doc="old form of mining_type")
    neg_pos_ratio: float = param(12, default=3.0, doc="MAX_NEGATIVE: boxes without an object for each with one")
    neg_overlap: float = param(13, default=0.5, doc="MAX_NEGATIVE: they overlap true boxes by less")
    code_type: CodeType = param(14, default=CodeType.CORNER, doc="how a box is told from its prior")
    encode_variance_in_target: bool = param(16, default=False, doc="the predictions hold the variances already")
    map_object_to_agnostic: bool = param(17, default=False, doc="all objects are of class 1")
    ignore_cross_boundary_bbox: bool = param(18, default=False, doc="boxes that leave the image don't count")
    bp_inside: bool = param(19, default=False, doc="no gradient to boxes that leave the image")
    mining_type: MiningType = param(20, default=MiningType.MAX_NEGATIVE, doc="which boxes without an object count")
    nms: Suppression | None = param(21, name="nms_param", default=None, doc="remove some of them first")
    sample_size: int = param(22, default=64, least=1, doc="HARD_EXAMPLE: boxes of an image that count")
    use_prior_for_nms: bool = param(23, default=False, doc="overlaps of priors, not of what is predicted")
    loss: LossParameter = beside(101, "loss_param", default=LossParameter(), v1=42, doc="what it is divided by")

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.mining_type is not MiningType.NONE and not self.share_location:
            message = "mining needs one box for all classes, and share_location is false"
            yield Refusal("N202", message, at="share_location", help="write mining_type: NONE")
        if self.do_neg_mining is not None and self.do_neg_mining == (self.mining_type is MiningType.NONE):
            message = f"do_neg_mining contradicts mining_type: {self.mining_type.name}"
            yield Refusal("N407", message, at="do_neg_mining", help="drop it: mining_type says which boxes count")
        is_class = 0 <= self.background_label_id < self.num_classes
        if self.conf_loss_type is ConfidenceLoss.SOFTMAX and not is_class:
            message = (
                f"SOFTMAX needs a background among {self.num_classes} classes, and it is {self.background_label_id}"
            )
            yield Refusal("N202", message, at="background_label_id", help="write background_label_id: 0")
        wanted = 2 if self.background_label_id >= 0 else 1
        if self.map_object_to_agnostic and self.num_classes != wanted:
            message = f"with map_object_to_agnostic num_classes must be {wanted}, and is {self.num_classes}"
            yield Refusal("N202", message, at="num_classes")

    @property
    def normalization(self) -> Normalization:
        """What the loss is divided by: the matches, unless ``loss_param`` says otherwise."""
        if self.loss.normalization is not None:
            return self.loss.normalization
        return Normalization.BATCH_SIZE if self.loss.normalize is False else Normalization.VALID

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        boxes = 1 if self.share_location else self.num_classes
        check_counts(bottoms, "MultiBoxLoss", 4 * boxes, self.num_classes)
        check_rows(bottoms[3], 3, TRUTH, "the true boxes")
        return ((),)


def check_rows(shape: tuple[Dim, ...], bottom: int, length: int, what: str) -> None:
    """Refuse a bottom that holds no rows of some length."""
    if len(shape) != 4 or compare(shape[3], length) is Comparison.DIFFERENT:
        message = f"{what} stand in rows of {length} numbers: (1, 1, rows, {length})"
        raise Refusal("N203", message, at=f"bottom {bottom}")


class DetectionEvaluate(
    Layer, origin="ssd", message="detection_evaluate_param", number=205, bottoms=2, makes=Makes.MEASURE,
    keeps_positions=False, colour=Colour.PEACH,
):  # fmt: skip
    """Which detections are right: true and false positives, from which a mean average precision is made.

    bottom   detections (1, 1, R, 7), true boxes (1, 1, G, 8)
    top      (1, 1, E, 5), E of the run: a row for each class but the background (-1, class, its true boxes, -1, -1);
             then one for each detection: image, label, score, whether it is right, whether it is wrong
    example  layer "e" DetectionEvaluate { num_classes: 3 bottom: ["d", "t"] }  # 1x1x4x7, 1x1x2x8 -> 1x1xEx5
    """

    num_classes: int = param(1, least=1, doc="classes, with the background")
    background_label_id: int = param(2, default=0, doc="the class that is no object")
    overlap_threshold: float = param(3, default=0.5, least=0, doc="the overlap from which on a box is right")
    evaluate_difficult_gt: bool = param(4, default=True, doc="difficult true boxes count")
    name_size_file: str = param(5, default="", doc="the images' names and sizes; no meaning here")
    resize: Resizing | None = param(6, name="resize_param", default=None, doc="how they were resized; no meaning here")

    @property
    @override
    def run_sizes(self) -> tuple[str, ...]:
        return ("E",)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        check_rows(bottoms[0], 0, ROW, "detections")
        check_rows(bottoms[1], 1, TRUTH, "true boxes")
        return ((1, 1, symbol("E", 1), 5),)
