"""LMDB databases of Datums, which Caffe's tools write."""

import os
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from netdef.compiler.diagnostics import Diagnostic, NetError
from netdef.compiler.override import override
from netdef.compiler.stored import Datum
from netdef.compiler.wire import Damaged, Record
from netdef.runtime.data.dataset import Picture
from netdef.runtime.data.folder import decoded
from netdef.runtime.data.kept import Kept
from netdef.runtime.data.per_process import PerProcess

_OPEN: WeakValueDictionary[str, Any] = WeakValueDictionary()
"""Environments that are open in this process, by path."""


class Datums(Kept):
    """The pictures of a database, in the order of their keys, which is Caffe's; classes are named by their numbers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = PerProcess(partial(open_database, path), survives_fork=True)
        self._keys: list[bytes] = []
        labels = []
        with self._database().begin() as transaction:
            for key, value in transaction.cursor():
                self._keys.append(bytes(key))
                labels.append(self._read(bytes(key), Record(memoryview(value), Datum.fields), "label"))
        if not labels:
            raise NetError(Diagnostic("N772", f"the database {path} is empty"))
        if min(labels) < 0:
            raise NetError(Diagnostic("N772", f"the database {path} has labels below 0: {min(labels)}"))
        super().__init__([str(number) for number in range(max(labels) + 1)], labels)

    @override
    def read(self, index: int) -> Picture:
        """One picture from its Datum."""
        key = self._keys[index]
        with self._database().begin(buffers=True) as transaction:
            datum = Record(memoryview(transaction.get(key, b"")), Datum.fields)
            size = tuple(self._read(key, datum, name) for name in ("height", "width", "channels"))
            data = self._read(key, datum, "data")
            if self._read(key, datum, "encoded"):
                return decoded(bytes(data), self._name(key))
            if datum.has("float_data") and not len(data):
                cure = "pictures are bytes here: write them into HDF5, and read them by an HDF5Data layer"
                raise NetError(Diagnostic("N772", f"{self._name(key)} has float_data, not bytes", help=cure))
            return _picture(bytes(data), size, self._name(key))

    def _read(self, key: bytes, datum: Record, field: str) -> Any:
        try:
            return datum.get(field)
        except Damaged as damage:
            raise NetError(Diagnostic("N772", f"{self._name(key)} is no Datum of Caffe's: {damage}")) from None

    def _name(self, key: bytes) -> str:
        return f"{self.path}, key {key.decode('utf-8', 'replace')}"


def _picture(data: bytes, size: tuple[int, ...], name: str) -> Picture:
    """Bytes (C, H, W), blue first, as a picture."""
    height, width, channels = size
    if min(size) < 1 or len(data) != height * width * channels:
        message = f"{name} is said to be {channels}x{height}x{width}, and has {len(data):,} bytes"
        raise NetError(Diagnostic("N772", message))
    planes = np.frombuffer(data, np.uint8).reshape(channels, height, width)
    return (planes[::-1] if channels == 3 else planes).transpose(1, 2, 0)


def open_database(path: Path) -> Any:
    """An LMDB environment for reading; a process may have each only once, and its children go on with theirs."""
    try:
        import lmdb  # an extra
    except ImportError:
        message = f"{path} is an LMDB, and the package lmdb is not installed"
        raise NetError(Diagnostic("N717", message, help="pip install 'netdef-compiler[lmdb]'")) from None
    if path.is_dir() and not (path / "data.mdb").is_file():
        message = f"{path} is no LMDB: there is no data.mdb in it"
        raise NetError(Diagnostic("N772", message, help="Caffe's convert_imageset makes one"))
    key = os.path.realpath(path)
    if (known := _OPEN.get(key)) is not None:
        return known
    try:
        # without locks nothing is written beside the data, and a child may read by its parent's handle
        environment = lmdb.open(key, readonly=True, lock=False, create=False, subdir=path.is_dir())
    except (lmdb.Error, OSError) as error:
        message = f"{path} can't be read as an LMDB: {error}"
        raise NetError(Diagnostic("N772", message, help="copy it anew, or make it anew")) from None
    _OPEN[key] = environment
    return environment
