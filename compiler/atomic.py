"""Files that are there whole or not at all, whenever the power goes."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from netdef.compiler.faults import come_to, die, dies_here

UNFINISHED = ".unfinished-"
"""The head of a file's name while it is written; its suffix stays, because writers choose a format by it."""
UMASK = os.umask(0)
"""Of this process, whose threads would meet it if it were asked for later: it can only be read by being set."""
os.umask(UMASK)


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its place, have it on the disk, then rename it: POSIX renames in one go.

    What is no file, as /dev/null, is written to as it is.
    """
    if path.exists() and not path.is_file():
        write(path)
        return
    unfinished = path.with_name(UNFINISHED + path.name)
    try:
        come_to("before-write")
        write(unfinished)
        with suppress(OSError):  # not every disk has modes
            unfinished.chmod(0o666 & ~UMASK)  # some libraries make files that only their owner can read
        if dies_here("mid-write"):
            os.truncate(unfinished, unfinished.stat().st_size // 2)
            die()
        sync(unfinished)
        come_to("before-rename")
        unfinished.replace(path)
        come_to("after-rename")
    finally:
        unfinished.unlink(missing_ok=True)
    sync(path.parent)


def write_whole_text(path: Path, text: str) -> None:
    """The same for a text."""
    write_whole(path, lambda unfinished: unfinished.write_text(text, encoding="utf-8"))


def sync(path: Path) -> None:
    """Have a file, or a folder's list of names, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
