"""Python layers that many nets name: by module and class, as Caffe finds them.

Their own parameters stand in ``param_str``; the rest of what they do is in their repositories' configurations, whose
defaults are taken here. Other classes are their authors' (``opaque``).
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar, NamedTuple

from netdef.compiler.compare_sizes import Comparison, compare
from netdef.compiler.layers.anchors import Boxes, anchors, half_even
from netdef.compiler.layers.base import Arity, Layer
from netdef.compiler.layers.checks import need_rank
from netdef.compiler.layers.data import _DataLayer
from netdef.compiler.layers.proposals import check_one_image
from netdef.compiler.layers.rois import check_regions
from netdef.compiler.layers.roles import Colour, Holds, Written
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Phase
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.schema.param_str import Value, read_param_str
from netdef.compiler.shape import Shape, Shapes
from netdef.compiler.size import symbol

MASK_SIDE = 21
"""Side of MNC's masks (MASK_SIZE)."""


class _PythonLayer(Layer, message="python_param", number=130, keeps_positions=False, colour=Colour.PINK):
    """What a layer says of its class."""

    modules: ClassVar[tuple[str, ...]]
    """Where the class is, in the repositories that have it."""
    classes: ClassVar[tuple[str, ...]]
    """What the class is called in them."""

    module: str = param(1, default="", doc="the Python module")
    layer: str = param(2, default="", doc="the class in it")
    param_str: str = param(3, default="", doc="the class's own parameters, as YAML or Python text")
    share_in_parallel: bool = param(4, default=False, doc="Caffe lets all solvers share one; no meaning here")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        module, kind = (written.values.get(name, ("",))[0] for name in ("module", "layer"))
        return module in cls.modules and kind in cls.classes

    @property
    def parameters(self) -> Mapping[str, Value]:
        """What ``param_str`` says."""
        return read_param_str(self.param_str)

    def number_of(self, name: str, default: int | None = None) -> int:
        """A whole number of ``param_str``.

        Raises:
            Refusal: if it must be there and isn't.
        """
        found = self.parameters.get(name, default)
        if not isinstance(found, int) or isinstance(found, bool) or found < 1:
            message = f"param_str must say {name}, a whole number above 0"
            raise Refusal("N201", message, at="param_str", help=f"""write param_str: "'{name}': 16" """.strip())
        return found


BASE = 16
"""Side of the square that anchors are made from, in pixels."""


class ProposalNumbers(NamedTuple):
    """How many boxes are kept (RPN_PRE_NMS_TOP_N, RPN_POST_NMS_TOP_N)."""

    before: int
    behind: int


KEPT = {Phase.TRAIN: ProposalNumbers(12000, 2000), Phase.TEST: ProposalNumbers(6000, 300)}
NMS_THRESHOLD = 0.7
"""RPN_NMS_THRESH."""
LEAST_SIDE = 16
"""RPN_MIN_SIZE, in pixels of the image as it was."""


class _Anchored(_PythonLayer):
    """A layer of a region proposal network, whose anchors are those of py-faster-rcnn."""

    ratios: ClassVar[tuple[float, ...]] = (0.5, 1.0, 2.0)

    @property
    def scales(self) -> tuple[float, ...]:
        """The anchors' sizes, in squares of 16 pixels."""
        found = self.parameters.get("scales", (8, 16, 32))
        return tuple(each for each in found if isinstance(each, int | float)) if isinstance(found, tuple) else ()

    @property
    def num_anchors(self) -> int:
        """Anchors at each position."""
        return len(self.ratios) * len(self.scales)

    @property
    def anchors(self) -> Boxes:
        """The anchors at a map's first position."""
        return anchors(BASE, self.ratios, self.scales, half_even)

    @property
    def feat_stride(self) -> int:
        """Pixels from one position of the map to the next."""
        return self.number_of("feat_stride")

    def check_channels(self, bottoms: Shapes, index: int, each: int) -> None:
        """Refuse a map that hasn't so many channels for each anchor."""
        need_rank(bottoms[index:], 4, self.layer)
        wanted = each * self.num_anchors
        if compare(bottoms[index][1], wanted) is Comparison.DIFFERENT:
            message = f"{self.num_anchors} anchors need {wanted} channels, and there are {bottoms[index][1]}"
            help = f"""let what makes it have num_output: {wanted}, or give other scales in param_str"""
            raise Refusal("N206", message, at=f"bottom {index}", help=help)


