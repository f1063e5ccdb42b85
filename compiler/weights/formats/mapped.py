"""A file's bytes as they lie on the disk, and what goes wrong with them as diagnostics."""

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.plain_file import open_plain
from netdef.compiler.schema.wire import Damaged


def mapped(path: Path) -> memoryview:
    """A file's bytes; pages are read when they are looked at."""
    with open_plain(path) as file:
        if not os.fstat(file.fileno()).st_size:
            raise Damaged("the file is empty")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


@contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Turn what goes wrong with a file into diagnostics; ``kind`` is what it ought to be, such as "a mean file"."""
    try:
        yield
    except OSError as error:
        raise NetError(Diagnostic("N911", f"{path} can't be read: {error.strerror or error}")) from None
    except Damaged as damage:
        message = f"{path} is damaged, or not {kind}: {damage}"
        raise NetError(Diagnostic("N911", message, help="was it copied whole? compare its size or checksum")) from None
