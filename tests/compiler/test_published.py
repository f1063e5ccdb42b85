"""What people published and reported, in small nets of our own: the answer that Caffe gives, or why not.

A test bears the name of the case that it stands for.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdef
from netdef.cli import main
from netdef.compiler.all_phases import analyse_phases
from netdef.compiler.fix_files import fix_files
from netdef.compiler.render.text import render
from netdef.compiler.request import NetRequest
from netdef.compiler.shape import show

IMAGE = 'layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } RULE }\n'


class Published:
    """Files of others."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "net.prototxt"

    def load(self, text: str, **state: Any) -> netdef.Net:
        """The net of a text."""
        self.path.write_text(text.replace("RULE", ""), "utf-8")
        return netdef.load(self.path, **state)

    def said(self, text: str, **state: Any) -> str:
        """What check says of a text, in both phases."""
        self.path.write_text(text.replace("RULE", ""), "utf-8")
        report = analyse_phases(NetRequest(file=str(self.path), **state)).report
        return "\n\n".join(map(render, report)).replace(f"{self.path.parent}/", "")

    def fixed(self, text: str) -> str:
        """What check --fix makes of a text."""
        self.path.write_text(text, "utf-8")
        return fix_files(NetRequest(file=str(self.path))).texts[str(self.path)]


@pytest.fixture
def published(tmp_path: Path) -> Published:
    return Published(tmp_path)


def layer(kind: str, message: str = "", more: str = "", bottom: str = "data") -> str:
    return f'layer {{ name: "l" type: "{kind}" bottom: "{bottom}" top: "l" {message} {more} }}\n'


# ---- fields as BVLC Caffe and its forks read them
@pytest.mark.parametrize(("rounding", "side"), [("", 4), ("ceil_mode: true", 4), ("ceil_mode: false", 3)])
def test_ceil(published: Published, rounding: str, side: int) -> None:
    """Forks' ceil_mode: (8 - 3) / 2 + 1 is 3.5 windows."""
    pooled = layer("Pooling", f"pooling_param {{ kernel_size: 3 stride: 2 {rounding} }}")
    assert published.load(IMAGE + pooled).blobs["l"] == (1, 3, side, side)


def test_ceil_against_round_mode(published: Published) -> None:
    pooled = layer("Pooling", "pooling_param { kernel_size: 3 ceil_mode: true round_mode: FLOOR }")
    assert "error[N407]: ceil_mode: true is CEIL, and round_mode is FLOOR" in published.said(IMAGE + pooled)


def test_pad_w(published: Published) -> None:
    """conv_layer.cpp takes pad_w alone, and 0 for the height: 8 + 2 * 3 - 7 + 1 = 8."""
    wide = layer("Convolution", "convolution_param { num_output: 1 kernel_h: 1 kernel_w: 7 pad_w: 3 }")
    assert published.load(IMAGE + wide).blobs["l"] == (1, 1, 8, 8)


@pytest.mark.parametrize("field", ["stride_h: 2", "pad_h: 1", "pad_w: 1"])
def test_pool_padh(published: Published, field: str) -> None:
    """pooling_layer.cpp: "Stride is stride OR stride_h and stride_w are required", and pad likewise."""
    said = published.said(IMAGE + layer("Pooling", f"pooling_param {{ kernel_size: 3 {field} }}"))
    assert f"error[N407]: {field.split(':', maxsplit=1)[0]} needs" in said


@pytest.mark.parametrize("ratio", [0, 1])
def test_dropout(published: Published, ratio: int) -> None:
    assert published.said(IMAGE + layer("Dropout", f"dropout_param {{ dropout_ratio: {ratio} }}")) == ""


@pytest.mark.parametrize(
    "text",
    [
        layer("Convolution", "convolution_param { num_output: 1 kernel_size: 3 engine: MKL2017 }"),
        layer("ReLU", "relu_param { engine: MKLDNN }", 'engine: "MKL2017"'),
    ],
)
def test_engine(published: Published, text: str) -> None:
    """Forks' engines change no number."""
    assert published.said(IMAGE + text) == ""


