"""One style: what it makes of texts, and that that it only moves words: net, words and comments stay."""

import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdef.compiler.diagnostics import Report
from netdef.compiler.formatting.format_text import format_edits, format_text
from netdef.compiler.source import Source
from netdef.compiler.syntax.parser import parse

ROOT = Path(__file__).parents[3]
NETS = sorted((ROOT / "nets").glob("*.net"))


def formatted(text: str) -> str:
    report = Report()
    made = format_text(Source("<test>", text), report)
    assert not report.errors, [each.message for each in report.errors]
    return made


def becomes(before: str, after: str) -> None:
    """Hold a text against the style; both are written with an indent that isn't theirs."""
    wanted = _dedented(after)
    assert formatted(_dedented(before)) == wanted
    assert formatted(wanted) == wanted


def _dedented(text: str) -> str:
    return "".join(f"{line.removeprefix('        ')}\n" for line in text.strip("\n").rstrip().splitlines())


# ---- words and comments, found by a few lines that know nothing of our lexer
_WORDS = re.compile(
    r"""#[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\.\.|(?:\w|\.(?!\.))+(?:(?<=[eE])[+-]\d+)?|[^\s\w]"""
)


def words(text: str) -> list[str]:
    """Words, numbers, strings without their quotes, and signs but for those that prototxt doesn't need."""
    found = [word for word in _WORDS.findall(text) if word[0] not in "#,;"]
    found = [word[1:-1] if word[0] in "\"'" else {"<": "{", ">": "}"}.get(word, word) for word in found]
    return [word for word, following in zip(found, [*found, ""][1:], strict=True) if (word, following) != (":", "{")]


def comments(text: str) -> list[str]:
    return [word.rstrip() for word in _WORDS.findall(text) if word[0] == "#"]


def stays_the_same(before: str, after: str) -> None:
    assert words(after) == words(before)
    assert comments(after) == comments(before)
    again = [(edit.range, edit.replacement) for edit in format_edits(parse(Source("<test>", after), Report()))]
    assert again == [], f"{before!r} became {after!r}"


# ---- the style
def test_spaces_quotes_and_separators() -> None:
    becomes(
        """
        name : 'odd';   input: "data", input_shape < dim:1,dim: 3 >
        layer
        {
        \tname:"conv" ,\ttype :'Convolution'
        \tconvolution_param: { num_output:8 kernel_size:[3,5] }
        \tparam {lr_mult:1} param{ lr_mult :2 }

        }
        layer { }
        """,
        """
        name: "odd" input: "data" input_shape { dim: 1 dim: 3 }
        layer {
          name: "conv" type: "Convolution"
          convolution_param { num_output: 8 kernel_size: [3, 5] }
          param { lr_mult: 1 } param { lr_mult: 2 }
        }
        layer {}
        """,
    )


def test_what_is_written_on_one_line_stays_there_if_it_fits() -> None:
    stays = """
        layer "conv" Convolution { num_output: 8 kernel_size: 3 pad: 1 weight_filler { type: "msra" } }
        layer "pool" Pooling {
          kernel_size: 3 stride: 2
          pool: MAX
        }
        """
    becomes(stays, stays)


def test_a_message_that_does_not_fit_has_a_line_for_each_statement_but_for_those_of_one_name() -> None:
    becomes(
        """
        layer { name: "conv_one_1" type: "Convolution" bottom: "data" top: "conv1_1" param { lr_mult: 1 } param { lr_mult: 2.00 } }
        """,  # noqa: E501
        """
        layer {
          name: "conv_one_1"
          type: "Convolution"
          bottom: "data"
          top: "conv1_1"
          param { lr_mult: 1 } param { lr_mult: 2.00 }
        }
        """,
    )


