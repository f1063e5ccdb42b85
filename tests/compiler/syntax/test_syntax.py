"""Text to tree, against protobuf's own reader of its text format, and against real files."""

import logging
import os
import pickle
import random
import string
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any
from zlib import crc32

import lark
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from hypothesis import given, settings
from hypothesis import strategies as st

from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.files import DISK
from netdef.compiler.override import override
from netdef.compiler.render import concise, text
from netdef.compiler.source import Source
from netdef.compiler.syntax import table_cache
from netdef.compiler.syntax.builder import BUILDER
from netdef.compiler.syntax.open_source import LARGEST
from netdef.compiler.syntax.parser import parse
from netdef.compiler.syntax.parsing import Grammar
from netdef.compiler.syntax.parsing import parse as parse_tokens
from netdef.compiler.syntax.tokens import Tokens
from netdef.compiler.syntax.tree import (
    Argument,
    Binary,
    Block,
    Broken,
    Call,
    Choice,
    Field,
    Group,
    If,
    Include,
    Input,
    LayerStatement,
    Let,
    List,
    Lost,
    Number,
    Opaque,
    Parameter,
    Range,
    Repeat,
    Target,
    Template,
    Text,
    Tree,
    Unary,
    Word,
)


def read(definition: str) -> Tree:
    """The tree of a text that must have no mistakes."""
    report = Report()
    tree = parse(Source("test.net", definition), report)
    assert not list(report), "\n".join(text.render(diagnostic) for diagnostic in report)
    return tree


def mistakes(definition: str) -> list[str]:
    """What is said about a text, without its path."""
    report = Report()
    parse(Source("t", definition), report)
    return [concise.render(diagnostic).removeprefix("t:") for diagnostic in report]


def bare(node: Any) -> Any:
    """A node without its places, as plain values: enough to compare, and to read."""
    match node:
        case Number() | Text():
            return node.value
        case Word():
            return f"`{node.value}"
        case List():
            return [bare(item) for item in node.items]
        case Template():
            return ("template", *map(bare, node.parts))
        case Unary():
            return (node.operator, bare(node.operand))
        case Binary():
            return (node.operator, bare(node.left), bare(node.right))
        case Choice():
            return ("?", bare(node.condition), bare(node.then), bare(node.otherwise))
        case Range():
            return ("..", bare(node.first), bare(node.last))
        case Field() | Let():
            return (type(node).__name__, node.name, bare(node.value))
        case Group():
            return ("Group", node.name, *map(bare, node.body))
        case LayerStatement():
            return ("LayerStatement", bare(node.name), bare(node.type), *map(bare, node.body))
        case Input():
            return ("Input", bare(node.name), bare(node.shape))
        case Parameter():
            return node.name if node.default is None else (node.name, bare(node.default))
        case Block():
            return ("Block", node.name, [bare(parameter) for parameter in node.parameters], *map(bare, node.body))
        case Argument():
            return bare(node.value) if node.name is None else (node.name, bare(node.value))
        case Call():
            return ("Call", node.name, *map(bare, node.arguments))
        case Target():
            return node.names if node.unpacks else node.names[0]
        case Repeat():
            return ("Repeat", node.index, bare(node.target), bare(node.over), *map(bare, node.body))
        case If():
            return ("If", bare(node.condition), [*map(bare, node.then)], [*map(bare, node.otherwise)])
        case Include():
            return ("Include", bare(node.path))
        case Opaque():
            return ("Opaque", bare(node.type), *map(bare, node.body))
        case Broken():
            return "broken"
        case Lost():
            return ("Lost", node.keyword, node.name)
        case _:
            return node


def statements(definition: str) -> list[Any]:
    return [bare(statement) for statement in read(definition).body]


def value(expression: str) -> Any:
    """A value as it stands after ``let x =``."""
    (let,) = statements(f"let x = {expression}")
    return let[2]


# ---- protobuf's text format, with protobuf as the judge
Fields = dict[str, list[Any]]


def as_fields(body: tuple[Any, ...]) -> Fields:
    """Our tree as name to values, a message again as such a dictionary; each value has its kind with it."""
    found: Fields = defaultdict(list)
    for statement in body:
        if isinstance(statement, Group):
            found[statement.name].append(("message", as_fields(statement.body)))
            continue
        for item in statement.value.items if isinstance(statement.value, List) else [statement.value]:
            assert isinstance(item, Number | Text | Word)
            found[statement.name].append((type(item).__name__, item.value))
    return dict(found)


