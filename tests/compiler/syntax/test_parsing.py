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


def tokens_of(text: str, *, takes_groups: bool = False) -> Tokens:
    tokens = scan(Source("a.net", text), Report(), takes_groups=takes_groups)
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


GROUPS = """# of it all
layer { name: "a" # behind a field
  # on a line of its own
  param { } # } behind a brace
  c_param { # { behind another
    pad: 1 f { type: 'x' } d { e { g { h { i: 1 } } } } }
}
a: MAX; b { c: 1, } d {}; layers { e: [1] f { g: 1 } } h: { i: 1 } j < k { } l { m: 1 } >
if n { o { p: 1 } } else { q: 1 } else: { } input { r: 1 } layer "s" T { u { v: 1 } w: 1 } in { x: 1 } y { z: 1 }"""
"""Groups that are plain, beside some that only look so."""


@pytest.mark.parametrize("text", [GROUPS, CONSTRUCTS, *(path.read_text("utf-8") for path in NETS)])
def test_groups_that_are_taken_whole_are_no_others(text: str) -> None:
    each, whole = tokens_of(text), tokens_of(text, takes_groups=True)
    assert len(whole.all) <= len(each.all)
    assert [(at.start, at.end) for at in whole.comments] == [(at.start, at.end) for at in each.comments]
    assert repr(parse(whole, grammar(), "start")) == repr(parse(each, grammar(), "start"))


def test_plain_layers_are_no_tokens_of_their_own() -> None:
    layers = 'layer { name: "a" type: "ReLU" relu_param { } }\n' * 9
    assert [token.type for token in tokens_of(layers + "a: MAX", takes_groups=True).all] == [
        "FIELDS",
        "NAME",
        "COLON",
        "NAME",
    ]


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
