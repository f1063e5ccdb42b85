"""netdef: a compiler for network definitions.

The names below are loaded when they are first used, so that ``import netdef`` costs nothing and a summary never
loads torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdef.compiler.dense import dense as dense
    from netdef.compiler.diagnostics import NetError as NetError
    from netdef.compiler.load import load as load
    from netdef.compiler.net import Net as Net
    from netdef.compiler.onnx import onnx_model as onnx_model
    from netdef.compiler.weights import read_weights as read_weights
    from netdef.compiler.weights import write_weights as write_weights
    from netdef.runtime import module as module

_HOMES = {
    "Net": "netdef.compiler.net",
    "NetError": "netdef.compiler.diagnostics",
    "dense": "netdef.compiler.dense",
    "load": "netdef.compiler.load",
    "module": "netdef.runtime",
    "onnx_model": "netdef.compiler.onnx",
    "read_weights": "netdef.compiler.weights",
    "write_weights": "netdef.compiler.weights",
}
"""Where each public name lives."""

__all__ = ["Net", "NetError", "dense", "load", "module", "onnx_model", "read_weights", "write_weights"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'netdef' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
