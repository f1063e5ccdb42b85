"""A checked net as a PyTorch module: lowering, training, evaluation and data.

Law: imports ``netdef.compiler``; never ``netdef.commands``, and never torchvision.
"""

from typing import TYPE_CHECKING, Any

if __name__ != "netdef.runtime":  # under a second name every registry would exist twice
    raise ImportError("import netdef.runtime, not runtime")

if TYPE_CHECKING:
    from netdef.runtime.lower_net import lower as lower
    from netdef.runtime.module import NetModule as NetModule


def __getattr__(name: str) -> Any:
    """Load the module's side when it is asked for: recipes and data don't need it."""
    if name not in ("NetModule", "lower"):
        raise AttributeError(f"module 'netdef.runtime' has no attribute {name!r}")
    from netdef.runtime import lower_net

    return getattr(lower_net, name)
