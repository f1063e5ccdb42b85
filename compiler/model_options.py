"""How a net may become an ONNX model: known without onnx, and without a net, which take time to load."""

from collections.abc import Sequence

OPSETS = range(13, 25)
"""Versions of ONNX's operators: from the first whose soft-max knows its axis to the newest that ONNX Runtime reads."""
OPSET = 17
"""Old enough for every runtime of the last years and the tools that deploy models."""

AXES = {"N": "batch", "H": "height", "W": "width"}
"""The axes of inputs that may be free, by their letters."""


def axes_of(said: str | Sequence[str]) -> tuple[str, ...]:
    """Free axes by their letters: from a list, or from a text such as ``N,H,W``, or ``none``."""
    if not isinstance(said, str):
        return tuple(said)
    return () if said == "none" else tuple(said.upper().replace(",", ""))
