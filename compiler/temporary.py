"""A folder for what is needed only while a command runs, and what to say where none can be made, or filled."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError

_NO_ROOM = (ENOSPC, EDQUOT)


@contextmanager
def temporary_folder(room: int = 0) -> Iterator[Path]:
    """A new folder that its user alone can open; it is gone at the end, whatever ends it.

    ``room`` bytes are tried out first, where others will write there who can't say what is wrong.

    Raises:
        NetError: if the system has no place for it, or what is written to it finds no room.
    """
    from tempfile import TemporaryDirectory  # most commands need no such folder

    try:
        made = TemporaryDirectory(prefix="netdef-", ignore_cleanup_errors=True)
    except OSError as error:
        raise NetError(_unusable(error)) from None
    with made as name:
        try:
            if room:
                (trial := Path(name) / "room").write_bytes(bytes(room))
                trial.unlink()
            yield Path(name)
        except OSError as error:
            if error.errno not in _NO_ROOM and not _is_in(name, error):
                raise
            raise NetError(_unusable(error, name)) from None


def _is_in(folder: str, error: OSError) -> bool:
    return isinstance(error.filename, str | os.PathLike) and os.fspath(error.filename).startswith(folder + os.sep)


def _unusable(error: OSError, folder: str | None = None) -> Diagnostic:
    what = f"the temporary folder {folder}" if folder is not None else "a temporary folder"
    help = "make room, or name a folder with room on another disk: TMPDIR=/my/folder netdef ..."
    return Diagnostic("N006", f"{what} can't be written: {error.strerror or error}", help=help)