def describe(fields: Fields, message: Any, path: str) -> None:
    """A schema that the fields fit: each is repeated, and a message type of its own."""
    for number, (name, values) in enumerate(fields.items(), 1):
        field = message.field.add(name=name, number=number, label=3)
        kinds = {kind for kind, _ in values}
        if kinds == {"message"}:
            inner: Fields = defaultdict(list)
            for _, each in values:
                for key, more in each.items():
                    inner[key] += more
            field.type, field.type_name = 11, f"{path}.M{number}"
            describe(inner, message.nested_type.add(name=f"M{number}"), f"{path}.M{number}")
        elif kinds == {"Text"}:
            field.type = 9
        elif kinds == {"Number"}:
            field.type = 3 if all(isinstance(each, int) for _, each in values) else 1
        else:  # an enum, by word or number; in a message of its own, where its words collide with no other's
            assert kinds <= {"Number", "Word"}, f"{name} has values of several kinds: {values}"
            field.type, field.type_name = 14, f"{path}.E{number}.E"
            enum = message.nested_type.add(name=f"E{number}").enum_type.add(name="E")
            for index, given in enumerate(sorted({each for kind, each in values if kind == "Number"})):
                enum.value.add(name=f"by_number_{index}", number=given)
            for index, word in enumerate(sorted({each for kind, each in values if kind == "Word"}), 1_000_000):
                enum.value.add(name=word, number=index)


