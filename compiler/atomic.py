"""Files that are there whole or not at all, whenever the power goes, the disk is full, or two write one name at once.

A file is written under a name that nobody else has, created there exclusively, and gets its own by being renamed.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from errno import EEXIST
from pathlib import Path

from netdef.compiler.faults import come_to, die, dies_here

Write = Callable[[Path], object]
"""What writes the file that it is given the name of."""

UNFINISHED = ".unfinished-"
"""The head of a file's name while it is written; its suffix stays, because writers choose a format by it."""
_FRESH = 60.0
"""Seconds for which what is unfinished is left alone, whoever holds it: its maker may be about to."""
UMASK = os.umask(0)
"""Of this process, whose threads would meet it if it were asked for later: it can only be read by being set."""
os.umask(UMASK)


def write_whole(path: Path, write: Write) -> None:
    """Write a file beside its place, have it on the disk, then rename it: POSIX renames in one go.

    What is no file, as /dev/null, is written to as it is; a link stays, and the file that it leads to is written.
    """
    write_together({path: write})


def write_together(writes: dict[Path, Write]) -> None:
    """The same with files of one folder that belong to each other: none has its name before all are on the disk.

    Of two processes that write the same ones at once, the last one's are all there.
    """
    special = [path for path in writes if path.exists() and not path.is_file()]
    for path in special:
        writes[path](path)
    places = {Path(os.path.realpath(path)): write for path, write in writes.items() if path not in special}
    with ExitStack() as stack:
        unfinished = {path: stack.enter_context(_unfinished(path)) for path in places}
        for path, write in places.items():
            _fill(unfinished[path], write)
        come_to("before-rename")
        if len(places) > 1:  # one file is renamed in one go, and a run's folder is locked by whoever trains there
            for folder in {path.parent for path in places}:
                stack.enter_context(_one_at_a_time(folder))
        for path in places:
            unfinished[path].replace(path)
        come_to("after-rename")
    for folder in {path.parent for path in places}:
        sync(folder)


def write_new(path: Path, write: Write) -> None:
    """The same with a file that must not be there, nor appear meanwhile: of two that write it at once, one is refused.

    Raises:
        FileExistsError: if it is there; it stays as it is.
    """
    with _unfinished(path) as unfinished:
        _fill(unfinished, write)
        come_to("before-rename")
        try:
            path.hardlink_to(unfinished)  # which replaces nothing, as a renaming would
        except FileExistsError:
            raise
        except OSError:  # not every disk has links
            unfinished.replace(path)
        come_to("after-rename")
    sync(path.parent)


def write_whole_text(path: Path, text: str) -> None:
    """The same for a text."""
    write_whole(path, lambda unfinished: unfinished.write_text(text, encoding="utf-8"))


def write_whole_bytes(path: Path, data: bytes) -> None:
    """The same for bytes."""
    write_whole(path, lambda unfinished: unfinished.write_bytes(data))


def write_folder_whole(folder: Path, write: Write) -> None:
    """The same with a new folder, which ``write`` fills; it must not be there, nor appear meanwhile.

    Raises:
        FileExistsError: if another process made one of this name first; that one stays as it is.
    """
    from shutil import rmtree
    from tempfile import mkdtemp

    _clear(folder.parent)
    unfinished = Path(mkdtemp(prefix=UNFINISHED, suffix=f"-{folder.name}"[:100], dir=folder.parent))
    with ExitStack() as stack:
        stack.callback(rmtree, unfinished, ignore_errors=True)
        stack.enter_context(_held(os.open(unfinished, os.O_RDONLY)))
        write(unfinished)
        with suppress(OSError):
            unfinished.chmod(0o777 & ~UMASK)
        come_to("before-write")
        for inner in unfinished.rglob("*"):
            sync(inner)
        sync(unfinished)
        come_to("before-rename")
        with _one_at_a_time(folder.parent):
            if folder.exists():  # an empty folder would be replaced, and a file refused in other words
                raise FileExistsError(EEXIST, os.strerror(EEXIST))
            unfinished.rename(folder)
        come_to("after-rename")
    sync(folder.parent)


def _fill(unfinished: Path, write: Write) -> None:
    """Write a file that has no name of its own yet, and have it on the disk."""
    come_to("before-write")
    write(unfinished)
    with suppress(OSError):  # not every disk has modes
        unfinished.chmod(0o666 & ~UMASK)
    if dies_here("mid-write"):
        os.truncate(unfinished, unfinished.stat().st_size // 2)
        die()
    sync(unfinished)


def sync(path: Path) -> None:
    """Have a file, or a folder's list of names, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """An empty file beside a path, under a name that nobody has; it is gone at the end, unless it was renamed."""
    from tempfile import mkstemp  # most commands write nothing

    _clear(path.parent)
    descriptor, name = mkstemp(prefix=UNFINISHED, suffix=path.suffix, dir=path.parent)
    try:
        with _held(descriptor):
            yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


@contextmanager
def _held(descriptor: int) -> Iterator[None]:
    """Hold an open file or folder as ours until the end, which comes at the latest with this process."""
    try:
        with suppress(ImportError, OSError):  # where there are no such locks, nothing is cleared away either
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _clear(folder: Path) -> None:
    """Remove what was left unfinished in a folder by processes that were killed: nobody holds it any more."""
    with suppress(ImportError, OSError):
        import fcntl
        from shutil import rmtree

        for name in os.listdir(folder):
            path = folder / name
            if name.startswith(UNFINISHED) and time.time() - path.lstat().st_mtime > _FRESH:
                with suppress(OSError):  # held, or another's
                    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
                    try:
                        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        rmtree(path) if path.is_dir() else path.unlink()
                    finally:
                        os.close(descriptor)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Wait for other processes that rename in this folder; where the system has no such locks, go on without."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(ImportError, OSError):  # Windows, and some disks of a network
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
