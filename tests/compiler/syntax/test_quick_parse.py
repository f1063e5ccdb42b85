"""The quick way through the tables makes what Lark makes."""

from pathlib import Path
from typing import Any

import pytest

from netdef.compiler.diagnostics import Report
from netdef.compiler.source import Source
from netdef.compiler.syntax.lexer import scan
from netdef.compiler.syntax.parser_cache import load_parser
from netdef.compiler.syntax.quick_parse import QuickParser
from netdef.compiler.syntax.tree import Text

NETS = sorted((Path(__file__).parents[3] / "nets").glob("*.net"))


@pytest.mark.parametrize("path", NETS, ids=lambda path: str(path.name))
def test_it_makes_what_lark_makes(path: Path) -> None:
    source, parser = Source(path.name, path.read_text("utf-8")), load_parser()
    tokens: Any = scan(source, Report())
    for token in tokens.all:
        if token.type == "STRING":
            token.value = Text(token.value, token.at)
    assert QuickParser(parser).parse(tokens.all) == parser.parse(tokens, start="start")


@pytest.mark.parametrize("text", ["a: ", "a { : }", "let = 3", "a { b: 1 } :", "a b"])
def test_it_gives_up_where_a_token_has_no_place(text: str) -> None:
    assert QuickParser(load_parser()).parse(scan(Source("a.net", text), Report()).all) is None


def test_an_empty_text_has_no_statements() -> None:
    assert QuickParser(load_parser()).parse([]) == ()