@pytest.mark.parametrize(
    ("kind", "message"), [("Data", "data_param"), ("HDF5Data", "hdf5_data_param"), ("ImageData", "image_data_param")]
)
def test_batch0(published: Published, kind: str, message: str) -> None:
    text = f'layer {{ name: "data" type: "{kind}" top: "data" top: "label" {message} {{ batch_size: 0 }} }}'
    assert "error[N405]: batch_size must be at least 1, and is 0" in published.said(text)
    if kind != "ImageData":  # whose default is 1
        assert "error[N408]: batch_size is missing" in published.said(text.replace("batch_size: 0", ""))


# ---- what is no net, and inputs without shapes
def test_solver(published: Published) -> None:
    said = published.said('net: "x.prototxt"\nbase_lr: 0.1\n')
    assert said.startswith("error[N414]: net.prototxt is a solver, not a net")
    assert said.count("[N") == 1
    assert "netdef train --recipe" in said


def test_a_recipe_in_the_place_of_a_net_is_one_mistake(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("batch: 100\nsolver:\n  kind: sgd\nlr: {policy: step, base: 0.05}\n")
    report = analyse_phases(NetRequest(file=str(tmp_path / "r.yaml"))).report
    assert [said.message for said in report] == [f"{tmp_path}/r.yaml is a recipe, not a net"]


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", 'name: "x"'])
def test_empty(published: Published, text: str) -> None:
    assert published.said(text).startswith("error[N415]: net.prototxt is no net: there is no layer in it")


def test_a_file_of_blocks_is_no_net_of_its_own_and_sound(published: Published) -> None:
    assert published.said('block b(n) { layer "x" Convolution { num_output: n kernel_size: 1 } }') == ""


def test_input_nodims(published: Published) -> None:
    """upgrade_proto.cpp drops net-level inputs that have no shape at all."""
    assert published.load('input: "data"\n' + IMAGE).blobs == {"data": (1, 3, 8, 8)}
    assert "error[N413]" in published.said('input: "data"\n' + layer("ReLU"))


# ---- blobs of one phase
def test_inplace_absent(published: Published) -> None:
    """A layer in place doesn't make the blob that it reads: who does, is kept out."""
    train_only = IMAGE.replace("RULE", "include { phase: TRAIN }")
    said = published.said(train_only + 'layer { name: "r" type: "ReLU" bottom: "data" top: "data" }')
    assert 'error[N501]: there is no blob "data" in phase TEST' in said
    assert "in makes it, and its rules keep it out here" in said
    assert "--phase TRAIN" in said


def test_inplace_absent2(published: Published) -> None:
    """One message, however many layers read the blob."""
    readers = "".join(f'layer {{ name: "r{i}" type: "ReLU" bottom: "data" top: "r{i}" }}\n' for i in range(9))
    train_only = IMAGE.replace("RULE", "include { phase: TRAIN }")
    said = published.said(train_only + readers + 'layer { name: "r" type: "ReLU" bottom: "data" top: "data" }')
    assert said.count("error[N501]") == 1
    assert "and here, and at " in said


def test_12_digits_stages(published: Published) -> None:
    rules = {
        "val": 'include { phase: TEST stage: "val" }',
        "input": 'include { phase: TEST not_stage: "val" }',
        "loss": 'exclude { stage: "deploy" }',
    }
    text = f"""
        layer {{ name: "v" type: "DummyData" top: "data" top: "label" {rules["val"]}
            dummy_data_param {{ shape {{ dim: [4, 3] }} shape {{ dim: 4 }} }} }}
        layer {{ name: "d" type: "Input" top: "data" input_param {{ shape {{ dim: [1, 3] }} }} {rules["input"]} }}
        layer {{ name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param {{ num_output: 3 }} }}
        layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" {rules["loss"]} }}
    """
    assert "help: give --stage val or deploy" in published.said(text)
    assert [published.load(text, stages=[stage]).outputs for stage in ("val", "deploy")] == [["loss"], ["fc"]]


def test_12_digits_stages_with_levels(published: Published) -> None:
    """Rules may ask for a level besides, and a stage alone then brings nothing."""
    text = """
        layer { name: "a" type: "Input" top: "data" input_param { shape { dim: [1, 3] } }
            include { stage: "infer" } }
        layer { name: "b" type: "Input" top: "data" input_param { shape { dim: [2, 3] } }
            include { stage: "learn" min_level: 2 } }
        layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 3 } }
    """
    assert "help: give --stage infer or learn and --level 2" in published.said(text)
    assert published.load(text, stages=["learn"], level=2).blobs["fc"] == (2, 3)


# ---- layer types and fields of forks
@pytest.mark.parametrize(
    ("kind", "whose"),
    [
        ("Correlation", "it comes from a fork of Caffe (FlowNet)"),
        ("FlowWarp", "it comes from a fork of Caffe (FlowNet)"),
        ("DepthwiseConv", "it comes from a fork of Caffe (MobileNet)"),
        ("Unpooling", "it comes from a fork of Caffe (SegNet)"),
        ("DenseCRF", "it comes from a fork of Caffe (DeepLab)"),
    ],
)
def test_55_fork_types(published: Published, kind: str, whose: str) -> None:
    said = published.said(IMAGE + layer(kind))
    assert f'error[N209]: there is no layer type "{kind}" here: {whose}' in said
    assert "did you mean" not in said
    declaration = said.partition("the rest is checked: ")[2]
    assert declaration.startswith(f'opaque "{kind}"')
    assert published.said(declaration + IMAGE + layer(kind)) == ""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Sofmax", "Softmax"),
        ("Relu", "ReLU"),
        ("Convolutoin", "Convolution"),
        ("CONVOLUTION", "Convolution"),
        ("inner_product", "InnerProduct"),
        ("SoftmaxLoss", "SoftmaxWithLoss"),  # V1's SOFTMAX_LOSS
        ("Tanh", "TanH"),
    ],
)
def test_55_misspelt(published: Published, written: str, meant: str) -> None:
    assert f'help: did you mean "{meant}"?' in published.said(IMAGE + layer(written))


