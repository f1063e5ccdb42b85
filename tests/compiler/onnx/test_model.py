"""The model as a whole: names, free axes, metadata, refusals."""

import json

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

import netdef
from netdef.compiler.analysis.free_axes import allowed, inputs_at
from netdef.compiler.model_options import OPSETS
from netdef.compiler.onnx import onnx_model
from netdef.runtime import lower
from tests.nets import net_of
from tests.onnx_runtime import run

Array = NDArray[np.float32]

IN_PLACE = """
    input "data" [1, 2, 6, 6]
    layer "conv" Convolution { num_output: 3 kernel_size: 3 weight_filler { type: "xavier" } }
    layer "relu" ReLU
    layer "ip" InnerProduct { num_output: 4 weight_filler { type: "xavier" } }
"""


def dims(value: onnx.ValueInfoProto) -> list[str | int]:
    return [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]


def test_names_are_the_nets() -> None:
    graph = onnx_model(net_of(IN_PLACE)).graph
    assert [node.name for node in graph.node if "/" not in node.name] == ["conv", "relu", "ip"]
    assert {"conv@conv", "conv", "ip"} <= {name for node in graph.node for name in node.output}
    assert [tensor.name for tensor in graph.initializer] == ["conv/0", "conv/1", "ip/0", "ip/1"]
    assert [value.name for value in graph.input] == ["data"]
    assert [value.name for value in graph.output] == ["ip"]


def test_names_that_layers_and_blobs_share_stay_apart() -> None:
    net = net_of("""
        input "fc/0" [1, 2]
        layer "fc" InnerProduct { bottom: "fc/0" top: "fc" num_output: 2 weight_filler { type: "xavier" } }
        layer "same" ReLU { bottom: "fc" top: "a" }
        layer "same" Sigmoid { bottom: "fc" top: "b" }
    """)
    graph = onnx_model(net).graph
    assert [tensor.name for tensor in graph.initializer] == ["fc/0_2", "fc/1"]
    assert [node.name for node in graph.node] == ["fc", "same", "same_2"]
    assert run(onnx_model(net), {"fc/0": [[1, 2]]}).keys() == {"a", "b"}


def test_only_the_batch_is_free_unless_asked() -> None:
    model = onnx_model(net_of(IN_PLACE))
    assert dims(model.graph.input[0]) == ["N", 2, 6, 6]
    assert dims(model.graph.output[0]) == ["N", 4]
    assert dims(onnx_model(net_of(IN_PLACE), dynamic=()).graph.input[0]) == [1, 2, 6, 6]


def test_every_blob_has_its_shape() -> None:
    model = onnx_model(net_of(IN_PLACE))
    assert {v.name: dims(v) for v in model.graph.value_info} == {"conv@conv": ["N", 3, 4, 4], "conv": ["N", 3, 4, 4]}


def test_a_free_height_and_width() -> None:
    net = net_of('input "x" [1, 2, 6, 7] layer "y" Pooling { kernel_size: 3 stride: 2 } layer "z" Softmax')
    model = onnx_model(net, dynamic=("N", "H", "W"))
    assert dims(model.graph.input[0]) == ["N", 2, "H", "W"]
    assert dims(model.graph.output[0]) == ["N", 2, 0, 0]
    assert run(model, {"x": np.zeros((3, 2, 11, 12))})["z"].shape == (3, 2, 5, 6)


def test_what_has_one_size_is_named() -> None:
    with pytest.raises(netdef.NetError) as caught:
        onnx_model(net_of(IN_PLACE), dynamic=("N", "H", "W"))
    found = list(caught.value.report)
    assert [d.code for d in found] == ["N1012", "N1012"]
    assert all("ip" in d.message for d in found)
    assert {d.message.split(" can't")[0] for d in found} == {"the height", "the width"}


def test_a_batch_written_into_data_is_not_free() -> None:
    net = net_of("""
        input "x" [2, 3]
        layer "one" DummyData { shape { dim: 2 dim: 3 } data_filler { value: 1 } }
        layer "y" Eltwise { bottom: ["x", "one"] }
    """)
    assert allowed(net) == ()
    assert onnx_model(net, dynamic=())
    with pytest.raises(netdef.NetError, match="batch can't be free: y "):
        onnx_model(net)