class ProposalLayer(_Anchored, name="Python", origin="rcnn", bottoms=3, tops=Arity(1, 2), holds={2: Holds.IMAGE_INFO}):
    """Boxes that probably hold an object (py-faster-rcnn's ``rpn.proposal_layer``).

    bottom   scores (1, 2 A, H, W), background first; boxes (1, 4 A, H, W); image info (1, 3): height, width, scale
    top      regions (R, 5), R of the run; a second top (R, 1) holds their scores
    example  layer "p" Python { bottom: ["s", "b", "info"] module: "rpn.proposal_layer" layer: "ProposalLayer"
             param_str: "'feat_stride': 16" }  # 1x18x9x9, 1x36x9x9, 1x3 -> Rx5

    1. Anchors of base 16 in the ratios 0.5, 1 and 2, times ``scales`` (8, 16 and 32), rounded as numpy does.
    2. Boxes are decoded (corners at the centre -+ half the size), and cut to the image; those below 16 pixels times the
       scale in width or height are dropped.
    3. The best 6000 (in TRAIN 12000) are gone through in order: one that overlaps a better one by more than 0.7 is
       dropped, until 300 (2000) are found. These numbers are those of the repository's configuration.
    """

    modules = ("rpn.proposal_layer", "pylayer.proposal_layer")
    classes = ("ProposalLayer",)

    @property
    @override
    def run_sizes(self) -> tuple[str, ...]:
        return ("R",)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        self.number_of("feat_stride")
        check_one_image(bottoms, self.layer)
        self.check_channels(bottoms, 0, 2)
        self.check_channels(bottoms, 1, 4)
        return ((symbol("R"), 5), (symbol("R"), 1))[:num_tops]


class TextProposalLayer(
    _PythonLayer, name="Python", origin="ctpn", bottoms=3, tops=Arity(1, 2), holds={2: Holds.IMAGE_INFO}
):
    """Narrow boxes that probably hold text (CTPN's ``layers.text_proposal_layer``).

    bottom   scores (1, 2 A, H, W), background first; shifts (1, 2 A, H, W); image info (1, 3): height, width, scale
    top      boxes (R, 4), R of the run; a second top (R, 1, 1, 1) holds their scores
    example  layer "p" Python { bottom: ["s", "b", "info"] module: "layers.text_proposal_layer" layer: "ProposalLayer"
             param_str: "'feat_stride': 16" }  # 1x20x9x9, 1x20x9x9, 1x3 -> Rx4
    """

    modules = ("layers.text_proposal_layer",)
    classes = ("ProposalLayer",)

    @property
    @override
    def run_sizes(self) -> tuple[str, ...]:
        return ("R",)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, self.layer)
        return ((symbol("R"), 4), (symbol("R"), 1, 1, 1))[:num_tops]