def test_44_python_layer(published: Published) -> None:
    """What is behind an opaque layer has its shape, and no receptive field that anybody invented."""
    text = """
        opaque "Python" { top_shape: ["R", 5] }
        opaque "ROIPooling" { top_shape: [300, 8, 7, 7] }
        input "data" [1, 3, 64, 96]
        layer "conv" Convolution { num_output: 8 kernel_size: 3 pad: 1 stride: 16 }
        layer "proposal" Python { bottom: "conv" top: "rois" }
        layer "pool5" ROIPooling { bottom: ["conv", "rois"] }
        layer "fc6" InnerProduct { num_output: 32 }
    """
    net = published.load(text)
    assert {name: show(net.blobs[name]) for name in ("rois", "pool5", "fc6")} == {
        "rois": "Rx5",
        "pool5": "300x8x7x7",
        "fc6": "300x32",
    }
    assert [node.receptive_field for node in net.nodes if node.name in ("proposal", "pool5", "fc6")] == [None] * 3


@pytest.mark.parametrize("kind", ["Python", "PascalData", "MyData"])
def test_a_layer_that_feeds_the_net_is_replaced_by_inputs(published: Published, kind: str) -> None:
    """As in the files of FCN and SegNet; what makes the shapes of rois, or holds weights, is told what it is."""
    feeds = f'layer {{ name: "data" type: "{kind}" top: "data" top: "label" }}\n'
    said = published.said(feeds + 'layer "conv" Convolution { bottom: "data" num_output: 3 kernel_size: 1 }')
    inputs = 'input "data" [1, 3, 224, 224] input "label" [1, 1, 224, 224]'
    assert (
        f"help: it feeds the net: put inputs in its place, with their own sizes: {inputs}; to train, layers of" in said
    )
    assert published.load(inputs + ' layer "conv" Convolution { bottom: "data" num_output: 3 kernel_size: 1 }').nodes
    assert "it feeds the net" not in published.said('layer { name: "w" type: "Parameter" top: "w" }')
    assert "it feeds the net" not in published.said(IMAGE + f'layer "rois" {kind} {{ bottom: "data" }}')


