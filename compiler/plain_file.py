"""Files that other files name: plain ones alone, for a pipe may never end, and a device neither."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

LARGEST = 2**31 - 1
"""Bytes of a file that is read whole, such as an image's."""


def open_plain(path: str | Path) -> BinaryIO:
    """A plain file for reading, wherever links lead.

    Raises:
        OSError: if it can't be opened, or is a folder, a pipe or a device; nobody waits for one.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:  # a zero byte
        raise OSError(f"its name has an {error}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("it is no file, but a folder, a pipe or a device")
    return open(descriptor, "rb")


def read_plain(path: str | Path) -> bytes:
    """A plain file's bytes.

    Raises:
        OSError: as ``open_plain`` does, or if there are more than ``LARGEST``.
    """
    with open_plain(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > LARGEST:
            raise OSError(f"it has {size:,} bytes, more than are read at once")
        return file.read()
