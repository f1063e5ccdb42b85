"""Lark's parser for ``net.lark``: its tables take 50 ms to make, so they are made once and kept in a file."""

import os
import sys
from pathlib import Path
from typing import Any

import lark

from netdef.compiler.syntax.builder import Builder
from netdef.compiler.syntax.lexer import NetLexer


def load_parser() -> lark.Lark:
    """The parser, with its callbacks; start rules ``start`` (a text) and ``item`` (a value)."""
    grammar = Path(__file__).with_name("net.lark").read_text(encoding="utf-8")
    return lark.Lark(
        grammar, parser="lalr", lexer=NetLexer, start=["start", "item"], transformer=Builder(), maybe_placeholders=False
    )