def test_opaque_and_opaqueloss(published: Published) -> None:
    """Both tops of a layer have the one shape, and a loss needs none."""
    text = """
        opaque "Python" { top_shape: [1, 10] }
        opaque "SmoothL1Loss" { }
        layer { name: "in" type: "Python" top: "a" top: "b" }
        layer { name: "loss" type: "SmoothL1Loss" bottom: "a" bottom: "b" top: "loss" }
    """
    net = published.load(text)
    assert net.blobs == {"a": (1, 10), "b": (1, 10), "loss": ()}
    assert net.nodes[-1].loss_weights == (1,)


@pytest.mark.parametrize("field", ["pad_left: 1", "pad_type: 1", "hole: 2", "kernel_depth: 3"])
def test_ignored_field_that_changes_shapes(published: Published, field: str) -> None:
    """It is no slip of another name; and a size that doesn't fit names it, not the strides alone."""
    made = f'layer {{ name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param {{ MORE {field} }} }}\n'
    made = made.replace("MORE", "num_output: 3 kernel_size: 3") + layer("Eltwise", more='bottom: "data"', bottom="c")
    said = published.said(IMAGE + made)
    name = field.split(":", maxsplit=1)[0]
    assert f"warning[N401]: convolution_param has no field {name}" in said
    assert "did you mean" not in said
    assert "shapes from here on may be wrong" in said
    assert f"note: {name}, a fork's field, may change the shape of c" in said


def test_a_size_that_is_a_guess_is_said_to_be_one(published: Published) -> None:
    data = 'layer { name: "data" type: "Data" top: "data" data_param { batch_size: 1 } }\n'
    text = data + IMAGE.replace('"data"', '"x"') + layer("Eltwise", more='bottom: "x"')
    assert "note: the size of data is a guess: --data-size data=CxHxW gives the real one" in published.said(text)
    assert "is a guess" not in published.said(text, data_size={"data": (3, 9, 9)})


def test_shared_weights_of_a_guessed_size_are_said_to_be_of_one(published: Published) -> None:
    """Caffe's siamese example: pairs of grey images, whose size stands in a data set that isn't here."""
    halves = "".join(
        f'layer {{ name: "conv{half}" type: "Convolution" bottom: "d{half}" top: "c{half}" param {{ name: "w" }} '
        "convolution_param { num_output: 2 kernel_size: 3 } }\n"
        for half in (1, 2)
    )
    text = """
    layer { name: "pair" type: "Data" top: "pair" data_param { source: "absent" batch_size: 4 } }
    layer { name: "cut" type: "Slice" bottom: "pair" top: "d1" top: "d2" slice_param { slice_point: 1 } }
    """
    said = published.said(text + halves)
    assert 'error[N507]: shared weight "w" is 2x2x3x3 here and 2x1x3x3 at its owner' in said
    assert "the size of pair is a guess: --data-size pair=CxHxW gives the real one" in said


def test_08_v1_with_string_type(published: Published) -> None:
    text = 'layers { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 } } }'
    text += 'layers { name: "ip" type: INNER_PRODUCT bottom: "data" top: "ip" inner_product_param { num_output: 5 } }'
    assert 'write layer { type: "Convolution" } throughout' in published.said(text)
    assert published.fixed(text) == text.replace("layers", "layer").replace("INNER_PRODUCT", '"InnerProduct"')


def test_the_cases_themselves(shared: Path) -> None:
    """What is published is sound but where Caffe refuses it, too."""
    folder = shared / "cases/from-corpus"
    found = {}
    for path in sorted(folder.glob("*.prototxt")):
        report = analyse_phases(NetRequest(file=str(path))).report
        found[path.stem] = sorted({said.code for said in report.errors})
    assert {name: codes for name, codes in found.items() if codes} == {
        "batch0": ["N408"],
        "empty": ["N415"],
        "hdf5": ["N206"],  # t.txt is not there: the error says that the size is a guess
        "hdf5t": ["N412"],
        "inplace_absent": ["N501"],
        "inplace_absent2": ["N501"],
        "pool_padh": ["N407"],
        "solver": ["N414"],
    }