@pytest.mark.parametrize("shape", ["[1, 12]", "[1, -1]", "[1, 3, -1]", "[0, 12]", "[-1, 12]"])
def test_a_reshape_that_writes_the_batch_follows_it(shape: str) -> None:
    net = net_of(f'input "x" [1, 3, 2, 2] layer "y" Reshape {{ shape {{ dim: {shape} }} }}')
    x = np.arange(60, dtype=np.float32).reshape(5, 3, 2, 2)
    assert (run(onnx_model(net), {"x": x})["y"].reshape(5, -1) == x.reshape(5, -1)).all()


def test_inputs_of_another_size_keep_it() -> None:
    net = net_of("""
        input "data" [1, 3, 8, 8] input "rois" [300, 5]
        layer "a" ReLU { bottom: "data" top: "a" } layer "b" ReLU { bottom: "rois" top: "b" }
    """)
    assert inputs_at(net, {"N": 4, "H": 9}) == {"data": (4, 3, 9, 8), "rois": (300, 5)}
    assert [dims(value) for value in onnx_model(net).graph.input] == [["N", 3, 8, 8], [300, 5]]


def test_an_input_that_is_changed_in_place_is_an_earlier_version() -> None:
    model = onnx_model(net_of('input "x" [1, 2] layer "r" ReLU'))
    assert [value.name for value in model.graph.input] == ["x@x"]
    assert (run(model, {"x": [[-1, 2]]})["x"] == [[0, 2]]).all()


def test_an_input_that_nobody_reads_is_no_output() -> None:
    net = net_of('input "x" [1, 2] input "label" [1] layer "r" ReLU { bottom: "x" }')
    assert net.outputs == ["label", "r"]
    assert run(onnx_model(net), {"x": [[-1, 2]], "label": [0]}).keys() == {"r"}


def test_all_that_cannot_be_done_is_said_at_once() -> None:
    net = net_of(
        """
        opaque "Mystery" { top_shape: [1, 3, 4, 4] }
        input "x" [1, 3, 4, 4]
        layer "drop" Dropout { bottom: "x" top: "d" }
        layer "pool" Pooling { bottom: "d" pool: STOCHASTIC kernel_size: 2 }
        layer "noise" DummyData { shape { dim: 1 } data_filler { type: "uniform" } }
        layer "what" Mystery { bottom: "x" }
    """,
        "TRAIN",
    )
    with pytest.raises(netdef.NetError) as caught:
        onnx_model(net)
    found = list(caught.value.report)
    assert {d.code for d in found} == {"N1011"}
    assert [next(name for name in ("drop", "pool", "noise", "what") if name in d.message) for d in found] == [
        "drop",
        "pool",
        "noise",
        "what",
    ]
    assert all(d.primary is not None for d in found)


def test_a_model_without_outputs_is_refused() -> None:
    with pytest.raises(netdef.NetError, match="no output"):
        onnx_model(net_of('input "x" [1, 2] layer "r" ReLU { top: "y" } layer "s" Silence'))


def test_metadata_say_where_the_numbers_come_from() -> None:
    text = f'name: "n" {IN_PLACE} preprocess {{ channels: RGB mean: [1, 2, 3] scale: 0.5 resize: 256 crop: 6 }}'
    net = net_of(text)
    own = {p.key: p.value for p in onnx_model(net, seed=3).metadata_props}
    assert own["netdef.weights"] == "seeded fillers, seed 3"
    assert (own["netdef.net"], own["netdef.phase"]) == ("n", "TEST")
    assert own["netdef.version"]
    assert json.loads(own["netdef.preprocess"]) == {
        "channels": "RGB",
        "mean": [1, 2, 3],
        "scale": 0.5,
        "resize": 256,
        "crop": 6,
        "labels": None,
    }
    some = {"conv": [np.zeros((3, 2, 3, 3), np.float32), np.zeros(3, np.float32)]}
    given = {p.key: p.value for p in onnx_model(net, some, origin="w.npz").metadata_props}
    assert given["netdef.weights"] == "w.npz; seeded fillers, seed 0, for ip"


def test_weights_are_those_that_are_given() -> None:
    random = np.random.default_rng(0)
    shapes = {"conv": [(3, 2, 3, 3), (3,)], "ip": [(4, 48), (4,)]}
    weights = {layer: [random.standard_normal(s).astype(np.float32) for s in own] for layer, own in shapes.items()}
    for tensor in onnx_model(net_of(IN_PLACE), weights).graph.initializer:
        layer, index = tensor.name.split("/")
        assert (onnx.numpy_helper.to_array(tensor) == weights[layer][int(index)]).all()


