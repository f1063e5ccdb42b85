"""Each kind of slip, made wherever it can be made in real nets, is said once: what depends on it is quiet."""

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from netdef.compiler.apply_fixes import apply_fixes
from netdef.compiler.diagnostics import Report
from netdef.compiler.edits import Edit, apply_edits
from netdef.compiler.load import analyse
from netdef.compiler.source import Source, Span
from netdef.compiler.syntax.parser import parse
from netdef.compiler.syntax.tree import (
    Block,
    Call,
    Field,
    Group,
    If,
    Include,
    Input,
    LayerStatement,
    Let,
    Number,
    Repeat,
    Statement,
    Text,
    Word,
)

NETS = sorted((Path(__file__).parents[3] / "nets").glob("*.net"))


class Slip(NamedTuple):
    """What goes wrong at a statement."""

    code: str
    make: Callable[[Statement], Edit | None]
    """The edit that makes it; None where it can't be made."""
    also: str = ""
    """The code where what follows the slip reads otherwise."""


def at_value(kinds: type | tuple[type, ...], change: Callable[[str], str]) -> Callable[[Statement], Edit | None]:
    """An edit of a field's value."""

    def make(statement: Statement) -> Edit | None:
        if isinstance(statement, Field) and isinstance(statement.value, kinds):
            return Edit(statement.value.at, change(statement.value.at.text))
        return None

    return make


def between(kinds: type | tuple[type, ...], text: str) -> Callable[[Statement], Edit | None]:
    """An edit of what stands between a field's name and its value."""

    def make(statement: Statement) -> Edit | None:
        if isinstance(statement, Field) and isinstance(statement.value, kinds):
            return Edit(statement.at._replace(start=statement.at.end, end=statement.value.at.start), text)
        return None

    return make


def at_construct(kind: type, change: Callable[[str], str]) -> Callable[[Statement], Edit | None]:
    """An edit of the text that names a construct."""

    def make(statement: Statement) -> Edit | None:
        if isinstance(statement, kind):
            text = change(statement.at.text)
            return None if text == statement.at.text else Edit(statement.at, text)
        return None

    return make


def behind(kind: type, pattern: str, text: str) -> Callable[[Statement], Edit | None]:
    """An edit of what comes first of some kind behind the word that begins a statement, on its line."""

    def make(statement: Statement) -> Edit | None:
        if not isinstance(statement, kind):
            return None
        source, start = statement.at.source, statement.at.end
        found = re.compile(pattern).search(source.text, start, source.text.find("\n", start))
        return None if found is None else Edit(Span(source, *found.span()), text)

    return make


def before(kind: type, text: str) -> Callable[[Statement], Edit | None]:
    """Something put in before a statement."""

    def make(statement: Statement) -> Edit | None:
        if isinstance(statement, kind):
            return Edit(statement.at._replace(end=statement.at.start), text)
        return None

    return make


def word_before(kind: type, word: str) -> Callable[[Statement], Edit | None]:
    """The word that begins a construct goes."""

    def make(statement: Statement) -> Edit | None:
        if isinstance(statement, kind):
            at = statement.at
            return Edit(at._replace(start=at.start - len(word), end=at.start), "")
        return None

    return make


def closing_brace(text: str) -> Callable[[Statement], Edit | None]:
    """Something else for a message's closing brace."""

    def make(statement: Statement) -> Edit | None:
        return Edit(statement.close, text) if isinstance(statement, Group) else None

    return make