class AnchorTargetLayer(
    _Anchored,
    name="Python",
    origin="rcnn",
    bottoms=Arity(3, 5),
    tops=4,
    holds={1: Holds.TRUTH, 2: Holds.IMAGE_INFO},
):
    """Labels and targets of a region proposal network's anchors (py-faster-rcnn's ``rpn.anchor_target_layer``).

    bottom   scores (1, 2 A, H, W), for their size; true boxes (G, 5); image info (1, 3); data, which isn't read
    top      labels (1, 1, A H, W); targets, inside and outside weights (1, 4 A, H, W)
    example  layer "t" Python { bottom: ["s", "g", "info", "data"] top: ["l", "t", "i", "o"]
             module: "rpn.anchor_target_layer" layer: "AnchorTargetLayer" param_str: "'feat_stride': 16" }
             # 1x18x9x8, 2x5, 1x3, 1x3x144x128 -> 1x1x81x8, 1x36x9x8, 1x36x9x8, 1x36x9x8

    1. Only anchors that lie wholly in the image count. Their label is 0 below an overlap of 0.3, 1 for the best of each
       true box (all of equal ones) and from 0.7 on, and -1, which doesn't count, for the rest.
    2. Of positives 128 at most stay, and 256 of all, by chance; the others become -1.
    3. Targets are those of the best true box. Inside weights are 1 at positives, outside weights one over the number of
       examples at all that count.
    """

    modules = ("rpn.anchor_target_layer", "pylayer.anchor_target_layer")
    classes = ("AnchorTargetLayer",)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        self.number_of("feat_stride")
        self.check_channels(bottoms, 0, 2)
        check_regions(bottoms[1], 1, least=4)
        num, _, height, width = bottoms[0]
        boxes: Shape = (num, 4 * self.num_anchors, height, width)
        return ((num, 1, self.num_anchors * height, width), boxes, boxes, boxes)


class ProposalTargetLayer(
    _PythonLayer,
    name="Python",
    origin="rcnn",
    bottoms=Arity(2, 6),
    tops=Arity(5, 10),
    holds={0: Holds.REGIONS, 1: Holds.TRUTH},
):
    """A sample of regions to learn from, with labels and targets (py-faster-rcnn's ``rpn.proposal_target_layer``).

    bottom   regions (R, 5); true boxes (G, 5); MNC's layer reads image info, masks and their sizes, too
    top      regions (B, 5), B of the run, up to 128; labels (B, 1); targets, inside and outside weights
             (B, 4 num_classes); of MNC's layer, masks and their weights (B, 1, 21, 21), what they belong to (B, 12),
             and numbers of positive and negative regions
    example  layer "t" Python { bottom: ["r", "g"] top: ["a", "b", "c", "d", "e"] module: "rpn.proposal_target_layer"
             layer: "ProposalTargetLayer" param_str: "'num_classes': 21" }
             # 300x5, 2x5 -> Bx5, Bx1, Bx84, Bx84, Bx84
    """

    modules = ("rpn.proposal_target_layer", "pylayer.proposal_target_layer")
    classes = ("ProposalTargetLayer",)

    @property
    @override
    def run_sizes(self) -> tuple[str, ...]:
        return "B", "P", "M"

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        check_regions(bottoms[0], 0)
        check_regions(bottoms[1], 1, least=4)
        rows, boxes = symbol("B"), (symbol("B"), 4 * self.number_of("num_classes"))
        masks = (rows, 1, MASK_SIDE, MASK_SIDE)
        tops: Shapes = ((rows, 5), (rows, 1), boxes, boxes, boxes)
        of_mnc: Shapes = (masks, masks, (rows, 12), (symbol("P"),), (symbol("M"),))
        return (*tops, *of_mnc)[:num_tops]


class StageBridgeLayer(
    _PythonLayer, name="Python", origin="mnc", bottoms=Arity(4, 7), tops=Arity(1, 8), holds={0: Holds.REGIONS}
):
    """Regions of a cascade's next stage, and what is to be learnt of them (MNC's ``pylayer.stage_bridge_layer``).

    bottom   regions (R, 5); boxes (R, 4 classes); scores (R, classes); in training, true boxes and masks; image info
    top      regions (B, 5), B of the run; in training, labels (B, 1), masks and their weights (B, 1, 21, 21), what they
             belong to (B, 12), and targets, inside and outside weights (B, 84)
    example  layer "next" Python { bottom: ["r", "b", "s", "info"] module: "pylayer.stage_bridge_layer"
             layer: "StageBridgeLayer" }  # 300x5, 300x84, 300x21, 1x3 -> Bx5
    """

    modules = ("pylayer.stage_bridge_layer",)
    classes = ("StageBridgeLayer",)

    @property
    @override
    def run_sizes(self) -> tuple[str, ...]:
        return ("B",)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        check_regions(bottoms[0], 0)
        rows = symbol("B")
        masks, boxes = (rows, 1, MASK_SIDE, MASK_SIDE), (rows, bottoms[1][1] if len(bottoms[1]) > 1 else 84)
        tops: Shapes = ((rows, 5), (rows, 1), masks, masks, (rows, 12), boxes, boxes, boxes)
        return tops[:num_tops]


