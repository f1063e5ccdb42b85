"""The standard streams as commands use them: no character, and no full disk or closed pipe, comes as a surprise."""

import codecs
import io
import os
import sys
from pathlib import Path
from typing import TextIO

_ESCAPE = "netdef.escape"


def prepare() -> None:
    r"""Let both streams be there and take every character: one that an encoding doesn't have is written as ``\u00e9``.

    So JSON and prototxt, which read this back, stay what they are, and a path that is no UTF-8 can be named.
    """
    codecs.register_error(_ESCAPE, _escaped)
    if sys.stderr is None:  # it is closed; argparse and print would take the standard output instead
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # for as long as we run
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ESCAPE)


def drain() -> None:
    """Write what is left; a stream that can't take it is let go, so that Python doesn't try again at the end."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except (OSError, ValueError):
            let_go(stream)


def let_go(stream: TextIO) -> None:
    """Have all that is still written to a stream go nowhere."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # it has none
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (int.from_bytes(units[i : i + 2], "big") for i in range(0, len(units), 2))
    return "".join(f"\\u{unit:04x}" for unit in pairs), error.end
