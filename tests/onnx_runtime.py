"""Models run by ONNX Runtime."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray


def run(model: onnx.ModelProto | str, inputs: Mapping[str, Any]) -> dict[str, NDArray[np.float32]]:
    """Outputs by name; ``model`` may be a file's name."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    data = model if isinstance(model, str) else model.SerializeToString()
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    blobs = {i.name: i.name.split("@")[0] for i in session.get_inputs()}  # an input that is changed in place is x@x
    fed = {name: np.asarray(inputs[blob], np.float32) for name, blob in blobs.items()}
    return dict(zip(names, session.run(names, fed), strict=True))
