"""Lark's parser for ``net.lark``: making its tables takes 60 ms, so they are made once and kept in a file."""

import os
import sys
from pathlib import Path
from typing import Any
from zlib import crc32

import lark

from netdef.compiler.syntax.builder import BUILDER
from netdef.compiler.syntax.lexer import NetLexer


def load_parser() -> lark.Lark:
    """The parser with its callbacks; its start rules are ``start`` (a text) and ``item`` (a value)."""
    grammar = Path(__file__).with_name("net.lark").read_text(encoding="utf-8")
    kept = _file_for(grammar)
    if kept is None:
        return _make(grammar, cache=False)
    if kept.exists():
        return _make(grammar, cache=str(kept))  # Lark makes them anew where the file is damaged
    scratch = kept.with_suffix(f".{os.getpid()}")
    parser = _make(grammar, cache=str(scratch))
    try:
        os.replace(scratch, kept)  # at once, so that nobody reads half a file
    except OSError:
        scratch.unlink(missing_ok=True)
    return parser


def _make(grammar: str, *, cache: bool | str) -> lark.Lark:
    options: dict[str, Any] = {"parser": "lalr", "lexer": NetLexer, "start": ["start", "item"], "cache": cache}
    return lark.Lark(grammar, transformer=BUILDER, maybe_placeholders=False, **options)


def _file_for(grammar: str) -> Path | None:
    """Where the tables of this grammar, Lark and Python are kept; None if there is no place for them.

    Reading the tables back could run what a stranger wrote there, so the folder must be the user's own.
    """
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = Path(base) / "netdef"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError:
        return None
    is_ours = not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)
    if not (is_ours and os.access(folder, os.W_OK)):
        return None
    python = "".join(map(str, sys.version_info[:2]))
    return folder / f"net-{crc32(grammar.encode()):08x}-lark{lark.__version__}-py{python}.tables"
