"""Weights in files, and how they meet a net: by layer name, in the order of the ``.caffemodel``."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netdef.compiler.atomic import write_whole
from netdef.compiler.diagnostics import Diagnostic, Label, Report
from netdef.compiler.extras import extras_named
from netdef.compiler.layers.convolution import Convolution
from netdef.compiler.layers.inner_product import InnerProduct
from netdef.compiler.net.net import Net, Node
from netdef.compiler.net_error import NetError, stop_on_errors
from netdef.compiler.shape import product, show
from netdef.compiler.weights.formats.caffemodel import read_caffemodel

if TYPE_CHECKING:
    from numpy import float32, generic
    from numpy.typing import NDArray

    Weights = Mapping[str, Sequence[NDArray[generic]]]

Key = tuple[str, int]
"""A weight: its layer's name, and its place there."""


# ---- files
@extras_named("reading weights")
def read_weights(path: str | os.PathLike[str]) -> "dict[str, list[NDArray[float32]]]":
    """The weights in a file, by layer; its suffix says what it is.

    Raises:
        NetError: if it can't be read.
    """
    path = Path(path)
    if not path.exists():
        raise NetError(Diagnostic("N756", f"there are no weights {path}: there is no such file or folder"))
    read = _format(path, {".caffemodel": read_caffemodel, ".safetensors": _read_safetensors, ".npz": _read_npz}, "read")
    try:
        layers = read(path)
    except (NetError, ModuleNotFoundError):
        raise
    except Exception as error:  # a damaged file makes the libraries raise almost anything
        raise NetError(Diagnostic("N756", f"the weights {path} can't be read: {error}")) from None
    return {layer: [array.astype("float32", copy=False) for array in own] for layer, own in layers.items()}


@extras_named("writing weights")
def write_weights(path: str | os.PathLike[str], weights: "Weights") -> None:
    """Write weights by layer; the suffix says how. The file is there whole or not at all.

    Raises:
        NetError: if that is no suffix of ours, or the file can't be written.
    """
    path = Path(path)
    write = _format(path, {".safetensors": _write_safetensors, ".npz": _write_npz}, "written")
    arrays = {f"{layer}/{index}": array for layer, own in weights.items() for index, array in enumerate(own)}
    try:
        write_whole(path, lambda unfinished: write(unfinished, arrays))
    except OSError as error:
        raise NetError(Diagnostic("N756", f"{path} can't be written: {error.strerror or error}")) from None


def _format(path: Path, known: Mapping[str, Callable[..., Any]], done: str) -> Callable[..., Any]:
    if path.suffix in known:
        return known[path.suffix]
    message = f"{path}: weights with this suffix are not {done} yet"
    raise NetError(Diagnostic("N755", message, help=f"known: {', '.join(known)}"))


def _by_layer(path: Path, arrays: "Mapping[str, NDArray[generic]]") -> "dict[str, list[NDArray[generic]]]":
    """Arrays with names such as ``conv1/0``, by layer."""
    layers: dict[str, dict[int, NDArray[generic]]] = {}
    for key, array in arrays.items():
        layer, slash, index = key.rpartition("/")
        if not slash or not index.isdecimal():
            message = f'{path} has an array "{key}", and should have names such as "conv1/0"'
            help = "the layer's name, a slash, and the place of the weight in the layer, from 0"
            raise NetError(Diagnostic("N756", message, help=help))
        layers.setdefault(layer, {})[int(index)] = array
    for layer, found in layers.items():
        if missing := set(range(len(found))) - set(found):
            message = f"{path} has {len(found)} arrays for {layer}, but none called {layer}/{min(missing)}"
            raise NetError(Diagnostic("N756", message))
    return {layer: [found[index] for index in range(len(found))] for layer, found in layers.items()}


_KINDS = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}
"""safetensors' words for the kinds of numbers that weights may be."""


def _read_safetensors(path: Path) -> "dict[str, list[NDArray[generic]]]":
    """Arrays that are views of the file, mapped: safetensors' own numpy reader copies them."""
    import json

    from numpy import memmap
    from safetensors import safe_open

    with safe_open(path, "numpy"):  # which checks the header and all offsets
        pass
    data = memmap(path, mode="r")
    start = 8 + int.from_bytes(data[:8].tobytes(), "little")
    arrays = {}
    for key, entry in json.loads(data[8:start].tobytes()).items():
        if key == "__metadata__":
            continue
        if entry["dtype"] not in _KINDS:
            raise ValueError(f"{key} holds {entry['dtype']}, and weights are {', '.join(_KINDS)}")
        first, last = entry["data_offsets"]
        arrays[key] = data[start + first : start + last].view(_KINDS[entry["dtype"]]).reshape(entry["shape"])
    return _by_layer(path, arrays)


def _write_safetensors(path: Path, arrays: "Mapping[str, NDArray[generic]]") -> None:
    from numpy import require
    from safetensors.numpy import save_file

    save_file({key: require(array, requirements="C") for key, array in arrays.items()}, path)


def _read_npz(path: Path) -> "dict[str, list[NDArray[generic]]]":
    from numpy import load

    with load(path, allow_pickle=False) as arrays:
        return _by_layer(path, dict(arrays))


def _write_npz(path: Path, arrays: "Mapping[str, NDArray[generic]]") -> None:
    from numpy import savez

    savez(path, allow_pickle=False, **arrays)


# ---- weights and a net
class Matched(NamedTuple):
    """Weights that fit a net, and what came of the rest.

    arrays     by owner, under the owner's shape
    loaded     layers of the net that were found
    missing    layers of the net that were not, and keep what they have
    unused     layers that the net does not have
    """

    arrays: "dict[Key, NDArray[generic]]"
    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    unused: tuple[str, ...]


def match(net: Net, weights: "Weights") -> Matched:
    """Weights for a net's layers, by name.

    Raises:
        NetError: with every layer whose weights have another number or other shapes.
    """
    report = Report()
    shapes = {(node.name, i): w.weight.shape for node in net.nodes for i, w in enumerate(node.weights)}
    arrays: dict[Key, NDArray[generic]] = {}
    for node in net.nodes:
        if node.weights and node.name in weights:
            given = weights[node.name]
            for own, array in zip(node.weights, given, strict=False):
                if fits(node, own.weight.shape, array.shape):
                    arrays[own.owner] = array.reshape(shapes[own.owner])
            report.extend(_mismatch(node, [array.shape for array in given]))
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
    of_a_kind = isinstance(node.layer, Convolution) or (
        isinstance(node.layer, InnerProduct) and not node.layer.transpose
    )
    return of_a_kind and len(flat) == 2 and len(window) == 4 and flat == (window[0], product(window[1:]))


def _mismatch(node: Node, given: "Sequence[tuple[int, ...]]") -> list[Diagnostic]:
    at = Label(node.at)
    wanted = [own.weight for own in node.weights]
    help = "weights go by the layer's name: another name makes it start from its fillers"
    if len(given) != len(wanted):
        names = ", ".join(weight.name for weight in wanted)
        message = f"{node.name} has {len(wanted)} weights ({names}); given: {len(given)}"
        return [Diagnostic("N753", message, at, help=help)]
    messages = (
        f"the {weight.name} of {node.name} is {show(weight.shape)}, and {show(shape)} is given"
        for weight, shape in zip(wanted, given, strict=True)
        if not fits(node, weight.shape, shape)
    )
    return [Diagnostic("N754", message, at, help=help) for message in messages]
