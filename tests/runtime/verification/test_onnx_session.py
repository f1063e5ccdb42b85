"""ONNX Runtime's own failures are mistakes in words."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from netdef.compiler.net_error import NetError
from netdef.runtime.verification.onnx_session import open_session
from tests.nets import net_of

NET = net_of('input "data" [2, 3, 7, 5] layer "top" ReLU { top: "top" }')


def written(path: Path, kind: str, **attributes: float) -> Path:
    """A model of one operator, which keeps to ONNX's rules."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 3, None, 5]) for name in ("data", "top")]
    graph = helper.make_graph([helper.make_node(kind, ["data"], ["top"], **attributes)], "one", ends[:1], ends[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9), path)
    return path


def test_it_runs_a_model(tmp_path: Path) -> None:
    data = np.asarray([[-1, 2]] * 3 * 7 * 5, np.float32).reshape(2, 3, 7, 5)
    found = open_session(NET, written(tmp_path / "a.onnx", "Relu"))({"data": data})["top"]
    np.testing.assert_array_equal(found, np.maximum(data, 0))


def test_what_it_can_not_read(tmp_path: Path) -> None:
    with pytest.raises(NetError) as refused:
        open_session(NET, written(tmp_path / "a.onnx", "LRN", size=3, alpha=0.0))
    (said,) = refused.value.report
    assert said.code == "N1015"
    assert "alpha_ > 0.0f was false" in said.message
    assert "onnxruntime_src" not in said.message


def test_what_it_can_not_run(tmp_path: Path) -> None:
    run = open_session(NET, written(tmp_path / "a.onnx", "Relu"))
    with pytest.raises(NetError, match="N1015"):
        run({"data": np.zeros((2, 4, 7, 5), np.float32)})