@pytest.mark.parametrize(("label", "errors"), [((1, 6, 8), []), ((6, 8), []), ((1, 5, 8), ["N206"]), ((), ["N206"])])
def test_hdf5(published: Published, tmp_path: Path, label: tuple[int, ...], errors: list[str]) -> None:
    """Maps, or as many numbers as they have, are held against what the files hold, and nothing of it is guessed."""
    h5py = pytest.importorskip("h5py")
    for number in range(2):
        with h5py.File(tmp_path / f"{number}.h5", "w") as file:
            file["data"] = np.zeros((4, 3, 6, 8), np.float32)
            file["label"] = np.zeros((4, *label), np.float32)
    (tmp_path / "t.txt").write_text("".join(f"{tmp_path}/{number}.h5\n" for number in range(2)))
    published.path.write_text(
        'layer { name: "data" type: "HDF5Data" top: "data" top: "label" '
        f'hdf5_data_param {{ source: "{tmp_path}/t.txt" batch_size: 4 }} }}'
        + layer("Convolution", "convolution_param { num_output: 1 kernel_size: 3 pad: 1 }")
        + 'layer { name: "loss" type: "EuclideanLoss" bottom: "l" bottom: "label" top: "loss" }',
        "utf-8",
    )
    found = netdef.analyse(path=published.path)
    assert [said.code for said in found.report.errors] == errors
    assert "N601" not in {said.code for said in found.report}
    assert found.net is not None
    assert found.net.blobs["label"] == (4, *label)


@pytest.mark.parametrize("transform", ["crop_size: 80", "scale: 0.5", ""])
def test_hdf5t(published: Published, transform: str) -> None:
    """Caffe: "HDF5Data does not transform data."."""
    said = published.said(
        'layer { name: "d" type: "HDF5Data" top: "data" hdf5_data_param { source: "t.txt" batch_size: 4 } '
        f"transform_param {{ {transform} }} }}" + layer("InnerProduct", "inner_product_param { num_output: 1 }")
    )
    assert said.startswith("error[N412]: HDF5Data takes numbers as they are stored, and no transform_param")
    assert said.count("error[") == 1


def test_opaque2(published: Published) -> None:
    """One declaration is of all layers of a type, whatever their own fields say; ``at`` names one of them."""
    pooled = "".join(
        layer("ROIPooling", f"roi_pooling_param {{ pooled_w: {side} pooled_h: {side} }}").replace('"l"', f'"{name}"')
        for name, side in (("p", 7), ("q", 14))
    )
    net = published.load('opaque "ROIPooling" { top_shape: [1, 512, 7, 7] }\n' + IMAGE + pooled)
    assert net.blobs["p"] == net.blobs["q"] == (1, 512, 7, 7)
    one = 'opaque "ROIPooling" at "q" { top_shape: [1, 512, 14, 14] }\n'
    net = published.load('opaque "ROIPooling" { top_shape: [1, 512, 7, 7] }\n' + one + IMAGE + pooled)
    assert (net.blobs["p"], net.blobs["q"]) == ((1, 512, 7, 7), (1, 512, 14, 14))


# ---- sizes that don't fit, and a help that works there
@pytest.mark.parametrize(
    ("shape", "dims", "instead"),
    [
        ([1, 21], "dim: 0 dim: -1 dim: 48 dim: 21", None),
        ([64, 784], "dim: 2", "dim: 0 dim: 1 dim: 28 dim: 28"),
        ([3, 4096, 100], "dim: 0 dim: 0 dim: 1", "dim: 0 dim: 0 dim: -1"),
    ],
)
def test_06_reshape(published: Published, shape: list[int], dims: str, instead: str | None) -> None:
    text = f'input "data" {shape} layer "r" Reshape {{ shape {{ DIMS }} }}'
    said = published.said(text.replace("DIMS", dims))
    assert "error[N208]" in said
    written = said.partition("help: write ")[2].partition(", say")[0]
    assert written == (instead or written) != ""
    assert published.said(text.replace("DIMS", written)) == ""


