"""HDF5 files as Caffe's HDF5Data layer reads them: blobs by name, a row for each sample, of any shape."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.extras import require
from netdef.compiler.net_error import NetError

_FAULTS = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, MemoryError)
"""What h5py raises where a file is damaged."""
_MOST_UNPACKED = 1032
"""Bytes that one byte can unpack to: zlib's best. What is said to be more is made up, and would only take memory."""
_FEW_BYTES = 2**28
"""What is read in any case: HDF5 stores nothing of a blob that was never written."""


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


def rows_of(path: Path, file: Any, name: str, numbers: Any) -> Any:
    """Some rows of an open file's blob, as an array.

    Raises:
        NetError: N773 where they are damaged.
    """
    try:
        return file[name][numbers]
    except _FAULTS as error:
        raise _unreadable(path, error) from None


def _shape(file: Any, name: str) -> tuple[int, ...]:
    """The shape of a blob, rows first; empty if there is none of the name in this very file.

    What links, external storage and virtual blobs lead to is another file's, and anybody's.
    """
    import h5py

    link = file.get(name, getlink=True)
    if link is None or isinstance(link, h5py.ExternalLink):
        return ()
    blob = file[name]
    shape = tuple(getattr(blob, "shape", None) or ())
    if not shape:
        return ()
    if blob.file.id != file.id or blob.is_virtual or blob.external:
        raise ValueError(f"the numbers of {name} are not in this file, but in another that it names")
    if blob.dtype.kind not in "biuf":
        raise ValueError(f"{name} holds no numbers, but {blob.dtype}")
    if blob.nbytes > max(_FEW_BYTES, _MOST_UNPACKED * blob.id.get_storage_size()):
        raise ValueError(f"{name} is said to have {blob.nbytes:,} bytes, and {blob.id.get_storage_size():,} are there")
    return shape


def _unreadable(path: Path, error: Exception) -> NetError:
    return NetError(Diagnostic("N773", f"{path} can't be read as HDF5: {error}", help="copy it anew, or make it anew"))