def as_protobuf_reads(definition: str, fields: Fields) -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="t.proto", package="t", syntax="proto2")
    describe(fields, file.message_type.add(name="Net"), ".t.Net")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return text_format.Parse(definition, message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Net"))())


def compare(fields: Fields, message: Any) -> None:
    assert set(fields) == {field.name for field, _ in message.ListFields()}
    for field, theirs in message.ListFields():
        ours = fields[field.name]
        assert len(ours) == len(theirs), field.name
        for (kind, our), their in zip(ours, theirs, strict=True):
            if kind == "message":
                compare(our, their)
            elif kind == "Word":
                assert our == field.enum_type.values_by_number[their].name
            else:
                assert our == their, field.name


def definitions(shared: Path) -> list[Path]:
    return sorted(
        path for path in (shared / "corpus" / "prototxt").rglob("*") if path.is_file() and path.name != "index.tsv"
    )


BROKEN = {
    "ALISCIFP__bvlc_alexnet_VReLU/solver.prototxt": "13:1: error[N109]: a merge conflict was left unresolved",
    "HolmesShuan__ResNet-18-Caffemodel-on-ImageNet/solver.prototxt": "15:14: error[N111]: more than one value"
    " for `device_id`",
    "MasazI__crfasrnn-training/TVG_CRFRNN_COCO_VOC.prototxt": "86:1: error[N108]: `//` does not begin a comment here",
    "Nortinwell__VGG-depthwise-SSD/VGG_reduce_300.prototxt": "170:2: error[N110]: a stray `z` behind a brace",
    "mqingkui__vgg-prototxt/VGG_19_layers_train_val.prototxt": "1:1: error[N110]: the file name"
    " `VGG_ILSVRC_19_layers_train_val...` stands alone on a line",
}


def test_real_files_say_what_protobuf_reads(shared: Path) -> None:
    root = shared / "corpus" / "prototxt"
    paths = [path for path in definitions(shared) if str(path.relative_to(root)) not in BROKEN]
    assert len(paths) > 180
    for path in paths:
        definition = path.read_text(encoding="utf-8-sig")
        tree = read(definition)
        assert not tree.has_constructs, path
        fields = as_fields(tree.body)
        compare(fields, as_protobuf_reads(definition, fields))


@pytest.mark.parametrize("name", BROKEN)
def test_real_broken_files_get_their_real_cause(shared: Path, name: str) -> None:
    report = Report()
    source = DISK.open(shared / "corpus" / "prototxt" / name, report)
    assert source is not None
    parse(source, report)
    said = [concise.render(diagnostic).removeprefix(f"{source.path}:") for diagnostic in report]
    assert said[0] == BROKEN[name]
    assert {diagnostic.message for diagnostic in report} == {said[0].partition("]: ")[2]}


def test_comments_are_kept(shared: Path) -> None:
    """Protobuf's tokenizer is the judge of what is a comment."""
    for path in definitions(shared)[::10]:
        definition = path.read_text(encoding="utf-8-sig").replace("\r", "")
        tokenizer: Any = text_format.Tokenizer(definition.split("\n"), skip_comments=False)
        theirs = []
        while not tokenizer.AtEnd():
            if tokenizer.token.startswith("#"):
                theirs.append(tokenizer.token)
            tokenizer.NextToken()
        report = Report()
        ours = [comment.text for comment in parse(Source("", definition), report).comments]
        if not list(report):
            assert [comment.rstrip() for comment in ours] == [comment.rstrip() for comment in theirs], path


@pytest.mark.parametrize(
    "definition",
    [
        "a: 1, b: 2; c { d: 3 }; e < f: 4, g { h: 5 } >",
        "a { b: 1 } a: { b: 2 } a < b: 3 > a: < b: 4 >",
        "a [ { b: 1 }, < b: 2 > ] a: [ { b: 3 } ] c: [1, 2, 3] d: []",
        "a: 0x1F b: 017 c: -0x10 d: -5 e: 1. f: .5 g: 1e-05 h: 1.5f i: 2E+3 j: -1.5 k: 0",
        """a: "x" 'y'
             "z"  b: 'it\\'s' c: "tab\\t quote\\""
             d: "octal\\101 hex\\x41 slash\\\\ u\\u00e9 U\\U0001F600 \\344\\270\\255" """,
        "a#comment\n:#another\n1#third\nb{c:2}#last",
        "\n\ta :\t1\r\n\fb:\v2\r\n",
        "layer { layer: 1 input: 2 let: 3 block { repeat: 4 } if: 5 in: 6 else: 7 include { x: 1 } } and: 8 or: 9",
        "layer: 1 layers { if { x: 1 } } include { phase: TEST } if { y: 1 } opaque: 1",
        "a: MAX b: true c: layer d: if e: and",
        'if { x: 1 } else { y: 2 } else { y: 4 } a: "${x}" b: "costs $5"',
        "a: not b: or c: in d: TEST",
        "a: [1] b: 'x' c: [MAX, AVE]",
        "a { } b: 1 a {} c { d { e { } } }",
    ],
)
def test_text_format(definition: str) -> None:
    tree = read(definition)
    assert not tree.has_constructs
    fields = {name: values for name, values in as_fields(tree.body).items() if values}
    compare(fields, as_protobuf_reads(definition.replace("d: []", ""), fields))


@pytest.mark.parametrize(
    "written", ["[caffe.ext]: 1", "[ caffe.ext ] : 1", "[type.org/a.b-c] { x: 1 }", "a: TEST [e]: 1"]
)
def test_extension_names(written: str) -> None:
    name = read(written).body[-1]
    assert isinstance(name, Field | Group)
    assert name.name == written[written.index("[") : written.index("]") + 1].replace(" ", "")


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**63 - 1))
def test_numbers_mean_what_python_wrote(number: float) -> None:
    (field,) = read(f"a: {number!r}").body
    assert isinstance(field, Field)
    assert bare(field.value) == number


@given(st.text(max_size=30).filter(lambda written: written.isprintable()))
def test_strings_mean_what_protobuf_wrote(content: str) -> None:
    definition = 'a: "' + text_format.text_encoding.CEscape(content.encode(), as_utf8=False) + '"'
    (field,) = read(definition).body
    assert isinstance(field, Field)
    assert bare(field.value) == content


