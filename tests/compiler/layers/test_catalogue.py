"""The catalogue: types found by name when they are asked for, told apart where forks disagree, and refused by name."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import netdef
from netdef.compiler.layers import catalogue, make_index
from netdef.compiler.layers.base import Layer, NameTaken
from netdef.compiler.layers.flaws import flaws
from netdef.compiler.layers.origins import ORIGINS
from netdef.compiler.layers.roles import Makes, Written
from netdef.compiler.override import override
from netdef.compiler.schema.message import Message, beside, param
from netdef.compiler.shape import Shapes

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def own() -> Iterator[None]:
    """The types that a test declares are gone after it."""
    with catalogue.restored():
        yield


def load(text: str, tmp_path: Path) -> netdef.Net:
    path = tmp_path / "own.net"
    path.write_text(text, "utf-8")
    return netdef.load(path)


# ---- finding
def test_the_index_is_what_the_classes_say() -> None:
    assert make_index.HOME.read_text("utf-8") == make_index.index()


def test_a_summary_imports_the_families_of_its_net_alone() -> None:
    code = (
        "import sys; from netdef.cli import main; main(['summary', 'nets/vgg16.net']); "
        "head = 'netdef.compiler.layers.'; from netdef.compiler.layers import catalogue; "
        "print(sorted({name.removeprefix(head) for name in sys.modules} & {*catalogue.families()}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == "['activation', 'convolution', 'dropout', 'inner_product', 'inputs', 'pooling', 'softmax']\n"


def test_a_back_end_imports_the_rules_of_its_net_alone() -> None:
    code = (
        "import sys, netdef; net = netdef.load('nets/lenet.net'); netdef.module(net); netdef.onnx_model(net); "
        "from netdef.compiler.layers import catalogue; "
        "heads = ('netdef.runtime.lowering.', 'netdef.compiler.onnx.'); "
        "loaded = [{n.removeprefix(h) for n in sys.modules} & {*catalogue.families()} for h in heads]; "
        "print(*map(sorted, loaded))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    onnx = ["activation", "convolution", "inner_product", "inputs", "pooling", "softmax"]
    pytorch = [
        "activation",
        "convolution",
        "inner_product",
        "normalization",
        "pooling",
        "softmax",
    ]  # statistics: always
    assert done.stdout == f"{pytorch} {onnx}\n"


def test_a_type_that_the_index_lacks_is_found_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "TYPE_FAMILIES", {})
    found = catalogue.find("LRN")
    assert found is not None
    assert found.type_name == "LRN"


def test_a_type_that_is_declared_later_is_read_as_any_other(tmp_path: Path) -> None:
    text = 'input "x" [1, 3, 5, 5]\nlayer "half" Halved { by: 2 }\n'
    with pytest.raises(netdef.NetError, match='no layer type "Halved"'):
        load(text, tmp_path)

    class Halved(Layer, message="halved_param"):
        """Every value divided."""

        by: float = param(1, doc="what by")

    net = load(text, tmp_path)
    assert net.nodes[-1].layer == Halved(by=2.0)
    assert netdef.load(ROOT / "nets/lenet.net").num_params == 431_080


# ---- names of other generations, from caffe.proto's V1LayerParameter
V1_TYPES = {
    "ACCURACY": 1, "BNLL": 2, "CONCAT": 3, "CONVOLUTION": 4, "DATA": 5, "DROPOUT": 6, "EUCLIDEAN_LOSS": 7,
    "FLATTEN": 8, "HDF5_DATA": 9, "HDF5_OUTPUT": 10, "IM2COL": 11, "IMAGE_DATA": 12, "INFOGAIN_LOSS": 13,
    "INNER_PRODUCT": 14, "LRN": 15, "MULTINOMIAL_LOGISTIC_LOSS": 16, "POOLING": 17, "RELU": 18, "SIGMOID": 19,
    "SOFTMAX": 20, "SOFTMAX_LOSS": 21, "SPLIT": 22, "TANH": 23, "WINDOW_DATA": 24, "ELTWISE": 25, "POWER": 26,
    "SIGMOID_CROSS_ENTROPY_LOSS": 27, "HINGE_LOSS": 28, "MEMORY_DATA": 29, "ARGMAX": 30, "THRESHOLD": 31,
    "DUMMY_DATA": 32, "SLICE": 33, "MVN": 34, "ABSVAL": 35, "SILENCE": 36, "CONTRASTIVE_LOSS": 37, "EXP": 38,
    "DECONVOLUTION": 39,
}  # fmt: skip
V1_MESSAGES = {
    "concat_param": 9, "convolution_param": 10, "data_param": 11, "dropout_param": 12, "hdf5_data_param": 13,
    "hdf5_output_param": 14, "image_data_param": 15, "infogain_loss_param": 16, "inner_product_param": 17,
    "lrn_param": 18, "pooling_param": 19, "window_data_param": 20, "power_param": 21, "memory_data_param": 22,
    "argmax_param": 23, "eltwise_param": 24, "threshold_param": 25, "dummy_data_param": 26, "accuracy_param": 27,
    "hinge_loss_param": 29, "relu_param": 30, "slice_param": 31, "mvn_param": 34, "transform_param": 36,
    "tanh_param": 37, "sigmoid_param": 38, "softmax_param": 39, "contrastive_loss_param": 40, "exp_param": 41,
    "loss_param": 42,
}  # fmt: skip
V2_MESSAGES = {
    "accuracy_param": 102, "argmax_param": 103, "concat_param": 104, "contrastive_loss_param": 105,
    "convolution_param": 106, "data_param": 107, "dropout_param": 108, "dummy_data_param": 109, "eltwise_param": 110,
    "exp_param": 111, "hdf5_data_param": 112, "hdf5_output_param": 113, "hinge_loss_param": 114,
    "image_data_param": 115, "infogain_loss_param": 116, "inner_product_param": 117, "lrn_param": 118,
    "memory_data_param": 119, "mvn_param": 120, "pooling_param": 121, "power_param": 122, "relu_param": 123,
    "sigmoid_param": 124, "softmax_param": 125, "slice_param": 126, "tanh_param": 127, "threshold_param": 128,
    "window_data_param": 129, "python_param": 130, "prelu_param": 131, "spp_param": 132, "reshape_param": 133,
    "log_param": 134, "flatten_param": 135, "reduction_param": 136, "embed_param": 137, "tile_param": 138,
    "batch_norm_param": 139, "elu_param": 140, "bias_param": 141, "scale_param": 142, "input_param": 143,
    "crop_param": 144, "parameter_param": 145, "recurrent_param": 146, "swish_param": 147, "clip_param": 148,
}  # fmt: skip
V0_NAMES = {
    "accuracy", "bnll", "concat", "conv", "data", "dropout", "euclidean_loss", "flatten", "hdf5_data", "hdf5_output",
    "im2col", "images", "infogain_loss", "innerproduct", "lrn", "multinomial_logistic_loss", "pool", "relu", "sigmoid",
    "softmax", "softmax_loss", "split", "tanh", "window_data",
}  # fmt: skip
"""Those that Caffe upgrades (upgrade_proto.cpp)."""
BVLC = [kind for kind in catalogue.every_type() if kind.origin == "bvlc"]


def test_all_of_caffes_own_types_are_there() -> None:
    assert len(BVLC) == 61


def test_messages_have_their_numbers_in_caffe_proto() -> None:
    assert {kind.message: kind.number for kind in BVLC if kind.message} == V2_MESSAGES


def test_v0_names_are_those_that_caffe_upgrades() -> None:
    assert {kind.v0 for kind in BVLC if kind.v0} == V0_NAMES


def test_v1_names_and_numbers_are_those_of_caffe_proto() -> None:
    kinds = [(kind, kind.v1) for kind in catalogue.every_type() if kind.v1 is not None and kind.origin == "bvlc"]
    assert {v1.word: v1.number for _, v1 in kinds} == V1_TYPES
    own = {kind.message: v1.message for kind, v1 in kinds if v1.message}
    others = {name: beside.v1_number for kind, _ in kinds for name, beside in kind.fields_beside.items()}
    assert own | others == V1_MESSAGES


# ---- names that mean several things (fork-semantics: Upsample, Normalize)
def test_types_of_one_name_are_told_apart_by_bottoms(tmp_path: Path) -> None:
    class Unpooling(Layer, name="Enlarge", origin="segnet", message="upsample_param", bottoms=2):
        """SegNet's: values go where a mask says."""

        scale: int = param(1, default=2, doc="how much larger")

        @classmethod
        @override
        def is_meant(cls, written: Written) -> bool:
            return written.num_bottoms == 2

        @override
        def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
            n, c, h, w = bottoms[0]
            return ((n, c, h * self.scale, w * self.scale),)

    class Nearest(Layer, name="Enlarge", origin="yolo", message="upsample_param"):
        """YOLO's: each value a square."""

        scale: int = param(1, default=1, doc="how much larger")

        @override
        def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
            n, c, h, w = bottoms[0]
            return ((n, c, h * self.scale, w * self.scale),)

    text = """
    input "x" [1, 3, 4, 4]
    layer "pool" Pooling { kernel_size: 2 stride: 2 top: "pool" top: "mask" }
    layer "up" Enlarge { bottom: "pool" bottom: "mask" }
    layer { name: "more" type: "Enlarge" bottom: "up" top: "more" upsample_param { scale: 3 } }
    """
    net = load(text, tmp_path)
    assert [type(node.layer) for node in net.nodes[2:]] == [Unpooling, Nearest]
    assert net.blobs["more"] == (1, 3, 12, 12)
    kinds = catalogue.variants("Enlarge")
    assert catalogue.choose(kinds, Written(1, 1, frozenset()), ["segnet"]).kind is Nearest
    assert catalogue.find("Enlarge") is Unpooling
    assert [node.type for node in net.nodes[2:]] == ["Enlarge", "Enlarge"]


