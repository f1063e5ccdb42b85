"""Nets from text, and models run by ONNX Runtime."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

import netdef
from netdef.compiler.net.net import Net

Array = NDArray[np.float32]


@pytest.fixture(scope="session")
def net_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Net]:
    """Make a checked net of a text."""
    file = tmp_path_factory.mktemp("nets") / "test.net"

    def make(text: str, phase: str = "TEST") -> Net:
        file.write_text(text, encoding="utf-8")
        return netdef.load(file, phase=phase)

    return make


@pytest.fixture(scope="session")
def run() -> Callable[..., dict[str, Array]]:
    """Run a model in ONNX Runtime: outputs by name."""

    def runs(model: onnx.ModelProto | str, inputs: Mapping[str, Any]) -> dict[str, Array]:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        data = model if isinstance(model, str) else model.SerializeToString()
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        blobs = {i.name: i.name.split("@")[0] for i in session.get_inputs()}  # an input that is changed in place is x@x
        wanted = {name: np.asarray(inputs[blob], np.float32) for name, blob in blobs.items()}
        return dict(zip(names, session.run(names, wanted), strict=True))

    return runs