# ---- constructs
def test_layers_inputs_and_blocks() -> None:
    assert statements(
        """
        input "data" [N, 3, 224, 224]
        block conv(name, n = 64, k = 2 + 1) {
          layer name Convolution { num_output: n kernel_size: k pad: k / 2 weight_filler { type: "msra" } }
          layer "${name}/relu" ReLU
        }
        conv("a")  conv("b", 32, k: 5, input: "data");
        layer "x" "my.Type" {} layer "y" ReLU, name: "z"
        include "vgg.net"
        opaque "Ours" { top_shape: [1, "K"] }
        let rows = [[1, 2], [3]]
        """
    ) == [
        ("Input", "data", ["`N", 3, 224, 224]),
        (
            "Block",
            "conv",
            ["name", ("n", 64), ("k", ("+", 2, 1))],
            (
                "LayerStatement",
                "`name",
                "`Convolution",
                ("Field", "num_output", "`n"),
                ("Field", "kernel_size", "`k"),
                ("Field", "pad", ("/", "`k", 2)),
                ("Group", "weight_filler", ("Field", "type", "msra")),
            ),
            ("LayerStatement", ("template", "`name", "/relu"), "`ReLU"),
        ),
        ("Call", "conv", "a"),
        ("Call", "conv", "b", 32, ("k", 5), ("input", "data")),
        ("LayerStatement", "x", "my.Type"),
        ("LayerStatement", "y", "`ReLU"),
        ("Field", "name", "z"),
        ("Include", "vgg.net"),
        ("Opaque", "Ours", ("Field", "top_shape", [1, "K"])),
        ("Let", "rows", [[1, 2], [3]]),
    ]


def test_repeat_and_if() -> None:
    assert statements(
        """
        repeat i in 1..n - 1 { a: i }
        repeat x in [1, 2] { a: x }
        repeat i, (a, b) in rows { if i == 1 { a: b } else if a < b { c: 1 } else { d: 2 } }
        repeat x in rows { }
        repeat x in [n] { }
        if not t and (u or 1 >= 2) { x: 1 }
        else: 3
        """
    ) == [
        ("Repeat", None, "i", ("..", 1, ("-", "`n", 1)), ("Field", "a", "`i")),
        ("Repeat", None, "x", [1, 2], ("Field", "a", "`x")),
        (
            "Repeat",
            "i",
            ("a", "b"),
            "`rows",
            (
                "If",
                ("==", "`i", 1),
                [("Field", "a", "`b")],
                [("If", ("<", "`a", "`b"), [("Field", "c", 1)], [("Field", "d", 2)])],
            ),
        ),
        ("Repeat", None, "x", "`rows"),
        ("Repeat", None, "x", ["`n"]),
        ("If", ("and", ("not", "`t"), ("or", "`u", (">=", 1, 2))), [("Field", "x", 1)], []),
        ("Field", "else", 3),
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1 + 2 * 3 - 4", ("-", ("+", 1, ("*", 2, 3)), 4)),
        ("(1 + 2) * 3", ("*", ("+", 1, 2), 3)),
        ("-x * -2", ("*", ("-", "`x"), -2)),
        ("5-3", ("-", 5, 3)),
        ("a % b / c", ("/", ("%", "`a", "`b"), "`c")),
        ("a == 1 ? b : c ? d : e", ("?", ("==", "`a", 1), "`b", ("?", "`c", "`d", "`e"))),
        ("a or b and not c", ("or", "`a", ("and", "`b", ("not", "`c")))),
        ("[a ? 1 : 2, not b, [c < d]]", [("?", "`a", 1, 2), ("not", "`b"), [("<", "`c", "`d")]]),
        ("1_000_000", 1_000_000),
        ("\"a${x}b\" 'c'", ("template", "a", "`x", "b", "c")),
        ('"${a ? 1 : 2}${b}"', ("template", ("?", "`a", 1, 2), "`b")),
        ('"\\${a}\\t$b"', "${a}\t$b"),
        ("\"${x == 'a' ? '}' : y}\"", ("template", ("?", ("==", "`x", "a"), "}", "`y"))),
        ("true", "`true"),
    ],
)
def test_expressions(written: str, meant: object) -> None:
    assert value(written) == meant


def test_templates_only_in_files_with_constructs() -> None:
    assert statements('name: "${x}"') == [("Field", "name", "${x}")]
    assert statements('name: "${x}" let x = 1')[0] == ("Field", "name", ("template", "`x"))
    assert mistakes(r'name: "\${x}"') == [r"1:8: error[N105]: `\$` means nothing in a string"]


def test_spans_point_at_the_text() -> None:
    tree = read('# c\nlayer "a${n + 1}" ReLU { k: -3 x { y: MAX } z: [1, 2] }\nconv(a, b: 2)\n')
    layer, call = tree.body
    assert isinstance(layer, LayerStatement)
    assert isinstance(call, Call)
    assert isinstance(layer.name, Template)
    assert layer.at.text == 'layer "a${n + 1}" ReLU'
    assert [part.at.text for part in layer.name.parts if not isinstance(part, str)] == ["n + 1"]
    k, x, z = layer.body
    assert isinstance(k, Field)
    assert isinstance(x, Group)
    assert isinstance(z, Field)
    assert (k.at.text, k.value.at.text) == ("k", "-3")
    assert (x.at.text, x.close.text, x.close.line) == ("x", "}", 2)
    assert z.value.at.text == "[1, 2]"
    assert [argument.at.text for argument in call.arguments] == ["a", "b: 2"]
    assert [comment.text for comment in tree.comments] == ["# c"]


