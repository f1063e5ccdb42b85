"""Databases, LMDB or LevelDB, in which Caffe's tools write Datums: keys in their order, and the bytes of each."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakValueDictionary

from netdef.compiler.data_files.lmdb import DATA, Lmdb
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.extras import require
from netdef.compiler.net_error import NetError


class Database(Protocol):
    """An open database."""

    def items(self) -> Iterator[tuple[bytes, memoryview]]:
        """Keys and contents, in the order of the keys; a content is gone once the next is asked for."""

    def get(self, key: bytes) -> memoryview:
        """The content of a key; empty if there is none."""


class LevelDb:
    """Files that only one process may open, and a log that it writes beside them; its children read by its handle."""

    def __init__(self, path: Path) -> None:
        require(f"the database {path}", "leveldb")
        import plyvel

        self._path = path
        self._mistake: type[Exception] = plyvel.Error
        try:
            self._database = plyvel.DB(str(path), create_if_missing=False)
        except (plyvel.Error, OSError) as error:
            raise _unreadable(path, "a LevelDB", error) from None

    def items(self) -> Iterator[tuple[bytes, memoryview]]:
        """Keys and contents, in the order of the keys."""
        try:
            with self._database.iterator(verify_checksums=True) as found:
                for key, content in found:
                    yield key, memoryview(content)
        except (self._mistake, OSError) as error:
            raise _unreadable(self._path, "a LevelDB", error) from None

    def get(self, key: bytes) -> memoryview:
        """The content of a key; empty if there is none."""
        try:
            return memoryview(self._database.get(key, b"", verify_checksums=True))
        except (self._mistake, OSError) as error:
            raise _unreadable(self._path, "a LevelDB", error) from None


KINDS: dict[str, type[Lmdb] | type[LevelDb]] = {DATA: Lmdb, "CURRENT": LevelDb}
"""By a file that only such a database has; an LMDB may be a single file too."""
_OPEN: WeakValueDictionary[str, Any] = WeakValueDictionary()
"""Databases that are open in this process, by path: it may have each only once."""


def is_database(path: Path) -> bool:
    """Whether a folder is one."""
    return any((path / name).is_file() for name in KINDS)


def open_database(path: Path) -> Database:
    """A database for reading, of whichever kind it is."""
    kind = next((kind for name, kind in KINDS.items() if (path / name).is_file()), Lmdb)
    if path.is_dir() and not is_database(path):
        message = f"{path} is no database: neither an LMDB's data.mdb nor a LevelDB's CURRENT is in it"
        raise NetError(Diagnostic("N772", message, help="Caffe's convert_imageset makes one"))
    key = os.path.realpath(path)
    database: Database | None = _OPEN.get(key)
    if database is None:
        database = _OPEN[key] = kind(path)
    return database


def _unreadable(path: Path, kind: str, error: Exception) -> NetError:
    message = f"{path} can't be read as {kind}: {error}"
    return NetError(Diagnostic("N772", message, help="copy it anew, or make it anew"))
