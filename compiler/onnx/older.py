"""What operators are in older opsets: rules say them as the newest has them, and here they become the model's.

opset 18  reductions take their axes as an input, Split the number of its outputs
opset 15  Shape takes a range of axes
"""

from typing import Any, NamedTuple

_REDUCTIONS = frozenset(
    {
        "ReduceL1",
        "ReduceL2",
        "ReduceLogSum",
        "ReduceLogSumExp",
        "ReduceMax",
        "ReduceMean",
        "ReduceMin",
        "ReduceProd",
        "ReduceSumSquare",
    }
)
"""ReduceSum is not among them: its axes are an input from 13 on."""


class Said(NamedTuple):
    """An operator as an opset has it.

    axes      the input that holds the axes of a reduction, which become an attribute; empty if there is none
    between   of a Shape, the range of axes that a Slice must take of it; None if it takes all
    """

    attributes: dict[str, Any]
    axes: str = ""
    between: tuple[int, int] | None = None


def said_in(opset: int, kind: str, inputs: tuple[str, ...], attributes: dict[str, Any]) -> Said:
    """How an opset says an operator."""
    if opset < 18 and kind in _REDUCTIONS and len(inputs) == 2:
        return Said(attributes, axes=inputs[1])
    if opset < 18 and kind == "Split":
        return Said({name: value for name, value in attributes.items() if name != "num_outputs"})
    if opset < 15 and kind == "Shape" and attributes:
        return Said({}, between=(attributes.get("start", 0), attributes.get("end", _ALL)))
    return Said(attributes)


_ALL = 2**31 - 1
"""Behind the last of all axes."""