def test_06_faster_rcnn(published: Published) -> None:
    """18 scores as 2 x 9, and back."""
    net = published.load("""
        input "data" [2, 18, 14, 14]
        layer "r" Reshape { shape { dim: [0, 2, -1, 0] } }
        layer "r2" Reshape { shape { dim: [0, 18, -1, 0] } }
    """)
    assert [net.blobs[name] for name in ("r", "r2")] == [(2, 2, 126, 14), (2, 18, 14, 14)]


def test_43_slice_label(published: Published) -> None:
    text = 'input "label" [4] input "data" [4, 3, 8, 8]'
    assert "labels of several come by HDF5Data" in published.said(
        text + 'layer "s" Slice { bottom: "label" top: ["xyz", "wpqr"] slice_dim: 1 slice_point: 3 }'
    )
    three = 'layer "s" Slice { bottom: "data" top: ["r", "g", "b"] axis: 1 slice_point: 1 }'
    assert "help: give 2 slice_point, or none for equal pieces" in published.said(text + three)
    assert published.load(text + 'layer "one" Slice { bottom: "data" top: "all" }').blobs["all"] == (4, 3, 8, 8)
    said = published.said('input "label" [] layer "s" Slice { top: ["xyz", "wpqr"] slice_dim: 0 }')
    assert "the bottom has no axes: it is one number" in said
    assert "use 0 to -1" not in said


# ---- what Caffe takes and nobody means
UNFILLED = """
    input "data" [4, 3, 8, 8] input "label" [4]
    layer "conv1" Convolution { bottom: "data" num_output: 8 kernel_size: 3 CONV }
    layer "relu1" ReLU
    layer "fc6" InnerProduct { num_output: 4 FC }
    layer "loss" SoftmaxWithLoss { bottom: ["fc6", "label"] include { phase: TRAIN } }
"""
FILLED = 'weight_filler { type: "xavier" }'


def test_17_missing_filler(published: Published) -> None:
    """All zeros: the loss stays at ln(classes). Deploy files, which have no loss, say nothing of fillers."""
    said = published.said(UNFILLED.replace("CONV", "").replace("FC", ""))
    assert said.startswith("warning[N604]: conv1, fc6 start at zero")
    assert "note: in phase TRAIN only" in said
    assert published.said(UNFILLED.replace("CONV", FILLED).replace("FC", FILLED)) == ""
    assert published.said(UNFILLED.replace("CONV", FILLED).replace("FC", "")) == ""  # alone and last, it learns
    frozen = UNFILLED.replace("CONV", FILLED).replace("FC", "param { lr_mult: 0 }")
    assert published.said(frozen) == ""


def test_convolution_after_inner_product(published: Published) -> None:
    text = 'input "data" [1, 3, 8, 8] layer "fc" InnerProduct { num_output: 9 } '
    assert "warning[N605]: 1x9 has no rows and columns" in published.said(
        text + 'layer "c" Convolution { num_output: 2 kernel_size: 3 }'
    )
    assert published.said(text + 'layer "c" Convolution { num_output: 2 kernel_size: 1 }') == ""


def test_a_batch_of_none(published: Published) -> None:
    text = 'let N = 1 input "data" [N, 3, 8, 8]'
    assert "warning[N606]: 0x3x8x8 holds no value" in published.said(text, set={"N": 0})
    assert published.said(text) == ""


