"""netdef: a compiler for network definitions.

The names below are loaded when they are first used, so that ``import netdef`` costs nothing and a summary never
loads torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdef.compiler.diagnostics import NetError as NetError
    from netdef.compiler.load import load as load

_HOMES = {
    "NetError": "netdef.compiler.diagnostics",
    "load": "netdef.compiler.load",
}
"""Where each public name lives."""

__all__ = ["NetError", "load"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'netdef' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
