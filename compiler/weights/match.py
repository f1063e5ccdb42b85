"""How weights meet a net: by layer name, in the order of the ``.caffemodel``."""

from collections.abc import Iterator, Sequence
from math import isqrt, prod
from typing import NamedTuple

from netdef.compiler.analysis.other_inputs import other_input
from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.net.net import Net, Node
from netdef.compiler.net.weight_key import WeightKey
from netdef.compiler.net_error import stop_on_errors
from netdef.compiler.override import override
from netdef.compiler.shape import product, show
from netdef.compiler.weights.dtypes import NUMBERS
from netdef.compiler.weights.stored import StoredArray, Weights, need_weights, stored_arrays


class Matched(NamedTuple):
    """Weights that fit a net, and what came of the rest.

    arrays     by owner, under the owner's shape
    loaded     layers of the net that were found
    missing    layers of the net that were not, and keep what they have
    unused     layers that the net does not have
    """

    arrays: dict[WeightKey, StoredArray]
    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    unused: tuple[str, ...]

    @override
    def __repr__(self) -> str:
        counts = {"loaded": self.loaded, "missing": self.missing, "unused": self.unused}
        said = (f"{len(layers)} {word} ({_first(layers)})" for word, layers in counts.items() if layers)
        return f"<Matched layers: {', '.join(said) or 'none'}>"


_MOST_NAMED = 3


def _first(layers: Sequence[str]) -> str:
    return ", ".join((*layers[:_MOST_NAMED], *["..."] * (len(layers) > _MOST_NAMED)))


def match(net: Net, weights: Weights) -> Matched:
    """Weights for a net's layers, by name; what they are is looked at, and their numbers are not read.

    Raises:
        NetError: with every layer whose weights have another number or other shapes.
        UsageError: if they aren't weights by layer.
    """
    need_weights(weights)
    report = Report()
    shapes = {WeightKey(node.name, i): w.weight.shape for node in net.nodes for i, w in enumerate(node.weights)}
    arrays: dict[WeightKey, StoredArray] = {}
    for node in net.nodes:
        if node.weights and node.name in weights:
            given = stored_arrays(weights[node.name])
            for own, array in zip(node.weights, given, strict=False):
                if fits(node, own.weight.shape, array.shape):
                    arrays[own.owner] = array.reshaped(shapes[own.owner])
            report.extend(_mismatch(net, node, given))
    stop_on_errors(report)
    ours = dict.fromkeys(node.name for node in net.nodes if node.weights)
    return Matched(
        arrays,
        loaded=tuple(name for name in ours if name in weights),
        missing=tuple(name for name in ours if name not in weights),
        unused=tuple(name for name, own in weights.items() if name not in ours and len(own)),
    )


def fits(node: Node, shape: tuple[int, ...], given: tuple[int, ...]) -> bool:
    """Whether an array of the shape ``given`` holds a weight.

    Old files have four axes always, the first of them 1: (1, 1, 1, N) and (1, 1, N, K). And an InnerProduct holds the
    same numbers as a convolution by a window as large as its bottom.
    """
    if given == shape or (len(given) == 4 and given == (1,) * (4 - len(shape)) + shape):
        return True
    if len(given) == 4 and given[:2] == (1, 1):
        given = given[2:]
    flat, window = sorted((shape, given), key=len)
    return (
        node.layer.weight_is_kernel and len(flat) == 2 and len(window) == 4 and flat == (window[0], product(window[1:]))
    )


def _mismatch(net: Net, node: Node, given: Sequence[StoredArray]) -> list[Diagnostic]:
    at = Label(node.at)
    wanted = [own.weight for own in node.weights]
    help = "weights go by the layer's name: another name makes it start from its fillers"
    if len(given) != len(wanted):
        names = ", ".join(weight.name for weight in wanted)
        message = f"{node.name} has {counted(len(wanted), 'weight')} ({names}); given: {len(given)}"
        return [Diagnostic("N901", message, at, help=help)]
    found: list[Diagnostic] = []
    for weight, array in zip(wanted, given, strict=True):
        if not fits(node, weight.shape, array.shape):
            message = f"the {weight.name} of {node.name} is {show(weight.shape)}, and {show(array.shape)} is given"
            notes, own_help = ((), None) if found else _trained_otherwise(net, node, array.shape)
            found.append(Diagnostic("N902", message, at, notes=notes, help=own_help or help, subject=weight.name))
        elif array.dtype.name not in NUMBERS:
            message = f"the {weight.name} of {node.name} is given as {array.dtype}, which no weight can be"
            found.append(Diagnostic("N902", message, at, help=help, subject=weight.name))
    return found


def _made_for(node: Node, given: tuple[int, ...]) -> Iterator[str]:
    """The rows and columns that an InnerProduct's weight was made for, where they are a square."""
    shape = node.bottoms[0].shape
    if node.layer.flattens and len(shape) == 4 and isinstance(shape[1], int):
        num, rest = divmod(prod(given[1:]), shape[1])
        if not rest and (side := isqrt(num)) ** 2 == num:
            yield f"{node.name} was made for {side}x{side}, and gets {show(shape[2:])} here"


def _trained_otherwise(net: Net, node: Node, given: tuple[int, ...]) -> tuple[tuple[str, ...], str | None]:
    """What weights of another shape tell of the images that they were trained on, and what to do about it."""
    other = other_input(net, node, given, lambda shape: fits(node, shape, given))
    if other is None:
        return (), None
    made_for = () if node.bottoms[0].name == other.blob else _made_for(node, given)
    notes = (*made_for, f"the weights are for {other.what}")
    help = f"--size {other.blob}={'x'.join(map(str, other.shape))}"
    if not other.by_size:
        channels, height, width = other.shape[1:]
        help = f"let the data layer of {other.blob} give images of {channels}x{height}x{width}"
    return notes, f"{help}; or --dense, for images of any size" if other.dense and node.layer.flattens else help