def test_examples_parse(shared: Path) -> None:
    paths = sorted((shared / "examples").glob("*.net"))
    assert len(paths) > 5
    for path in paths:
        assert read(path.read_text()).has_constructs, path


# ---- mistakes
def test_one_run_reports_all_mistakes_and_keeps_the_rest() -> None:
    report = Report()
    tree = parse(Source("t", "a: 1\nb 2\nc: 3pad\nd { e: f: 4 }\ng = 5\n@ h: 6\n"), report)
    assert [diagnostic.code for diagnostic in report] == ["N112", "N106", "N113", "N118", "N107"]
    assert [bare(statement) for statement in tree.body] == [
        ("Field", "a", 1),
        ("Field", "b", 2),
        ("Field", "c", "broken"),
        ("Group", "d", ("Field", "e", "broken"), ("Field", "f", 4)),
        ("Field", "g", 5),
        ("Field", "h", 6),
    ]


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ("a { b: 1\n}\n}\nc: 2", ["3:1: error[N103]: `}` closes nothing"]),
        ("layer {\n  a {\n    b: 1\n}\nlayer {\n}\n", ["2:5: error[N102]: `{` is never closed"]),
        ("layer {\n  a {\n    b: 1\n  }\nlayer {\n}\n", ["1:7: error[N102]: `{` is never closed"]),
        ("layer {\n  a {\n    b: 1\n  c: 2\n}\n", ["2:5: error[N102]: `{` is never closed"]),
        ("a {\nb {\nc {\n}\n", ["1:3: error[N102]: `{` is never closed", "2:3: error[N102]: `{` is never closed"]),
        ("a: [1, 2\nb: 3", ["1:4: error[N102]: `[` is never closed"]),
        ('f(1, 2\nlayer "x" ReLU\n', ["1:2: error[N102]: `(` is never closed"]),
        ("f(1, 2\ng(3)\n", ["1:2: error[N102]: `(` is never closed"]),
        ("a < b: 1", ["1:3: error[N102]: `<` is never closed"]),
        ("pool MAX\n", ["1:6: error[N112]: a `:` is missing between `pool` and its value"]),
        ("a:\nb: 1", ["1:1: error[N113]: `a` has no value"]),
        ("let x =\nlet y = 2", ["1:5: error[N113]: `x` has no value"]),
        ('Layer "x" ReLU', ["1:1: error[N110]: `Layer` is no construct"]),
        ("a: k > 3 b: 1", ["1:6: error[N119]: `>` needs parentheses in a field's value"]),
        ("a: not b", ["1:4: error[N119]: `not` needs parentheses in a field's value"]),
        ("let x = [1, 2,]", ["1:15: error[N101]: `]` has no place here"]),
        ("a: xs[0]", ["1:6: error[N101]: `[` has no place here"]),
        ("repeat i 1..3 { a: i }", ["1:10: error[N122]: `repeat` cannot go on with `1`"]),
        ("a: 08", ["1:4: error[N106]: `08` is not a number"]),
        ("a: 1.5.2", ["1:4: error[N106]: `1.5.2` is not a number"]),
        ("a: 0x", ["1:4: error[N106]: `0x` is not a number"]),
        ("a: " + "9" * 5000, [f"1:4: error[N106]: `{'9' * 30}...` is not a number"]),
        ("repeat if in 1..3 { }", ["1:8: error[N117]: `if` is a word of the language"]),
    ],
)
def test_mistakes(definition: str, said: list[str]) -> None:
    assert mistakes(definition) == said


