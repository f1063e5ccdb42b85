"""Our parser makes of a text what Lark's makes of it, and no more where it is wrong."""

from functools import cache
from pathlib import Path
from typing import Any

import lark
import pytest

from netdef.compiler.diagnostics import Report
from netdef.compiler.source import Source
from netdef.compiler.syntax import parsing
from netdef.compiler.syntax.builder import BUILDER
from netdef.compiler.syntax.lexer import scan
from netdef.compiler.syntax.parsing import Grammar, Parser, parse
from netdef.compiler.syntax.table_cache import load_tables
from netdef.compiler.syntax.tokens import Tokens
from netdef.compiler.syntax.tree import Text

NETS = sorted((Path(__file__).parents[3] / "nets").glob("*.net"))
CONSTRUCTS = """
opaque "Warp" { top_shape: [1, n, 2] } opaque "Warp" at "w" { top_shape: [[1], [2]], }
include "other.net"
block conv(name, width, relu = not false) { layer "a" Convolution { num_output: width }; }
repeat i, (a, b) in [[1, 2], [3, 4]] { conv("c", -a * (b + 1) / 2 % 3, relu: a < b ? true : false) }
if a == 1 and not b >= 2 or c { layer: <name: "a" type: "b"> } else if d { x [{ y: [] }, < >] } else { z: [1, "b" "c"] }
layers { bottom: "a" bottom: 'b'; top: MAX, } empty [] input "data" [1, 3]
"""


@cache
def grammar() -> Grammar:
    return Grammar(load_tables(), BUILDER)


def tokens_of(text: str) -> Tokens:
    tokens = scan(Source("a.net", text), Report())
    for token in tokens.all:
        if token.type == "STRING":
            token.value = Text(token.value, token.at)
    return tokens


@cache
def parser_of_lark() -> lark.Lark:
    written = Path(parsing.__file__).with_name("net.lark").read_text("utf-8")
    return lark.Lark(written, parser="lalr", start=["start", "item"], maybe_placeholders=False, transformer=BUILDER)


def by_lark(tokens: Tokens) -> Any:
    parser: Any = parser_of_lark().parse_interactive("", start="start")
    for token in tokens.all:
        parser.feed_token(token)
    return parser.feed_eof()


@pytest.mark.parametrize("text", [CONSTRUCTS, *(path.read_text("utf-8") for path in NETS)])
def test_it_makes_what_lark_makes(text: str) -> None:
    tokens = tokens_of(text)
    read = parse(tokens, grammar(), "start")
    assert read
    assert read == by_lark(tokens)


@pytest.mark.parametrize("text", ["a: ", "a { : }", "let = 3", "a { b: 1 } :", "a b"])
def test_it_gives_up_where_a_token_has_no_place(text: str) -> None:
    assert parse(tokens_of(text), grammar(), "start") is None
    with pytest.raises(lark.UnexpectedInput):
        by_lark(tokens_of(text))


def test_an_empty_text_has_no_statements() -> None:
    assert parse(tokens_of(""), grammar(), "start") == ()


def test_a_parser_knows_what_may_follow() -> None:
    parser = Parser(grammar(), "start")
    assert parser.take(tokens_of("a { b [ ] }").all[:4]) == 4
    assert parser.possible() == {"LBRACE", "LESSTHAN", "RSQB"}
    assert parser.take(tokens_of("a [ { c: 1 } ] ]").all[2:]) == 4
    assert parser.can("RBRACE")
    assert not parser.can("RSQB")


def test_a_recovery_may_mend_the_tokens_and_the_parser() -> None:
    """Here one that leaves out whatever has no place, until there is nothing left."""
    tokens = tokens_of('a { "b" c { } ] }')

    def leave_out(parser: Parser) -> bool:
        tokens.next += 1
        return tokens.next <= len(tokens.all)

    (outer,) = parse(tokens, grammar(), "start", leave_out)
    assert [each.name for each in (outer, *outer.body)] == ["a", "c"]
    assert parse(tokens_of("a b"), grammar(), "start", lambda parser: False) is None
