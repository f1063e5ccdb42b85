"""The tables of ``net.lark``: Lark takes 0.1 s to come and make them, so they are made once and kept in a file.

The file holds words, numbers and tuples alone, which ``marshal`` reads; what Lark itself would keep is a pickle, and
who could write that could have code run. Even so it is only read from a folder that is the user's own.
"""

import marshal
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from netdef.compiler.syntax.tables import Rule, Tables

_FORMAT = 1
"""Of the file; a changed one goes by another name."""
_LARGEST = 10 * 2**20
_SUM = 4
"""Bytes at the begin of the file, by which it tells whether the others are whole."""


def load_tables() -> Tables:
    """The tables for the start rules ``start`` (a text) and ``item`` (a value)."""
    grammar = Path(__file__).with_name("net.lark").read_text(encoding="utf-8")
    kept = _file_for(grammar)
    data = None if kept is None else _read(kept)
    if data is not None and data[:_SUM] == _sum(data[_SUM:]):
        starts, rules, states = marshal.loads(data[_SUM:])
        return Tables(starts, tuple(Rule(*rule) for rule in rules), states)
    from netdef.compiler.atomic import write_whole_bytes
    from netdef.compiler.syntax.make_tables import make_tables  # and Lark, which takes longer than the text

    tables = make_tables(grammar, ["start", "item"])
    if kept is not None:
        made = marshal.dumps((tables.starts, tuple(map(tuple, tables.rules)), tables.states))
        with suppress(OSError):
            write_whole_bytes(kept, _sum(made) + made)
    return tables


def _sum(data: bytes) -> bytes:
    return crc32(data).to_bytes(_SUM, "big")


def _file_for(grammar: str) -> Path | None:
    """Where the tables of this grammar are kept for this Python; None if there is no place for them."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # a relative one is to be ignored (XDG Base Directory Specification)
        base = os.path.join(os.path.expanduser("~"), ".cache")
    folder = Path(base) / "netdef"
    if not folder.is_absolute():  # no home: the working folder may be anybody's
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_ours = _is_own(folder.lstat(), stat.S_IFDIR) and os.access(folder, os.W_OK)
    except OSError:
        return None
    python = "".join(map(str, sys.version_info[:2]))
    return folder / f"net-{crc32(grammar.encode()):08x}-{_FORMAT}-py{python}.tables" if is_ours else None


def _read(path: Path) -> bytes | None:
    """The content of a file that is the user's own, and no link; None if there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        return file.read(_LARGEST) if _is_own(os.fstat(descriptor), stat.S_IFREG) else None


def _is_own(found: os.stat_result, kind: int) -> bool:
    """Whether it is of a kind, and nobody but the user may write to it."""
    is_ours = not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o022)
    return is_ours and stat.S_IFMT(found.st_mode) == kind
