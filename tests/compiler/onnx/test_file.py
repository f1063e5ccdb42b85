"""A model written weight by weight is the model."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from netdef.compiler.onnx import onnx_model, save_model
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
    assert [d.code for d in saved.report] == ["N804"]


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


def test_weights_in_another_layout_or_precision(tmp_path: Path) -> None:
    net = net_of('input "x" [1, 3] layer "ip" InnerProduct { num_output: 4 }')
    weight = np.asfortranarray(np.arange(12, dtype=np.float64).reshape(4, 3))
    save_model(net, tmp_path / "m.onnx", {"ip": [weight, np.zeros(4, ">f4")]})
    stored = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(tmp_path / "m.onnx").graph.initializer}
    assert (stored["ip/0"] == weight).all()