# ---- messages
CONVOLUTION = "Convolution { num_output: 3 kernel_size: 1 }"
BLOCK = f'block stage(s, depth) {{ repeat i in 1..depth {{ layer "c${{s}}_${{i}}" {CONVOLUTION} }} }}\n'
DATA = 'input "data" [1, 3, 8, 8]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DATA + 'for i in 1..3 { layer "x${i}" ReLU }', "did you mean `repeat`, as in repeat i in 1..n { ... }"),
        (BLOCK + DATA + "stage(1, depth=2)", "an argument is written `depth: ...`"),
        (BLOCK + DATA + "stage(4, depth: 2)\nstage(4, depth: 3)", "this call and that of line 3 both pass 4: let"),
        ('include "neet.prototxt"\n' + DATA, 'did you mean "net.prototxt"?'),
    ],
)
def test_one_message_that_helps(published: Published, text: str, said: str) -> None:
    found = published.said(text)
    assert f"help: {said}" in found
    assert found.count("error[") == 1


def test_the_same_text_five_times_is_said_once(published: Published) -> None:
    said = published.said(DATA + 'repeat i in 1..5 { layer "x${i}" Rotate }')
    assert "(5 times)" in said
    assert "and here" not in said


def test_a_wrong_value_of_a_variable_is_shown_where_it_is_bound(published: Published) -> None:
    said = published.said("let classes = 1000/3\n" + DATA + 'layer "fc8" InnerProduct { num_output: classes }')
    assert "classes is bound here" in said
    assert "error[N409]: num_output takes an integer, and 333.333 is none" in said


def test_a_size_without_its_batch(published: Published) -> None:
    said = published.said(DATA + 'layer "p" Pooling { kernel_size: 2 }', sizes={"data": (3, 9, 9)})
    assert "help: the batch is the first: --size data=1x3x9x9" in said
    assert said.count("error[") == 1


def test_binary_junk_is_one_mistake(tmp_path: Path) -> None:
    path = tmp_path / "junk.net"
    path.write_bytes(bytes(range(1, 256)) * 9)
    (said,) = analyse_phases(NetRequest(file=str(path))).report
    assert (said.code, said.message.endswith("is no text: it has control characters")) == ("N004", True)


