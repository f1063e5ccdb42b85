"""What a net can become, and what keeps it from that. A back end is imported when it is asked for."""

from netdef.compiler.diagnostics import Report
from netdef.compiler.extras import require
from netdef.compiler.net.net import Net

TARGETS = {"onnx": "onnx", "torch": "train"}
"""The back ends, and the extras that they need."""


def refusals(net: Net, target: str) -> Report:
    """All that a back end can't do of a sound net, each layer with its reason.

    Raises:
        NetError: N010 without the packages of its extra.
    """
    require(f"netdef check --target {target}", TARGETS[target])
    if target == "onnx":
        from netdef.compiler.onnx.model import refusals as of_target
    else:
        from netdef.runtime.lower_net import refusals as of_target
    return of_target(net)
