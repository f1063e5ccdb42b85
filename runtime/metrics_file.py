"""A run's metrics as they are read: a line of JSON for each iteration, of which the last ones may be half-written."""

import json
import math
from pathlib import Path
from typing import Any

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.plain_file import read_plain
from netdef.runtime.metric_names import OF_AN_ITERATION


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines in a file, none if there is no such file; those behind the last sound one are left out.

    They are what a process wrote when it was ended.

    Raises:
        NetError: N889, if the file can't be read, or a line between others is none of ours.
    """
    try:
        written = str(read_plain(path), "utf-8", "replace").split("\n") if path.exists() else []
    except OSError as error:
        raise _unfit(f"{path} can't be read: {error.strerror or error}") from None
    found: list[dict[str, Any]] = []
    bad: int | None = None
    for number, text in enumerate(written, start=1):
        if not text.strip():
            continue
        line = _line(text)
        if line is None:
            bad = bad or number
        elif bad is not None:
            raise _unfit(f"{path}:{bad} is no line of metrics, and others stand below it")
        else:
            found.append(line)
    return found


def _line(text: str) -> dict[str, Any] | None:
    """What a line says; None if it is none of ours."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, dict) or type(line.get("iteration")) is not int or line["iteration"] < 0:
        return None
    return line if all(_is_number(line[name]) for name in OF_AN_ITERATION if name in line) else None


def _is_number(value: object) -> bool:
    """Whether it is a finite number that a double holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _unfit(message: str) -> NetError:
    return NetError(Diagnostic("N889", message, help="remove the line; a run that goes on needs those before it alone"))
