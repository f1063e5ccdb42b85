"""Where a model's numbers come from: the weights that are given, and fillers for the rest."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from netdef.compiler.diagnostics import Diagnostic, Report, Severity
from netdef.compiler.net.net import Net
from netdef.compiler.onnx.graph import Array
from netdef.compiler.weights.fillers import fill
from netdef.compiler.weights.match import match

Weights = Mapping[str, Sequence[Array]]
"""Stored blobs by layer, in the order of the ``.caffemodel``."""

NUM_NAMED = 5
"""Layers that a warning names before it counts."""


class Stored(NamedTuple):
    """A model's numbers.

    numbers  those of a weight, by the layer that owns it and its place there
    origin   in words, for the model's metadata
    report   warnings: what was made up, and what was given for nothing
    """

    numbers: Callable[[str, int], Array]
    origin: str
    report: Report


def stored(net: Net, weights: Weights | None, seed: int, origin: str) -> Stored:
    """The numbers of a net's weights.

    Raises:
        NetError: where given ones don't fit the net.
    """
    matched = match(net, weights or {})
    declared = {(node.name, i): own.weight for node in net.nodes for i, own in enumerate(node.weights)}

    def numbers(layer: str, index: int) -> Array:
        found: Any = matched.arrays.get((layer, index))
        return fill(declared[layer, index], (layer, index), seed) if found is None else found

    filled = f"seeded fillers, seed {seed}"
    report = Report()
    if not net.params:
        origin = "none: the net has no weights"
    elif weights is None:
        origin = filled
        message = f"no weights given: the model's numbers are made up by the net's fillers (seed {seed})"
        report.add(Diagnostic("N804", message, help="--weights FILE", severity=Severity.WARNING))
    else:
        origin = origin or "given by the caller"
        if matched.missing:
            origin += f"; {filled}, for {', '.join(matched.missing)}"
            message = f"made up by fillers, because the weights lack them: {_names(matched.missing)}"
            report.add(Diagnostic("N804", message, severity=Severity.WARNING))
        if matched.unused:
            message = f"weights for layers that the net does not have: {_names(matched.unused)}"
            report.add(Diagnostic("N804", message, severity=Severity.WARNING))
    return Stored(numbers, origin, report)


def _names(layers: Sequence[str]) -> str:
    more = f", and {len(layers) - NUM_NAMED} more" if len(layers) > NUM_NAMED else ""
    return ", ".join(layers[:NUM_NAMED]) + more
