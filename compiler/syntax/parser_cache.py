"""Lark's parser for ``net.lark``: making its tables takes 60 ms, so they are made once and kept in a file.

The file holds words, numbers and lists alone, which ``marshal`` reads; what Lark itself would keep is a pickle, and who
could write that could have code run. Even so it is only read from a folder that is the user's own.
"""

import marshal
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from zlib import crc32

import lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

from netdef.compiler.atomic import write_whole_bytes
from netdef.compiler.syntax.builder import BUILDER
from netdef.compiler.syntax.lexer import NetLexer

_LARGEST = 10 * 2**20


def load_parser() -> lark.Lark:
    """The parser with its callbacks; its start rules are ``start`` (a text) and ``item`` (a value)."""
    grammar = Path(__file__).with_name("net.lark").read_text(encoding="utf-8")
    kept = _file_for(grammar)
    tables = None if kept is None else _read(kept)
    if tables is not None:
        with suppress(Exception):  # a damaged file may break anything in Lark
            return _parser_of(tables)
    parser = lark.Lark(
        grammar, parser="lalr", lexer=NetLexer, start=["start", "item"], transformer=BUILDER, maybe_placeholders=False
    )
    if kept is not None:
        with suppress(OSError):
            write_whole_bytes(kept, _tables_of(parser))
    return parser


def _tables_of(parser: lark.Lark) -> bytes:
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    data["options"] |= dict.fromkeys(("lexer", "transformer"))  # ours are put in when they are read
    data["parser"]["lexer_conf"]["lexer_type"] = None
    return marshal.dumps((data, memo))


def _parser_of(tables: bytes) -> lark.Lark:
    data, memo = marshal.loads(tables)
    data["options"] |= {"lexer": NetLexer, "transformer": BUILDER}
    data["parser"]["lexer_conf"]["lexer_type"] = NetLexer
    tables_of_lark: Any = {"data": data, "memo": memo}  # instead of the file that holds them as a pickle
    return lark.Lark.load(tables_of_lark)


def _file_for(grammar: str) -> Path | None:
    """Where the tables of this grammar, Lark and Python are kept; None if there is no place for them."""
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
    return folder / f"net-{crc32(grammar.encode()):08x}-lark{lark.__version__}-py{python}.marshal" if is_ours else None


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
