"""What the reader of a stream sees: colours, and how many columns."""

import os
from collections.abc import Mapping
from typing import TextIO


def shows_color(stream: TextIO | None, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether what is written there is read in colour: what the environment asks for, else if it is a terminal.

    1. NO_COLOR, if it isn't empty, says no (no-color.org).
    2. FORCE_COLOR or CLICOLOR_FORCE, if neither empty nor 0, says yes; FORCE_COLOR=0 and CLICOLOR=0 say no.
    3. Else terminals show colour, but TERM=dumb.
    """
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    if "0" in (environ.get("FORCE_COLOR"), environ.get("CLICOLOR")) or environ.get("TERM") == "dumb":
        return False
    return _is_terminal(stream)


def width_of(stream: TextIO | None, environ: Mapping[str, str] = os.environ) -> int | None:
    """How many columns its lines may have: what COLUMNS says, else those of the terminal; None for a file or a pipe."""
    said = environ.get("COLUMNS", "")
    if said.isdecimal() and int(said) > 0:
        return int(said)
    if stream is None or not _is_terminal(stream):
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()
