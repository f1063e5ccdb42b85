"""What the system refuses, a file, a disk or one more process, is a mistake of the run, and told with its place."""

import errno
import os
import re
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_TOO_MANY_FILES = frozenset({errno.EMFILE, errno.ENFILE})
_HARDWARE = frozenset({errno.EIO, errno.ENXIO, errno.ENODEV, errno.ESTALE, errno.ETIMEDOUT})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ETXTBSY, errno.EBUSY})
_OF_A_PATH = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY, errno.ENAMETOOLONG, errno.ELOOP}
)
_HELPS = {
    _NO_ROOM: "make room, or write to another disk; TMPDIR=/my/folder netdef ... puts temporary files there",
    _TOO_MANY_FILES: "allow more: ulimit -n 4096, or work with fewer --workers",
    _HARDWARE: "is the disk, or the network behind it, sound?",
    _FORBIDDEN: "name a folder of your own",
    _OF_A_PATH: "was it moved or removed meanwhile?",
}
_BY_WORDS = _NO_ROOM | _TOO_MANY_FILES | {errno.EIO, errno.EROFS}
"""Refusals that libraries hand on in words of their own, with the system's among them."""
_PACKAGE = Path(__file__).parents[1]


_WITHIN = re.compile(r"\[Errno (\d+)\] [^\n:]*(?:: '([^'\n]*)')?")
"""An error of the system as Python writes it, in the words of another process or a library."""


def refused_by_system(error: BaseException) -> Diagnostic | None:
    """What to say of an error, if the system said no to something that is the user's; else None."""
    number, path = _number_and_path(error)
    help = next((help for numbers, help in _HELPS.items() if number in numbers), None)
    if number is None or help is None:
        return None
    if number in _OF_A_PATH and (not path or Path(path).is_relative_to(_PACKAGE)):  # our own names and files
        return None
    message = f"{path or 'the system refuses to go on'}: {os.strerror(number)}"
    return Diagnostic("N013", message, help=help)


def _number_and_path(error: BaseException) -> tuple[int | None, str]:
    """The system's number for an error, and the file that it is about, as far as either is known."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno, os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    if not isinstance(error, OSError | RuntimeError):
        return None, ""
    text = str(error)
    if (within := _WITHIN.search(text)) is not None:
        return int(within[1]), within[2] or ""
    return next((number for number in sorted(_BY_WORDS) if os.strerror(number) in text), None), ""