class MaskLayer(_PythonLayer, name="Python", origin="mnc", bottoms=Arity(1, 3), tops=Arity(1, 2)):
    """Masks that a net found, as images, and the classes that they are to have (MNC's ``pylayer.mask_layer``).

    bottom   masks (R, 441); in training, true masks and what they belong to
    top      masks (R, 1, 21, 21); a second top holds classes (R, 1)
    example  layer "m" Python { bottom: "x" module: "pylayer.mask_layer" layer: "MaskLayer" }  # 300x441 -> 300x1x21x21
    """

    modules = ("pylayer.mask_layer",)
    classes = ("MaskLayer",)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if len(bottoms[0]) < 2 or compare(bottoms[0][1], MASK_SIDE**2) is Comparison.DIFFERENT:
            message = f"masks of {MASK_SIDE}x{MASK_SIDE} need {MASK_SIDE**2} numbers each"
            help = f"give inner_product_param {{ num_output: {MASK_SIDE**2} }}"
            raise Refusal("N206", message, at="bottom 0", help=help)
        rows = bottoms[0][0]
        return ((rows, 1, MASK_SIDE, MASK_SIDE), (rows, 1))[:num_tops]


# ---- DetectNet
class DetectNetBoxes(_PythonLayer, name="Python", origin="nvidia", bottoms=2, tops=Arity(1, None)):
    """Boxes of a grid's positions, gathered: up to 50 for each image (DetectNet's clustering and scores).

    bottom   coverage (N, C, H, W) and boxes (N, 4, H, W), or lists of boxes
    top      for each class a list (N, 50, 5)
    example  layer "c" Python { bottom: ["cov", "box"] module: "caffe.layers.detectnet.clustering"
             layer: "ClusterDetections" param_str: "1248, 352, 16, 0.6, 3, 0.02, 22, 1" }
             # 2x1x22x78, 2x4x22x78 -> 2x50x5
    """

    modules = ("caffe.layers.detectnet.clustering", "caffe.layers.detectnet.mean_ap")
    classes = ("ClusterDetections", "ClusterGroundtruth", "ScoreDetections")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if not bottoms[0]:
            raise Refusal("N203", f"{self.layer} needs a batch axis", at="bottom 0")
        return ((bottoms[0][0], 50, 5),) * num_tops


class DetectNetMeasures(_PythonLayer, name="Python", origin="nvidia", tops=3):
    """Mean average precision, precision and recall of lists of boxes (DetectNet's).

    bottom   a list of boxes with their scores (N, 50, 5)
    top      three numbers (1)
    example  layer "m" Python { bottom: "scored" top: ["mAP", "p", "r"] module: "caffe.layers.detectnet.mean_ap"
             layer: "mAP" }  # 2x50x5 -> 1, 1, 1
    """

    modules = ("caffe.layers.detectnet.mean_ap",)
    classes = ("mAP",)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        return ((1,),) * num_tops


# ---- data
class _PythonData(_PythonLayer, _DataLayer, bottoms=0, colour=Colour.GREY):
    """A Python layer that brings data."""


