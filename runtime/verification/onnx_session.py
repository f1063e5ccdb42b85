"""A model in ONNX Runtime; what that can't read or run is a mistake, in its own words."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.memory import out_of_memory
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.runtime.verification.random_inputs import Arrays

_FAILURES = tuple(found for found in vars(runtime).values() if isinstance(found, type) and issubclass(found, Exception))
"""ONNX Runtime's exceptions, which have no common base of their own."""


def open_session(net: Net, path: Path) -> Callable[[Arrays], Arrays]:
    """A model as a function from the net's inputs to the model's outputs, by name.

    Raises:
        NetError: where ONNX Runtime can't read it, and when it is called, where it can't run it.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what fails is said by its exception
    with _failures_said():
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    blobs = {top.id: top.name for node in net.nodes if node.layer.fed for top in node.tops}

    def run(inputs: Arrays) -> Arrays:
        fed = {own.name: inputs[blobs[own.name]] for own in session.get_inputs()}
        with _failures_said():
            return dict(zip(names, session.run(names, fed), strict=True))

    return run


@contextmanager
def _failures_said() -> Iterator[None]:
    try:
        yield
    except _FAILURES as failure:
        no_memory = out_of_memory(failure)
        if no_memory is not None:
            raise NetError(no_memory) from None
        message = f"ONNX Runtime can't run the model: {_reason(str(failure))}"
        help = "the model keeps to ONNX's rules, and another runtime may run it; netdef export writes it"
        raise NetError(Diagnostic("N1015", message, help=help)) from None


def _reason(said: str) -> str:
    """``[ONNXRuntimeError] : 1 : FAIL : Exception during initialization: /onnxruntime_src/...`` without such heads."""
    *_, reason = said.split(" : ", 3)
    return re.sub(r"/\S+:\d+ ", "", reason.strip().splitlines()[0])
