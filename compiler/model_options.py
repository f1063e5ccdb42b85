"""How a net may become an ONNX model: known without onnx, and without a net, which take time to load."""

from collections.abc import Sequence

OPSETS = range(19, 25)
"""Versions of ONNX's operators: 19 is the first whose AveragePool counts as Caffe does."""
OPSET = OPSETS[0]
"""The oldest that will do, so that every runtime of the last years reads it."""

AXES = {"N": "batch", "H": "height", "W": "width"}
"""The axes of inputs that may be free, by their letters."""


def axes_of(said: str | Sequence[str]) -> tuple[str, ...]:
    """Free axes by their letters: from a list, or from a text such as ``N,H,W``, or ``none``."""
    if not isinstance(said, str):
        return tuple(said)
    return () if said == "none" else tuple(said.upper().replace(",", ""))