def test_layers_as_published_in_old_files() -> None:
    becomes(
        """
        layers { bottom: 'data' top: 'conv1_1' name: 'conv1_1' type: CONVOLUTION
          blobs_lr: 1 blobs_lr: 2 weight_decay: 1 weight_decay: 0
          convolution_param { engine: CAFFE num_output: 64 pad: 100 kernel_size: 3 } }
        layers { bottom: 'conv1_1' top: 'conv1_1' name: 'relu1_1' type: RELU } layers { name: "x" type: RELU }
        """,
        """
        layers {
          bottom: "data" top: "conv1_1" name: "conv1_1" type: CONVOLUTION
          blobs_lr: 1 blobs_lr: 2 weight_decay: 1 weight_decay: 0
          convolution_param { engine: CAFFE num_output: 64 pad: 100 kernel_size: 3 }
        }
        layers { bottom: "conv1_1" top: "conv1_1" name: "relu1_1" type: RELU }
        layers { name: "x" type: RELU }
        """,
    )


def test_comments_stay_where_they_are() -> None:
    becomes(
        """
        # of the file


        layer {   # of the layer
              name: "a" # of the name
        #    type: "b"
        #      top: "c"
            type: "ReLU"      # in a column
            top: "c"          # of its author's

            # the last in it
        } # behind it
        include "x.net"       # by itself
        a: 1 # unaligned
        abc: 1 # of no column
        layer # before the brace
        { name: "x" }
        # the last of all""",
        """
        # of the file

        layer {   # of the layer
          name: "a"  # of the name
          #    type: "b"
          #      top: "c"
          type: "ReLU"        # in a column
          top: "c"            # of its author's

          # the last in it
        }  # behind it
        include "x.net"       # by itself
        a: 1  # unaligned
        abc: 1  # of no column
        layer  # before the brace
        {
          name: "x"
        }
        # the last of all
        """,
    )


def test_constructs() -> None:
    becomes(
        """
        let n=[ [1,2],[3 , -4] ]
        block conv( i,k = 1 ){ layer "c${i}" Convolution{num_output:4*k bias_term:(k==1?true:false)} }
        repeat i in 1 .. 3 { conv( i , k : 2 ) }
        repeat s,( a,b ) in n
        { if a+1 <b and not false { conv(a) } else if -a>= 2{
          conv(b) } else
          { conv( s, input: "x" ) } }
        opaque  "T" at "t"{ top_shape:[1,"K"] }
        conv(1) conv(2)
        conv(3) let m = 1
        """,
        """
        let n = [[1, 2], [3, -4]]
        block conv(i, k = 1) { layer "c${i}" Convolution { num_output: 4 * k bias_term: (k == 1 ? true : false) } }
        repeat i in 1..3 { conv(i, k: 2) }
        repeat s, (a, b) in n {
          if a + 1 < b and not false {
            conv(a)
          } else if -a >= 2 {
            conv(b)
          } else {
            conv(s, input: "x")
          }
        }
        opaque "T" at "t" { top_shape: [1, "K"] }
        conv(1) conv(2)
        conv(3)
        let m = 1
        """,
    )


def test_lists_and_strings() -> None:
    long = ", ".join(str(11111111 * i) for i in range(1, 10))
    becomes(
        f"""
        let long = [ {long},  {long} ]
        let table = [
            [1, 2], [3, 4], # first
            [5, 6] ]
        layer {{ python_param {{ param_str: "a"
                               'b' 'c"' }} }}
        prior {{ boxes [ {{ a: 1 }}, < b:2
          > ] }}
        """,
        """
        let long = [
          11111111, 22222222, 33333333, 44444444, 55555555, 66666666, 77777777, 88888888, 99999999, 11111111, 22222222,
          33333333, 44444444, 55555555, 66666666, 77777777, 88888888, 99999999
        ]
        let table = [
          [1, 2], [3, 4],  # first
          [5, 6]
        ]
        layer {
          python_param {
            param_str: "a"
              "b" 'c"'
          }
        }
        prior {
          boxes [
            { a: 1 },
            {
              b: 2
            }
          ]
        }
        """,
    )