LITERAL = (Number, Text, Word)
SLIPS = {
    "no value": Slip(
        "N113", at_value(LITERAL, lambda _: ""), "N110"
    ),  # `type: if n == 1 { }`: a word, and one too many
    "an equals sign": Slip("N118", between(LITERAL, " = ")),
    "no colon": Slip("N112", between(LITERAL, " ")),
    "a number that is none": Slip("N106", at_value(Number, lambda _: "3pad")),
    "an unended string": Slip("N104", at_value(Text, lambda text: text[:-1] + "\n")),
    "several values": Slip("N111", at_value(Number, lambda text: text + " 7")),
    "a stray bracket": Slip("N103", at_value(LITERAL, lambda text: text + " ]")),
    "a stray character": Slip("N107", at_value(LITERAL, lambda text: text + " @")),
    "curly quotes": Slip("N107", at_value(Text, lambda text: f"\u201c{text[1:-1]}\u201d")),
    "a foreign comment": Slip("N108", at_value(LITERAL, lambda text: text + " // so\n")),
    "a bad escape": Slip("N105", at_value(Text, lambda text: text[:-1] + '\\d"')),
    "an open template": Slip("N120", at_value(Text, lambda text: text[:-1] + '${"')),
    "a bare condition": Slip("N119", at_value(Number, lambda text: f"{text} == 3")),
    "a comma too many": Slip("N101", at_value(LITERAL, lambda text: text + ",,")),
    "a stray word": Slip("N110", before(Field, "foo\n")),
    "a stray brace": Slip("N103", closing_brace("} }")),
    "no closing brace": Slip("N102", closing_brace("")),
    "a layer without its type": Slip("N122", at_construct(LayerStatement, lambda text: text.rpartition(" ")[0])),
    "a capital": Slip("N110", at_construct(LayerStatement, lambda text: text.replace("layer", "Layer"))),
    "an input without its shape": Slip("N122", at_construct(Input, lambda text: text.partition("[")[0])),
    "a let without its word": Slip("N118", word_before(Let, "let ")),
    "a block without its word": Slip("N122", word_before(Block, "block ")),
    "a layer without its word": Slip("N122", at_construct(LayerStatement, lambda text: text.removeprefix("layer "))),
    "a let without its name": Slip("N113", at_construct(Let, lambda text: text + " =\nlet another")),
    "a block without parentheses": Slip("N122", behind(Block, r"\([^)]*\)", "")),
    "a comma before a block's parameters": Slip("N101", behind(Block, r"\(", "(, ")),
    "a parameter without a name": Slip("N101", behind(Block, r"\w+ = ", "= ")),
    "a block's brace twice": Slip("N102", behind(Block, r"{", "{ {")),
    "a layer's brace twice": Slip("N102", behind(LayerStatement, r"{", "{ {")),
    "a block without its brace": Slip("N103", behind(Block, r" {", "")),
    "a layer without its brace": Slip("N103", behind(LayerStatement, r" {(?= *[^ }])", "")),
    "a repeat without its brace": Slip("N103", behind(Repeat, r" {", "")),
    "an if without its brace": Slip("N103", behind(If, r" {", "")),
    "a repeat without in": Slip("N122", behind(Repeat, r"\bin\b", "")),
    "an if with an assignment": Slip("N122", behind(If, r"(?= {)", " = 3")),
    "an include without quotes": Slip("N122", at_construct(Include, lambda text: text.replace('"', ""))),
    "a stray character behind let": Slip("N107", before(Let, "@ ")),
    "a stray character behind block": Slip("N107", before(Block, "@ ")),
    "a stray character behind layer": Slip(
        "N107", at_construct(LayerStatement, lambda text: text.replace("layer", "layer @"))
    ),
    "a stray character behind repeat": Slip("N107", at_construct(Repeat, lambda text: text + " @")),
    "a stray character behind if": Slip("N107", at_construct(If, lambda text: text + " @")),
    "a comma behind let": Slip("N101", before(Let, ", ")),
    "a comma behind block": Slip("N101", before(Block, ", ")),
    "a comma behind layer": Slip("N101", at_construct(LayerStatement, lambda text: text.replace("layer", "layer ,"))),
    "a comma behind a call's name": Slip("N101", behind(Call, r"(?=\()", ",")),
    "a comma behind repeat": Slip("N101", at_construct(Repeat, lambda text: text + " ,")),
    "a comma behind if": Slip("N101", at_construct(If, lambda text: text + " ,")),
    "a comma for a colon": Slip("N118", between(LITERAL, ", ")),
    "a comma before a colon": Slip("N101", between(LITERAL, " , : ")),
    "a size too few": Slip("N101", at_construct(Input, lambda text: re.sub(r"\[[^,]*,", "[,", text))),
    "a size twice": Slip("N123", at_construct(Input, lambda text: re.sub(r"\[([^,]*),", r"[\1 \1,", text))),
    "an argument too many": Slip("N123", behind(Call, r"(?<=\()(?=[\w\"])", "1 ")),
    "a call without a comma": Slip("N123", behind(Call, r"(?<=\w), (?=\w)", " ")),
    "a call that is not closed": Slip("N102", behind(Call, r"\)", "")),
}


def statements(body: tuple[Statement, ...]) -> Iterator[Statement]:
    """All statements of a text, those inside others too."""
    for statement in body:
        yield statement
        for inner in ("body", "then", "otherwise"):
            yield from statements(getattr(statement, inner, ()))


def check(name: str, slip: Slip, most: int) -> int:
    """Make a slip at some places of each net, and see that it is said once; how often it was made.

    Where it can be mended safely, nothing is left to say.
    """
    count = 0
    for path in NETS:
        source = Source(str(path), path.read_text("utf-8"))
        made = [slip.make(statement) for statement in statements(parse(source, Report()).body)]
        edits = [edit for edit in made if edit is not None]
        for edit in random.Random(name).sample(edits, min(most, len(edits))):
            found = analyse(apply_edits(source, [edit]), path=str(path))
            codes = [diagnostic.code for diagnostic in found.report]
            assert codes in ([slip.code], [slip.also]), (path.name, edit)
            for mended in apply_fixes(found.report).texts.values():
                assert list(analyse(mended, path=str(path)).report) == [], (path.name, edit)
            count += 1
    return count


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_said_once(name: str) -> None:
    assert check(name, SLIPS[name], most=1) > 0


@pytest.mark.long
@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_anywhere_is_said_once(name: str) -> None:
    assert check(name, SLIPS[name], most=10**9) > 0


CHOICE = """input "data" [1, 3, 32, 32]
let width = 8
if width == 8 {
  layer "pool" Pooling { pool: MAX kernel_size: 2 stride: 2 }
} else {
  layer "pool" Pooling { pool: AVE kernel_size: 2 stride: 2 }
}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        ("if width", "width", "N122"),
        ("== 8 {", "== 8", "N103"),
        ("else {", "else", "N103"),
        ("else {", "else @ {", "N107"),
        ("Pooling {", "Pooling", "N103"),
        ("[1, 3, 32, 32]", "[1, 3, , 32]", "N101"),
        ("[1, 3, 32, 32]", "[1, 3, 32, ]", "N101"),
        ("[1, 3, 32, 32]", "[1, 3, ,, 32]", "N101"),
        ("kernel_size: 2", ", : 2", "N101"),
        ("== 8 {", "== 8 @", "N107"),
        ("Pooling {", "Pooling @", "N107"),
        ("[1, 3, 32, 32]", "[1, 3, 32, 32 32]", "N123"),
    ],
)
def test_an_else_and_a_shape_do_not_suffer_from_a_slip_before_them(right: str, wrong: str, code: str) -> None:
    assert right in CHOICE
    report = analyse(CHOICE.replace(right, wrong, 1), path="choice.net").report
    assert [diagnostic.code for diagnostic in report] == [code]