def test_types_of_one_name_are_told_apart_by_fields_and_by_origin(tmp_path: Path) -> None:
    class Learned(Layer, name="Unit", origin="ssd", message="norm_param"):
        """SSD's."""

        across_spatial: bool = param(1, default=True, doc="over the whole image")

        @classmethod
        @override
        def is_meant(cls, written: Written) -> bool:
            return "normalize_param" not in written.fields

    class PerPosition(Layer, name="Unit", origin="happynear", message="normalize_param"):
        """NormFace's."""

        normalize_type: str = param(1, default="L2", doc="the norm")

        @classmethod
        @override
        def is_meant(cls, written: Written) -> bool:
            return "norm_param" not in written.fields

    text = 'input "x" [1, 3, 4, 4] layer { name: "n" type: "Unit" bottom: "x" top: "n" %s }'
    kinds = [
        type(load(text % body, tmp_path).nodes[-1].layer)
        for body in ("norm_param { }", 'normalize_param { normalize_type: "L1" }', "")
    ]
    assert kinds == [Learned, PerPosition, Learned]
    nothing = Written(1, 1, frozenset())
    kinds_of_name = catalogue.variants("Unit")
    assert catalogue.choose(kinds_of_name, nothing).kinds == (Learned, PerPosition)
    assert catalogue.choose(kinds_of_name, nothing, ["happynear"]).kinds == (PerPosition,)
    assert catalogue.choose(kinds_of_name, nothing, ["ssd"]).kinds == (Learned,)


