"""The formats of files that hold named arrays, by suffix: weights are kept in them, and whatever else is arrays."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

from netdef.compiler.weights.dtypes import NUMBERS, NUMPYS_OWN
from netdef.compiler.weights.formats.archive import Archive
from netdef.compiler.weights.formats.npz import read_npz, write_npz
from netdef.compiler.weights.formats.safetensors import read_safetensors, write_safetensors


class ArchiveFormat(NamedTuple):
    """A format of archives.

    read    gives a file's arrays, unread, and its texts; raises ``NetError`` if it is damaged
    write   writes a file; raises ``OSError`` if it can't
    dtypes  the kinds of numbers that it can hold
    """

    read: Callable[[Path], Archive]
    write: Callable[[Path, Archive], None]
    dtypes: Collection[str]


ARCHIVES = {
    ".npz": ArchiveFormat(read_npz, write_npz, NUMPYS_OWN),
    ".safetensors": ArchiveFormat(read_safetensors, write_safetensors, NUMBERS),
}
