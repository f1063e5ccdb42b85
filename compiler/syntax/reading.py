"""Files to sources."""

from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.source import Source

REASONS: dict[type[OSError], tuple[str, str | None]] = {
    FileNotFoundError: ("there is no such file", "is the path relative to another folder?"),
    IsADirectoryError: ("this is a folder, not a file", "name a file in it"),
    PermissionError: ("this file may not be read", None),
}


def read_source(path: str, report: Report) -> Source | None:
    """A file's text; what keeps it from being read goes to the report."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        reason, help = REASONS.get(type(error), (str(error.strerror), None))
        report.add(Diagnostic("N001", f"{path}: {reason}", help=help))
        return None
    if b"\0" in data:
        message = f"{path}: this is a binary file, not a net's text"
        report.add(Diagnostic("N002", message, help="weights are given with --weights"))
        return None
    try:
        return Source(path, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        message = f"{path}: not UTF-8: byte {error.object[error.start]:#x} at offset {error.start}"
        report.add(Diagnostic("N003", message, help="save it as UTF-8"))
        return None