def test_an_alias_is_the_same_type(tmp_path: Path) -> None:
    class Depthwise(Layer, name="ChannelConvolution", aliases=("PerChannelConvolution",)):
        """One window a channel."""

    net = load('input "x" [1, 3, 4, 4] layer "a" PerChannelConvolution layer "b" ChannelConvolution', tmp_path)
    assert [type(node.layer) for node in net.nodes[1:]] == [Depthwise, Depthwise]
    assert [node.type for node in net.nodes[1:]] == ["ChannelConvolution"] * 2


def test_a_second_type_of_a_name_is_refused_and_says_which_there_is() -> None:
    with pytest.raises(NameTaken, match=r"a layer type ReLU already, of bvlc, in .*activation"):
        type("ReLU", (Layer,), {}, origin="yolo")
    with pytest.raises(NameTaken, match="a layer type ReLU already"):
        type("Rectify", (Layer,), {}, aliases=("ReLU",))
    assert "Rectify" not in catalogue.names()


def test_a_class_made_anew_takes_the_place_of_its_old_self() -> None:
    def cell() -> type[Layer]:
        class Again(Layer):
            """A notebook's cell, run twice."""

        return Again

    cell()
    second = cell()
    assert catalogue.variants("Again") == (second,)


# ---- messages beside a type's own
class Nms(Message):
    """How boxes are thinned out."""

    nms_threshold: float = param(1, default=0.3, doc="the overlap")


def test_a_field_that_ends_in_param_stays_in_its_message(tmp_path: Path) -> None:
    class Detect(Layer, message="detect_param"):
        """SSD's DetectionOutput has a message in its message, and none beside it."""

        num_classes: int = param(1, doc="how many")
        nms: Nms = param(4, name="nms_param", default=Nms(), doc="thinning")

    long = """
    input "x" [1, 3]
    layer {
      name: "d" type: "Detect" bottom: "x" top: "d"
      detect_param { num_classes: 2 nms_param { nms_threshold: 0.5 } }
    }
    """
    short = 'input "x" [1, 3] layer "d" Detect { num_classes: 2 nms_param { nms_threshold: 0.5 } }'
    wanted = Detect(num_classes=2, nms=Nms(nms_threshold=0.5))
    assert [load(text, tmp_path).nodes[-1].layer for text in (long, short)] == [wanted, wanted]


def test_a_message_beside_is_said_to_be_so(tmp_path: Path) -> None:
    class Thinned(Layer, message="thinned_param"):
        """A message beside its own, which has a field of the same name."""

        top_k: int = param(1, default=0, doc="how many stay")
        nms: Nms = beside(2, "nms_param", default=Nms(), doc="thinning")

    text = 'input "x" [1, 3] layer { name: "d" type: "Thinned" bottom: "x" top: "d" nms_param { nms_threshold: 0.5 } }'
    short = 'input "x" [1, 3] layer "d" Thinned { nms_threshold: 0.5 top_k: 3 }'
    assert load(text, tmp_path).nodes[-1].layer == Thinned(nms=Nms(nms_threshold=0.5))
    assert load(short, tmp_path).nodes[-1].layer == Thinned(top_k=3, nms=Nms(nms_threshold=0.5))


# ---- declarations
@pytest.mark.parametrize("kind", catalogue.every_type(), ids=lambda kind: kind.type_name)
def test_a_declaration_is_whole(kind: type[Layer]) -> None:
    assert [*flaws(kind)] == []
    assert kind.origin in ORIGINS
    is_loss = "Loss" in kind.type_name or kind.type_name in ("Yolov3", "YoloSeg")  # Caffe's LossLayers are named so
    assert (kind.makes is Makes.LOSS) == is_loss
