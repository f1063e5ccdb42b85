"""Where the data lie that a net's layers name."""

import os
from itertools import islice
from pathlib import Path

from netdef.compiler.plain_file import open_plain

_LONGEST_HEAD = 1 << 16
"""Bytes of a list in which its first entry must stand to be found."""


def found_file(name: str, home: Path) -> Path | None:
    """A file or folder that a layer names: from the working folder, as Caffe looks it up, or else from ``home``.

    ``home`` is the net's own folder. None if there is none.
    """
    return next((path for path in (Path(name), home / name) if name and os.path.exists(path)), None)


def image_path(name: str, listing: Path, root: str | None) -> str:
    """The image that a list names: under ``root``, or from the working folder, or else from the list's own folder."""
    if root is not None:
        return root + name  # Caffe joins them without a slash
    if os.path.isabs(name) or os.path.exists(name):
        return name
    beside = listing.parent / name
    return str(beside) if os.path.exists(beside) else name


def first_line(path: Path) -> str:
    """The first line of a text file that says something, as ``first_lines``; empty if there is none."""
    return next(iter(first_lines(path, 1)), "")


def first_lines(path: Path, num: int) -> list[str]:
    """The first lines of a text file that say something, ``num`` if there are as many, whatever the file's size.

    Raises:
        OSError: if it can't be read; what is no plain file, such as a pipe, is not waited for.
        UnicodeDecodeError: if one is no UTF-8.
    """
    with open_plain(path) as file:
        head = file.read(_LONGEST_HEAD)
    said = (line.strip() for line in head.splitlines() if line.strip())
    return [line.decode("utf-8") for line in islice(said, num)]