@pytest.mark.parametrize("text", ["", "\n\n", " \t\r\n"])
def test_an_empty_text_is_empty(text: str) -> None:
    assert formatted(text) == ""


def test_lines_before_a_text_make_no_difference() -> None:
    assert formatted("\n\na: 1 b: 2") == formatted("a: 1 b: 2") == "a: 1 b: 2\n"


def test_line_ends_are_those_of_the_file() -> None:
    assert formatted("a: 1\r\n\r\n\r\nb { c: 2 # d \r\n}") == "a: 1\r\n\r\nb {\r\n  c: 2  # d\r\n}\r\n"
    assert formatted("a: 1\nb: 2\r\n") == "a: 1\nb: 2\n"


def test_a_text_with_mistakes_stays_as_it_is() -> None:
    report = Report()
    text = 'layer { name :"a" }}\n'
    assert format_text(Source("<test>", text), report) == text
    assert [each.code for each in report.errors] == ["N103"]


def test_ten_thousand_layers_on_one_line() -> None:
    line = 'layer { name: "a" type: "ReLU" } ' * 10_000
    made = formatted(line)
    assert made.count("\n") == 10_000
    assert words(made) == words(line)


# ---- all that is at hand
@pytest.mark.parametrize("path", NETS, ids=lambda path: path.name)
def test_our_own_nets_are_in_the_style(path: Path) -> None:
    text = path.read_text("utf-8")
    assert formatted(text) == text


def test_examples_of_the_manual_keep_their_words() -> None:
    """Examples of mistakes are nets, too: those that can be read are formatted as any other."""
    for path in sorted((ROOT / "compiler/explain").glob("*.net")):
        text, report = path.read_text("utf-8", "replace"), Report()
        made = format_text(Source(path.name, text), report)
        if not report.errors:
            stays_the_same(text, made)


def test_published_files_keep_nets_words_and_comments(shared: Path) -> None:
    """All that can be read of 192 published files; that their trees stay is held by the formatter itself."""
    paths = [
        path for path in sorted((shared / "corpus/prototxt").rglob("*")) if path.is_file() and path.suffix != ".tsv"
    ]
    num_read = 0
    for path in paths:
        text, report = path.read_bytes().decode("utf-8", "replace"), Report()
        made = format_text(Source(path.name, text), report)
        if not report.errors:
            num_read += 1
            stays_the_same(text, made)
    assert (len(paths), num_read) == (192, 187)


# ---- texts of any kind, blanks and comments anywhere
_BLANKS = (" ", " ", " ", "\n", "\n", "  ", "\t", "\n\n\n", "\r\n", " # c\n", "\n# d\n", "\n  #e\n   # f\n\n", "#g\n")


