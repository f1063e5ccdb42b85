"""Weights in files: read and written by the suffix of the file's name, whatever the format."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from netdef.compiler.atomic import write_whole
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.extras import extras_named
from netdef.compiler.net.weight_key import WeightKey
from netdef.compiler.net_error import NetError
from netdef.compiler.solver_state import is_solver_state, solver_state
from netdef.compiler.weights.dtypes import NUMBERS
from netdef.compiler.weights.formats.run_folder import best_weights
from netdef.compiler.weights.formats.table import FOLDER, FORMATS
from netdef.compiler.weights.stored import LayerArrays, Weights, need_weights, stored_arrays


class NamedWeights(NamedTuple):
    """Weights, and where they come from: the file that has them, of a run's folder that of its best ones."""

    weights: Weights
    origin: str


def open_named(name: str) -> NamedWeights:
    """The weights in a file, or the best ones in a run's folder; mistakes as ``read_weights`` has them."""
    return NamedWeights(read_weights(name), str(best_weights(Path(name))))


@extras_named("reading weights")
def read_weights(path: str | os.PathLike[str]) -> dict[str, LayerArrays]:
    """The weights in a file, or the best ones in a run's folder: arrays by layer, in the order of the ``.caffemodel``.

    An array is read each time that it is asked for, under the dtype that it has in the file. Where it lies there as it
    is needed, it is a read-only view of the file, and takes no memory of its own.

    Raises:
        NetError: if there are none, or they can't be read.
    """
    path = Path(path)
    if is_solver_state(path.name):
        raise NetError(solver_state(str(path), "N903"))
    if not path.exists():
        raise NetError(Diagnostic("N904", f"there are no weights {path}: there is no such file or folder"))
    suffix = FOLDER if path.is_dir() else path.suffix
    readers = {format.suffix: format.read for format in FORMATS if format.read}
    if suffix not in readers:
        raise _unknown(path, "read", readers)
    weights = readers[suffix](path)
    _check_dtypes(path, weights, NUMBERS)
    return weights


@extras_named("writing weights")
def write_weights(path: str | os.PathLike[str], weights: Weights) -> None:
    """Write weights by layer, each under its own dtype; the file's suffix says how. It is there whole or not at all.

    Raises:
        NetError: if that is no suffix of ours, or the format can't hold such numbers, or the file can't be written.
    """
    need_weights(weights)
    path = Path(path)
    writers = {format.suffix: (format.write, format.dtypes) for format in FORMATS if format.write}
    if path.suffix not in writers:
        raise _unknown(path, "written", writers)
    write, dtypes = writers[path.suffix]
    _check_dtypes(path, weights, dtypes)
    try:
        write_whole(path, lambda unfinished: write(unfinished, weights))
    except OSError as error:
        raise NetError(Diagnostic("N904", f"{path} can't be written: {error.strerror or error}")) from None


def _unknown(path: Path, done: str, known: Iterable[str]) -> NetError:
    message = f"{path}: weights with this suffix are not {done}"
    names = ("a run's folder" if suffix == FOLDER else suffix for suffix in known)
    return NetError(Diagnostic("N903", message, help=f"known: {', '.join(names)}"))


def _check_dtypes(path: Path, weights: Weights, known: Iterable[str]) -> None:
    """Refuse what is no number, or none that the file can hold."""
    for layer, own in weights.items():
        for index, array in enumerate(stored_arrays(own)):
            if array.dtype.name not in known:
                message = f"{path}: {WeightKey(layer, index)} is of {array.dtype}, which can't be there"
                raise NetError(Diagnostic("N904", message, help=f"known: {', '.join(known)}"))
