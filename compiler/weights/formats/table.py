"""The formats that weights are read from and written in: what is added here, every command can read and write."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

from netdef.compiler.weights.by_layer import by_key, by_layer
from netdef.compiler.weights.dtypes import NUMBERS, NUMPYS_OWN
from netdef.compiler.weights.formats.caffemodel import read_caffemodel
from netdef.compiler.weights.formats.npz import read_npz, write_npz
from netdef.compiler.weights.formats.run_folder import best_weights
from netdef.compiler.weights.formats.safetensors import read_safetensors, write_safetensors
from netdef.compiler.weights.stored import LayerArrays, Weights


class Format(NamedTuple):
    """A format.

    suffix  of its files' names, or ``FOLDER``
    read    gives the weights by layer, their numbers unread; None if that isn't done yet
    write   writes weights; None if that isn't done yet
    dtypes  the kinds of numbers that it can hold
    """

    suffix: str
    read: Callable[[Path], dict[str, LayerArrays]] | None
    write: Callable[[Path, Weights], None] | None
    dtypes: Collection[str] = NUMBERS


FOLDER = "/"


def _read_safetensors(path: Path) -> dict[str, LayerArrays]:
    return by_layer(read_safetensors(path).arrays, path)


FORMATS = (
    Format(".caffemodel", read_caffemodel, None),
    Format(".safetensors", _read_safetensors, lambda path, weights: write_safetensors(path, by_key(weights))),
    Format(".npz", lambda path: by_layer(read_npz(path), path), lambda path, w: write_npz(path, by_key(w)), NUMPYS_OWN),
    Format(FOLDER, lambda folder: _read_safetensors(best_weights(folder)), None),
)