class _Texts:
    """Random statements, as words with anything that may stand between them."""

    def __init__(self, random: Random, constructs: bool) -> None:
        self.random = random
        self.constructs = constructs

    def body(self, depth: int) -> list[str]:
        found = []
        for _ in range(self.random.randint(0, 4)):
            found += self.statement(depth)
            if self.random.random() < 0.1:
                found.append(self.random.choice(",;"))
        return found

    def statement(self, depth: int) -> list[str]:
        kinds = ["field", "field", "several", *(["group", "group", "angle", "groups"] if depth < 4 else [])]
        if self.constructs:
            kinds += ["let", "layer", "call", "plain", *(["repeat", "choice", "block"] if depth < 4 else [])]
        made: list[str] = getattr(self, self.random.choice(kinds))(depth)
        return made

    def name(self) -> str:
        return self.random.choice(
            ["a", "param", "layer", "layers", "lr_mult", "include", "input", "a_rather_long_field_name"]
        )

    def literal(self) -> str:
        choices = [
            "1",
            "-2",
            "0.5",
            "1e-4",
            "MAX",
            "true",
            '"x y"',
            "'single'",
            "'a\"b'",
            '"' + "long " * self.random.randint(0, 25) + '"',
        ]
        return self.random.choice(choices)

    def value(self) -> list[str]:
        if not self.constructs or self.random.random() < 0.7:
            return [self.literal()]
        return self.random.choice(
            [["a", "+", "2", "*", "(", "b", "-", "1", ")"], ["-", "a"], ["(", "a", "<", "2", ")"]]
        )

    def field(self, depth: int) -> list[str]:
        strings = ['"p"', "'q'"] if self.random.random() < 0.1 else []
        return [self.name(), ":", *(strings or self.value())]

    def several(self, depth: int) -> list[str]:
        items = [self.literal() for _ in range(self.random.randint(1, 12))]
        return [self.name(), ":", "[", *[word for item in items for word in (item, ",")][:-1], "]"]

    def group(self, depth: int) -> list[str]:
        return [self.name(), *self.random.choice([[], [":"]]), "{", *self.body(depth + 1), "}"]

    def angle(self, depth: int) -> list[str]:
        return [self.name(), ":", "<", *self.field(depth), *self.field(depth), ">"]

    def groups(self, depth: int) -> list[str]:
        return [self.name(), "[", "{", *self.body(depth + 1), "}", ",", "{", *self.field(depth), "}", "]"]

    def let(self, depth: int) -> list[str]:
        return ["let", "v", "=", *self.value()]

    def layer(self, depth: int) -> list[str]:
        body = ["{", *self.body(depth + 1), "}"] if self.random.random() < 0.7 else []
        return ["layer", '"n${i}"', "Type", *body]

    def call(self, depth: int) -> list[str]:
        return ["conv", "(", *self.value(), ",", "k", ":", "a", "?", "1", ":", "2", ")"]

    def plain(self, depth: int) -> list[str]:
        included = ["include", '"blocks.net"']
        image = ["input", "'data'", "[", "N", ",", "3", ",", "2", "*", "n", "]"]
        opaque = ["opaque", '"T"', *self.random.choice([[], ["at", "'t'"]]), "{", *self.several(depth), "}"]
        values = [word for _ in range(self.random.randint(1, 9)) for word in (self.literal(), ",")][:-1]
        return self.random.choice([included, image, opaque, ["stage", "(", *values, ")"]])

    def block(self, depth: int) -> list[str]:
        parameters = ["(", "a", ",", "b", "=", self.literal(), ",", "c", "=", "[", "1", ",", "2", "]", ")"]
        return ["block", "conv", *parameters, "{", *self.body(depth + 1), "}"]

    def repeat(self, depth: int) -> list[str]:
        head = self.random.choice(
            [["i", "in", "1", "..", "n"], ["i", ",", "(", "a", ",", "b", ")", "in", "[", "[", "1", ",", "2", "]", "]"]]
        )
        return ["repeat", *head, "{", *self.body(depth + 1), "}"]

    def choice(self, depth: int) -> list[str]:
        otherwise = ["else", "{", *self.body(depth + 1), "}"] if self.random.random() < 0.5 else []
        return ["if", "a", "==", "2", "{", *self.body(depth + 1), "}", *otherwise]

    def text(self) -> str:
        made = [word for _ in range(3) for word in self.body(0)]
        return "".join(f"{word}{self.random.choice(_BLANKS)}" for word in made)


def _holds(text: str) -> None:
    report = Report()
    parse(Source("<test>", text), report)
    if not report.errors:
        stays_the_same(text, formatted(text))


@given(st.randoms(use_true_random=False), st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_text_keeps_its_words_and_is_formatted_once(random: Random, constructs: bool) -> None:
    _holds(_Texts(random, constructs).text())


@pytest.mark.long
@given(st.randoms(use_true_random=True), st.booleans())
@settings(max_examples=20_000, deadline=None)
def test_very_many_texts_keep_their_words(random: Random, constructs: bool) -> None:
    _holds(_Texts(random, constructs).text())