class RoIDataLayer(_PythonData, name="Python", origin="rcnn", tops=Arity(3, 6), usual_sample=(3, 600, 1000)):
    """Images and their true boxes, for nets that propose their regions (py-faster-rcnn's ``roi_data_layer.layer``).

    top      an image (1, 3, H, W); image info (1, 3): height, width, scale; true boxes (G, D), G of the run: corners
             and class, five numbers, where its setup says four; of MNC's layer, masks (G, rows, columns) and their
             sizes (G, 2)
    example  layer "d" Python { top: ["data", "im_info", "gt_boxes"] module: "roi_data_layer.layer"
             layer: "RoIDataLayer" param_str: "'num_classes': 21" }  # -> 1x3x600x1000, 1x3, GxD

    H and W change from image to image: the shorter side is brought to 600 pixels, or the longer one to 1000.
    """

    modules = ("roi_data_layer.layer", "pylayer.mnc_data_layer")
    classes = ("RoIDataLayer", "MNCDataLayer")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return super().is_meant(written) and "rois" not in written.values.get("top", ())

    @property
    @override
    def run_sizes(self) -> tuple[str, ...]:
        return "G", "D", "MH", "MW"

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        boxes = symbol("G")
        tops: Shapes = (
            (1, *bottoms[0]),
            (1, 3),
            (boxes, symbol("D", 4)),
            (boxes, symbol("MH"), symbol("MW")),
            (boxes, 2),
        )
        if num_tops > len(tops):
            raise Refusal("N503", f"it makes {len(tops)} tops at most, and {num_tops} are named", at=f"top {len(tops)}")
        return tops[:num_tops]


class SelectedRoIDataLayer(_PythonData, name="Python", origin="rcnn", tops=Arity(3, 6), usual_sample=(3, 600, 1000)):
    """Images and regions to learn from, for nets that are given their regions (Fast R-CNN's ``roi_data_layer.layer``).

    top      images (2, 3, H, W); regions (R, 5), R of the run; labels (R); targets, inside and outside weights
             (R, 4 num_classes)
    example  layer "d" Python { top: ["data", "rois", "labels"] module: "roi_data_layer.layer" layer: "RoIDataLayer"
             param_str: "'num_classes': 21" }  # -> 2x3x600x1000, Rx5, R
    """

    modules = ("roi_data_layer.layer",)
    classes = ("RoIDataLayer",)

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return super().is_meant(written) and "rois" in written.values.get("top", ())

    @property
    @override
    def run_sizes(self) -> tuple[str, ...]:
        return ("R",)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        rows = symbol("R")
        boxes: Shape = (rows, 4 * self.number_of("num_classes"))
        return ((2, *bottoms[0]), (rows, 5), (rows,), boxes, boxes, boxes)[:num_tops]


class SegmentationDataLayer(_PythonData, name="Python", origin="fcn", tops=Arity(2, None), usual_sample=(3, 500, 500)):
    """An image and maps of its labels, one image at a time (the data layers of fully convolutional networks).

    top      an image (1, 3, H, W); further ones: label maps and depth (1, 1, H, W), and HHA, which are images
    example  layer "d" Python { top: ["data", "label"] module: "voc_layers" layer: "VOCSegDataLayer" }
             # -> 1x3x500x500, 1x1x500x500

    H and W are the image's own. NYUDv2's layer makes what ``tops`` in param_str says.
    """

    modules = ("voc_layers", "nyud_layers", "siftflow_layers", "pascalcontext_layers")
    classes = (
        "SBDDSegDataLayer",
        "VOCSegDataLayer",
        "NYUDSegDataLayer",
        "SIFTFlowSegDataLayer",
        "PASCALContextSegDataLayer",
    )

    @property
    def kinds(self) -> tuple[Value, ...]:
        """What the tops are, where param_str says it."""
        found = self.parameters.get("tops")
        return found if isinstance(found, tuple) else ()

    @override
    def problems(self) -> Iterator[Refusal]:
        unknown = [kind for kind in self.kinds if kind not in ("color", "depth", "hha", "label")]
        if unknown:
            message = f"there is no top {unknown[0]} of NYUDv2's layer"
            yield Refusal("N202", message, at="param_str", help="it has color, depth, hha and label")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        channels, *size = bottoms[0]
        kinds = self.kinds or ("color", *("label",) * (num_tops - 1))
        if len(kinds) != num_tops:
            raise Refusal("N503", f"param_str says {len(kinds)} tops, and {num_tops} are named", at="top")
        return tuple((1, channels if kind in ("color", "hha") else 1, *size) for kind in kinds)
