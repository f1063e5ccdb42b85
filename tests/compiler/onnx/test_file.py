"""A model written weight by weight is the model."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from netdef.compiler.onnx import onnx_model, save_model
from netdef.compiler.weights.dtypes import dtype_named
from netdef.compiler.weights.formats.files import read_weights, write_weights
from netdef.compiler.weights.stored import BLOCK
from tests.nets import net_of
from tests.onnx_runtime import run

SMALL = """
    input "data" [1, 2, 6, 6]
    layer "conv" Convolution { num_output: 300 kernel_size: 1 weight_filler { type: "xavier" } }
    layer "bn" BatchNorm
    layer "scale" Scale { bias_term: true }
    layer "slope" PReLU { channel_shared: true }
    layer "ip" InnerProduct { num_output: 4 weight_filler { type: "gaussian" } }
"""


def test_one_file(tmp_path: Path) -> None:
    net = net_of(SMALL)
    saved = save_model(net, tmp_path / "m.onnx")
    assert saved.files == [tmp_path / "m.onnx"]
    assert onnx.load(tmp_path / "m.onnx") == onnx_model(net)
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]
    assert [d.code for d in saved.report] == ["N906"]


def test_external_data(tmp_path: Path) -> None:
    net = net_of(SMALL)
    saved = save_model(net, tmp_path / "m.onnx", largest=100)
    assert [path.name for path in saved.files] == ["m.onnx", "m.onnx.data"]
    tensors = onnx.load(saved.files[0], load_external_data=False).graph.initializer
    offsets = [int(entry.value) for t in tensors for entry in t.external_data if entry.key == "offset"]
    assert all(offset % 4096 == 0 for offset in offsets)
    assert len(set(offsets)) == len(offsets) > 1
    whole = onnx.load(saved.files[0])
    for ours, theirs in zip(whole.graph.initializer, onnx_model(net).graph.initializer, strict=True):
        assert (onnx.numpy_helper.to_array(ours) == onnx.numpy_helper.to_array(theirs)).all()
    x = np.random.default_rng(0).standard_normal((2, 2, 6, 6))
    assert (run(str(saved.files[0]), {"data": x})["ip"] == run(onnx_model(net), {"data": x})["ip"]).all()


def test_a_file_that_was_there_stays_until_the_new_one_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.onnx"
    path.write_text("old")

    def refuse(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("netdef.compiler.weights.complete.fill", refuse)
    with pytest.raises(MemoryError):
        save_model(net_of(SMALL), path)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.onnx"]


def test_a_device_is_written_to_and_not_replaced() -> None:
    save_model(net_of(SMALL), "/dev/null")
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("name", ["float64", "float16", "bfloat16", "float8_e4m3fn", "int64", "int8", "uint8", "bool"])
def test_weights_of_any_kind_become_float32_and_the_model_says_so(name: str, tmp_path: Path) -> None:
    net = net_of('input "x" [1, 3] layer "ip" InnerProduct { num_output: 4 }')
    weights = [(np.arange(size) / 3 + 1).astype(dtype_named(name)) for size in (12, 4)]
    given = {"ip": [weights[0].reshape(4, 3), weights[1]]}
    write_weights(tmp_path / "w.safetensors", given)
    saved = save_model(net, tmp_path / "m.onnx", read_weights(tmp_path / "w.safetensors"), origin="w.safetensors")
    model = onnx.load(tmp_path / "m.onnx")
    assert model == onnx_model(net, given, origin="w.safetensors")
    for tensor, expected in zip(model.graph.initializer, given["ip"], strict=True):
        np.testing.assert_array_equal(onnx.numpy_helper.to_array(tensor), expected.astype(np.float32), strict=True)
    props = {entry.key: entry.value for entry in model.metadata_props}
    assert props["netdef.weights"] == f"w.safetensors, in {name}"
    rounded = [f"{name} weights are rounded to float32: ip"] if name in ("float64", "int64") else []
    assert [diagnostic.message for diagnostic in saved.report] == rounded


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_large_weight_goes_from_file_to_file_without_a_copy_of_it(
    dtype: type[np.floating[Any]], tmp_path: Path
) -> None:
    net = net_of('input "x" [1, 4096] layer "ip" InnerProduct { num_output: 4096 bias_term: false }')
    write_weights(tmp_path / "w.safetensors", {"ip": [np.zeros((4096, 4096), dtype)]})
    weights = read_weights(tmp_path / "w.safetensors")
    save_model(net, tmp_path / "m.onnx", weights)
    tracemalloc.start()
    save_model(net, tmp_path / "m.onnx", weights)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * 4 * BLOCK, f"{4 * 4096**2:,} bytes were written"


def test_weights_in_another_layout_or_precision(tmp_path: Path) -> None:
    net = net_of('input "x" [1, 3] layer "ip" InnerProduct { num_output: 4 }')
    weight = np.asfortranarray(np.arange(12, dtype=np.float64).reshape(4, 3))
    save_model(net, tmp_path / "m.onnx", {"ip": [weight, np.zeros(4, ">f4")]})
    stored = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(tmp_path / "m.onnx").graph.initializer}
    assert (stored["ip/0"] == weight).all()
