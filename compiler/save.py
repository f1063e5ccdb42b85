"""What a user asked to be written: whole or not at all, and a mistake where it can't be."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from netdef.compiler.atomic import Write, write_together
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError


def check_folder(path: Path) -> None:
    """Refuse a file whose folder isn't there, before anything is computed for it; raises ``NetError``."""
    if not path.parent.is_dir():
        help = f"mkdir -p {path.parent}"
        raise NetError(Diagnostic("N006", f"{path} can't be written: there is no folder {path.parent}", help=help))


def save(path: Path, write: Write) -> None:
    """Write a file by a function that is given the name to write to.

    Raises:
        NetError: N006 if it can't be written; what was there before is there still.
    """
    save_together({path: write})


def save_together(writes: dict[Path, Write]) -> None:
    """The same with files of one folder that belong to each other."""
    try:
        write_together(writes)
    except (OSError, ValueError) as error:  # a name may hold a zero byte
        raise NetError(unwritable(next(iter(writes)), error)) from None


def save_text(path: Path, text: str) -> None:
    """The same for a text."""
    save(path, lambda unfinished: unfinished.write_text(text, encoding="utf-8"))


def save_bytes(path: Path, data: bytes) -> None:
    """The same for bytes."""
    save(path, lambda unfinished: unfinished.write_bytes(data))


def save_drawn(path: Path, draw: Callable[[BytesIO], object]) -> None:
    """The same for what a library draws into memory first: on a full disk it may break down in a way of its own."""
    file = BytesIO()
    draw(file)
    save_bytes(path, file.getvalue())


def unwritable(path: Path, error: OSError | ValueError) -> Diagnostic:
    """Why a file could not be written."""
    reason = error.strerror if isinstance(error, OSError) else None
    return Diagnostic("N006", f"{path} can't be written: {reason or error}")