def test_weights_that_do_not_fit_are_refused() -> None:
    with pytest.raises(netdef.NetError, match="ip"):
        onnx_model(net_of(IN_PLACE), {"ip": [np.zeros((4, 47), np.float32), np.zeros(4, np.float32)]})


def test_a_shared_weight_is_stored_once() -> None:
    net = net_of("""
        input "x" [1, 3]
        layer "a" InnerProduct { num_output: 3 param { name: "w" } weight_filler { type: "xavier" } }
        layer "b" InnerProduct { num_output: 3 param { name: "w" } }
    """)
    model = onnx_model(net)
    assert [tensor.name for tensor in model.graph.initializer] == ["a/0", "a/1", "b/1"]
    x = np.asarray([[1, 2, 3]], np.float32)
    weight = onnx.numpy_helper.to_array(model.graph.initializer[0])
    assert run(model, {"x": x})["b"] == pytest.approx(x @ weight.T @ weight.T, rel=1e-5)


@pytest.mark.parametrize("opset", OPSETS)
def test_every_opset(opset: int) -> None:
    net = net_of("""
        input "x" [2, 4, 5, 5]
        layer "bn" BatchNorm { top: "bn" }
        layer "norm" LRN
        layer "pool" Pooling { pool: AVE kernel_size: 3 stride: 2 pad: 1 }
        layer "parts" Slice { top: ["a", "b"] }
        layer "best" ArgMax { bottom: "a" top_k: 2 }
        layer "flat" Reshape { bottom: "b" shape { dim: 0 dim: -1 } }
    """)
    weights = {"bn": [np.zeros(4, np.float32), np.ones(4, np.float32), np.ones(1, np.float32)]}
    model = onnx_model(net, weights, opset=opset)
    onnx.checker.check_model(model, full_check=True)
    assert [(imported.domain, imported.version) for imported in model.opset_import] == [("", opset)]
    x = np.random.default_rng(0).standard_normal((3, 4, 5, 5)).astype(np.float32)
    newest = run(onnx_model(net, weights, opset=OPSETS[-1]), {"x": x})
    found = run(model, {"x": x})
    assert found.keys() == newest.keys()
    for name, array in found.items():
        assert array == pytest.approx(newest[name], rel=1e-5)


@pytest.mark.parametrize("opset", [OPSETS[0], OPSETS[-1]])
@pytest.mark.parametrize("size", [(5, 5), (6, 9), (7, 8), (12, 4)])
@pytest.mark.parametrize(
    "window",
    [
        "kernel_size: 3 stride: 2",
        "kernel_size: 3 stride: 2 pad: 1",
        "kernel_size: 2 stride: 3 pad: 1",
        "kernel_h: 4 kernel_w: 3 stride: 3 pad_h: 0 pad_w: 2",
    ],
)
def test_a_mean_of_images_of_any_size_is_caffes_in_every_opset(opset: int, size: tuple[int, int], window: str) -> None:
    net = net_of(f'input "x" [1, 2, 8, 8] layer "y" Pooling {{ pool: AVE {window} }}')
    x = np.random.default_rng(0).standard_normal((1, 2, *size)).astype(np.float32)
    found = run(onnx_model(net, dynamic=("H", "W"), opset=opset), {"x": x})["y"]
    assert found == pytest.approx(lower(net)(x=x)["y"].numpy(), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("wrong", [{"opset": 12}, {"dynamic": ("C",)}])
def test_wrong_settings_are_the_callers_mistake(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"is not|are among"):
        onnx_model(net_of(IN_PLACE), **wrong)  # type: ignore[arg-type]


def test_a_model_loads_in_the_reference_evaluator() -> None:
    from onnx.reference import ReferenceEvaluator

    model = onnx_model(net_of(IN_PLACE))
    x = np.random.default_rng(1).standard_normal((2, 2, 6, 6)).astype(np.float32)
    (wanted,) = ReferenceEvaluator(model).run(None, {"data": x})
    assert run(model, {"data": x})["ip"] == pytest.approx(wanted, rel=1e-4, abs=1e-5)