@pytest.mark.parametrize(
    "definition",
    [
        "a {" * 5000 + "}" * 5000,
        "a < " * 5000,
        "a { b < " * 5000,
        "let x = " + "(" * 5000,
        "let x = " + "[" * 5000,
        "let x = " + "-" * 5000 + "1",
        "let x = " + "not " * 5000 + "1",
        "let x = 1" + " + 1" * 5000,
        "let x = 1" + " and 1" * 5000,
        "let x = " + "a ? " * 5000,
        "let x = a" + " ? b : a" * 5000,
        "if a { } " + "else if a { } " * 5000,
    ],
)
def test_depth_is_bounded(definition: str) -> None:
    assert [said.split(" ")[1] for said in mistakes(definition)] == ["error[N114]:"]


def test_a_long_text_is_not_a_deep_one() -> None:
    tree = read("let x = 1 + 1\nf(1 + 1)\nif a < b { }\na: 1 + 1 b { c: -1 }\nlet y = a ? b : c\n" * 500)
    assert len(tree.body) == 3000


def test_junk_is_read_quickly() -> None:
    chance = random.Random(7)
    junk = "".join(chance.choices(string.printable, k=200_000))
    assert len(mistakes(junk)) > 100


# ---- robustness
WORDS = [
    *("layer", "input", "let", "block", "repeat", "in", "if", "else", "include", "opaque", "and", "or", "not"),
    *("{", "}", "(", ")", "[", "]", "<", ">", ":", ",", ";", "=", "==", "!=", "?", "..", "+", "-", "*", "/", "%"),
    *("a", "b", "foo", '"x"', "'y${a}'", '"', "1", "2.5", "0x1f", "3pad", "@", "//c", "#c", "${", "\\", ".", "[a.b]"),
    *("$", '"${x?1:2}"', "<<<<<<<", "=======", ">>>>>>>", "\n", "\n", "\n", "\t", "\u00e9", "\u2028", "\u201cx\u201d"),
]


def render_all(definition: str) -> None:
    report = Report()
    parse(Source("fuzz", definition), report)
    for diagnostic in report:
        assert text.render(diagnostic)


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join))
def test_any_tokens_give_diagnostics_only(definition: str) -> None:
    render_all(definition)


@settings(deadline=None)
@given(st.text())
def test_any_text_gives_diagnostics_only(definition: str) -> None:
    render_all(definition)


def mutate_files(shared: Path, times: int) -> None:
    chance = random.Random(1)
    texts = [
        path.read_text(encoding="utf-8-sig") for path in [*definitions(shared), *(shared / "examples").glob("*.net")]
    ]
    for _ in range(times):
        definition = chance.choice(texts)
        start = chance.randrange(max(1, len(definition) - 1500))
        definition = definition[start : start + 1500]
        for _ in range(chance.randint(1, 6)):
            cut = chance.randrange(len(definition) + 1)
            definition = definition[:cut] + chance.choice([*WORDS, "", ""]) + definition[cut + chance.randint(0, 8) :]
        render_all(definition)


def test_mutated_real_files_give_diagnostics_only(shared: Path) -> None:
    mutate_files(shared, 300)


@pytest.mark.long
def test_many_mutated_real_files_give_diagnostics_only(shared: Path) -> None:
    mutate_files(shared, 100_000)