def test_an_onnx_model_is_no_net(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(b"\x08\x08pytorch")
    (said,) = analyse_phases(NetRequest(file=str(path))).report
    assert "an ONNX model is what export writes" in (said.help or "")


UNPARSABLE = {
    "merge conflict": ("%(head)s<<<<<<< HEAD\n%(layer)s=======\n%(layer)s>>>>>>> theirs\n", "N109", False),
    "stray letter": ("%(head)s%(layer)sz\n%(next)s", "N110", True),
    "two values": ("%(head)s%(two)s", "N111", False),
    "comments of C++": ("// one\n%(head)s// two\n%(layer)s/* three */\n", "N108", True),
    "file name": ("VGG_19_train_val.prototxt\n%(head)s%(layer)s", "N110", True),
    "no name before a brace": ("%(head)s%(layer)s{ name: 'x' type: 'ReLU' bottom: 'a' top: 'x' }\n", "N115", False),
    "two values in a solver": ("net: 'a.prototxt'\nbase_lr: 0.1\ndevice_id: 0,1\n", "N111", False),
    "merge conflict in a solver": (
        "base_lr: 1\n<<<<<<< HEAD\nmax_iter: 1\n=======\nmax_iter: 2\n>>>>>>> x\n",
        "N109",
        False,
    ),
    "page of the web": ("\n<!DOCTYPE html>\n<html><body class='x'>layer { }</body></html>\n", "N004", False),
    "JSON": ('{ "layer": [ { "name": "a", "type": "ReLU" } ] }\n', "N004", False),
    "a program": ("import caffe\nfrom caffe import layers as L\nn = caffe.NetSpec()\n", "N004", False),
    "label map": ('item { name: "x" label: 1 }\nitem { name: "y" label: 2 }\n', "N415", False),
    "answer of a server": ("404: Not Found", "N004", False),
}
"""Texts of kinds that people published and nobody can parse; what is said of them, and whether it is safe to mend."""


@pytest.mark.parametrize("kind", UNPARSABLE)
def test_a_text_that_nobody_can_parse_has_one_cause(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, code, is_safe = UNPARSABLE[kind]
    layer = 'layer { name: "a" type: "Power" bottom: "data" top: "a" %s}'
    path = tmp_path / "net.prototxt"
    path.write_text(
        text
        % {
            "head": 'input: "data" input_shape { dim: 1 dim: 3 }\n',
            "layer": layer % "" + ("" if kind == "stray letter" else "\n"),
            "next": 'layer { name: "b" type: "Power" bottom: "a" top: "b" }\n',
            "two": layer % "power_param { power: 0,1 } ",
        }
        if "%" in text
        else text
    )
    assert main(["check", "--format", "concise", str(path)]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert f"error[{code}]" in line
    assert main(["check", "--fix", "--format", "concise", str(path)]) == (0 if is_safe else 1)


# ---- one mistake, one message
CONV = layer("Convolution", "convolution_param { num_output: 3 kernel_size: 3 }").replace('"l"', '"c"')
RELU = layer("ReLU", bottom="c").replace('top: "l"', 'top: "c"')


@pytest.mark.parametrize(
    ("text", "head"),
    [
        (IMAGE + CONV.replace("type:", "ytpe:") + RELU, "error[N401]: a layer has no field ytpe"),
        (IMAGE + CONV.replace("num_output", "num_ouput"), "error[N401]: convolution_param has no field num_ouput"),
        (
            IMAGE + CONV.replace("convolution_param", "convlution_param"),
            "error[N401]: a layer of type Convolution has no field convlution_param",
        ),
        (
            IMAGE + CONV.replace("convolution_param { num_output: 3 kernel_size: 3 }", "num_output: 3 kernel_size: 3"),
            "error[N401]: num_output stands in the layer, and not in convolution_param",
        ),
        (IMAGE + CONV + RELU.replace("bottom:", "botom:"), "error[N401]: a layer has no field botom"),
        (IMAGE + CONV + RELU.replace('bottom: "c"', ""), "error[N503]: ReLU takes 1 bottom, and has 0"),
        (IMAGE + CONV.replace('top: "c"', "") + RELU, "error[N503]: Convolution takes at least 1 top, and has 0"),
        (IMAGE + RELU + CONV, 'error[N501]: blob "c" is read before it is made'),
        (IMAGE + CONV + RELU.replace('bottom: "c"', 'bottom: "cc"'), 'error[N501]: there is no blob "cc"'),
        (
            IMAGE + CONV.replace('"Convolution"', "CONVOLUTION") + RELU.replace('"ReLU"', "RELU"),
            "error[N402]: type takes a string, and CONVOLUTION is what layers { } of older files call Convolution",
        ),
        (
            IMAGE + CONV + 'layers { name: "r" type: RELU bottom: "c" top: "c" }' + RELU.replace('"ReLU"', "RELU"),
            "error[N411]: `layer` and `layers` stand in one net: Caffe reads either, and loses the order of both",
        ),
        (f'name: "a"\n{IMAGE}{CONV}name: "b"\n{IMAGE}{CONV}', "error[N404]: a second net begins here"),
        (
            f'{IMAGE}{CONV}base_lr: 0.1 lr_policy: "step" gamma: 0.1 stepsize: 9 max_iter: 10',
            "warning[N414]: a solver stands in the net's file: base_lr, lr_policy, gamma, ...",
        ),
    ],
)
def test_one_mistake_is_said_once(published: Published, text: str, head: str) -> None:
    said = published.said(text)
    assert [line for line in said.splitlines() if line.startswith(("error", "warning"))] == [head]


def test_a_nets_file_with_a_solver_in_it_is_checked_as_a_net(published: Published, capsys: Any) -> None:
    published.path.write_text(f'{IMAGE}{CONV}base_lr: 0.1 lr_policy: "fixed"'.replace("RULE", ""), "utf-8")
    assert main(["check", str(published.path)]) == 0
    assert capsys.readouterr().err.count("warning[") == 1


def test_words_of_v1_in_v2_are_mended_at_once(published: Published) -> None:
    text = (IMAGE + CONV.replace('"Convolution"', "CONVOLUTION") + RELU.replace('"ReLU"', "RELU")).replace("RULE", "")
    assert published.fixed(text) == (IMAGE + CONV + RELU).replace("RULE", "")
