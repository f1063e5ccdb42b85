"""HDF5 files as Caffe's HDF5Data layer reads them: blobs by name, a row for each sample, of any shape."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.extras import require
from netdef.compiler.net_error import NetError

_FAULTS = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError)
"""What h5py raises where a file is damaged."""


class Piece(NamedTuple):
    """One file: how many rows it has, and the shape of a row of each blob."""

    num_rows: int
    shapes: tuple[tuple[int, ...], ...]


def open_hdf5(path: Path) -> Any:
    """An HDF5 file for reading.

    Raises:
        NetError: N010 without h5py; N773 if it can't be read.
    """
    require(f"the HDF5 file {path}", "h5py")
    import h5py

    try:
        return h5py.File(path, "r")
    except _FAULTS as error:
        raise _unreadable(path, error) from None


def piece_of(path: Path, file: Any, names: Sequence[str]) -> Piece:
    """An open file's rows, of which only the heads are read.

    Raises:
        NetError: N773 where it lacks a blob, blobs have different numbers of rows, or it is damaged.
    """
    try:
        shapes = {name: _shape(file, name) for name in names}
        known = ", ".join(file)
    except _FAULTS as error:
        raise _unreadable(path, error) from None
    for name, shape in shapes.items():
        if not shape:
            help = f"it has {known}; the layer's tops say which are read"
            raise NetError(Diagnostic("N773", f"{path} has no rows called {name}", help=help))
    rows = [shape[0] for shape in shapes.values()]
    if len(set(rows)) > 1:
        said = ", ".join(f"{name} {num:,}" for name, num in zip(names, rows, strict=True))
        raise NetError(Diagnostic("N773", f"blobs of {path} have different numbers of rows: {said}"))
    return Piece(rows[0], tuple(shape[1:] for shape in shapes.values()))


def read_piece(path: Path, names: Sequence[str]) -> Piece:
    """A file's rows; raises as the two above do."""
    with open_hdf5(path) as file:
        return piece_of(path, file, names)


def _shape(file: Any, name: str) -> tuple[int, ...]:
    """The shape of a blob, rows first; empty if there is none of the name in this very file."""
    import h5py

    link = file.get(name, getlink=True)
    if link is None or isinstance(link, h5py.ExternalLink):  # what it leads to is another file's, and anybody's
        return ()
    return tuple(getattr(file[name], "shape", None) or ())


def _unreadable(path: Path, error: Exception) -> NetError:
    return NetError(Diagnostic("N773", f"{path} can't be read as HDF5: {error}"))