# ---- the grammar and its tables
def test_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lark raises on reduce/reduce, and only logs a shift that it preferred."""
    monkeypatch.setattr(lark.logger, "level", logging.DEBUG)
    grammar = Path(table_cache.__file__).with_name("net.lark").read_text()

    def conflicts(written: str) -> list[str]:
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="lark"):
            lark.Lark(written, parser="lalr", start=["start", "item"], debug=True)
        return [record.message for record in caplog.records if "conflict" in record.message.lower()]

    assert conflicts(grammar) == []
    assert conflicts(
        grammar.replace('"let" NAME', "NAME")
        .replace("LET NAME", "NAME")
        .replace('NAME "=" item', 'NAME "=" item _end?')
    )


def test_tables_are_kept_and_a_damaged_file_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for _ in range(2):
        assert reads_nothing()
    (kept,) = (tmp_path / "netdef").iterdir()
    whole = kept.read_bytes()
    for damaged in (b"", whole[:1000], b"junk\n" + whole, whole.replace(b"RBRACE", b"RBRAKE")):
        kept.write_bytes(damaged)
        assert reads_nothing()


def test_tables_of_others_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "netdef"
    folder.mkdir()
    folder.chmod(0o777)
    assert reads_nothing()
    assert list(folder.iterdir()) == []
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    (tmp_path / "file").write_text("no folder")
    assert reads_nothing()


def test_reading_tables_runs_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pickle would: here one lies where the tables are looked for."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    table_cache.load_tables()
    (kept,) = (tmp_path / "netdef").iterdir()
    for protocol in range(6):
        harm = pickle.dumps(_Harm(tmp_path / "harm"), protocol)
        kept.write_bytes(harm)
        assert reads_nothing()
        kept.write_bytes(crc32(harm).to_bytes(4, "big") + harm)
        with suppress(ValueError, EOFError, TypeError):
            table_cache.load_tables()
    assert not (tmp_path / "harm").exists()


def reads_nothing() -> bool:
    """Whether the tables that are kept, or made, take a text without tokens."""
    grammar = Grammar(table_cache.load_tables(), BUILDER)
    return bool(parse_tokens(Tokens(Source("", "")), grammar, "start") == ())


class _Harm:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @override
    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_tables_are_not_read_through_a_link_or_from_a_file_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    table_cache.load_tables()
    (kept,) = (tmp_path / "netdef").iterdir()
    assert table_cache._read(kept) is not None
    kept.chmod(0o666)
    assert table_cache._read(kept) is None
    moved = kept.rename(tmp_path / "elsewhere")
    moved.chmod(0o600)
    kept.symlink_to(moved)
    assert table_cache._read(kept) is None
    (tmp_path / "netdef").rename(tmp_path / "real")
    (tmp_path / "netdef").symlink_to(tmp_path / "real")
    assert table_cache._file_for("grammar") is None


@pytest.mark.parametrize("variable", ["XDG_CACHE_HOME", "HOME"])
def test_tables_are_never_looked_for_in_the_working_folder(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository that somebody else made may hold such a folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv(variable, "relative")
    place = table_cache._file_for("grammar")
    assert place is None or place.is_relative_to(tmp_path / "home")
    assert not (tmp_path / "relative").exists()


# ---- files
def read_bytes(path: Path, data: bytes) -> tuple[Source | None, list[Diagnostic]]:
    path.write_bytes(data)
    report = Report()
    return DISK.open(path, report), list(report)


def test_reading_text(tmp_path: Path) -> None:
    path = tmp_path / "a.net"
    for data in (b"\xef\xbb\xbfa: 1\r\n", b"a: 1\r\n"):
        source, said = read_bytes(path, data)
        assert source is not None
        assert (source.text, source.lines, said) == ("a: 1\r\n", ["a: 1", ""], [])
    assert statements("\ufeffa: 1") == [("Field", "a", 1)]


def test_reading_what_is_not_utf8_warns(tmp_path: Path) -> None:
    source, (said,) = read_bytes(tmp_path / "a.net", "a: 1  # größe\n".encode("latin-1"))
    assert source is not None
    assert bare(parse(source, Report()).body[0]) == ("Field", "a", 1)
    assert (
        concise.render(said).removeprefix(str(tmp_path)) == f"/a.net:1:11: warning[N003]: {tmp_path}/a.net is not UTF-8"
    )


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"a\0b", "N004"),
        ("a: 1".encode("utf-16"), "N003"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n", "N004"),
        (b"#" * (LARGEST + 1), "N004"),
    ],
)
def test_reading_what_is_no_text(tmp_path: Path, data: bytes, code: str) -> None:
    source, said = read_bytes(tmp_path / "a.net", data)
    assert source is None
    assert [diagnostic.code for diagnostic in said] == [code]


def test_reading_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret.net").write_text("a: 1")
    (tmp_path / "secret.net").chmod(0)
    cases = {"none.net": "N001", "no/folder.net": "N001", ".": "N002"} | (
        {} if os.getuid() == 0 else {"secret.net": "N002"}
    )
    for name, code in cases.items():
        report = Report()
        assert DISK.open(tmp_path / name, report) is None
        assert [diagnostic.code for diagnostic in report] == [code], name


def test_a_file_that_is_not_there_may_have_a_near_name(tmp_path: Path) -> None:
    (tmp_path / "vgg16.net").write_text("")
    said = []
    for name in ("vgg61.net", "alexnet.net", "no/vgg16.net"):
        report = Report()
        DISK.open(tmp_path / name, report)
        said.append(report.errors[0].help)
    assert said == [
        f'did you mean "{tmp_path / "vgg16.net"}"?',
        "is the path relative to another folder?",
        f"there is no folder {tmp_path / 'no'} either",
    ]
