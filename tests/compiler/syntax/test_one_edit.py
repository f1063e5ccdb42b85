"""Each word and sign of a net, changed in each way: a text that can't be read says one thing, whatever was changed."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.load import analyse, load_expanded
from netdef.compiler.net_error import NetError

SHORT = """# a small net
let width = 8
input "label" [1]
input "data" [1, 3, 8, 8]
block conv(name, n = 16) {
  layer "${name}" Convolution { bottom: input num_output: n kernel_size: 3 pad: 1 }
  layer "${name}/relu" ReLU
}
conv("conv1", n: width * 2)
repeat i in 1..2 {
  conv("conv${i + 1}")
}
if width == 8 {
  layer "pool" Pooling { pool: MAX kernel_size: 2 stride: 2 }
} else {
  layer "pool" Pooling { pool: AVE kernel_size: 2 stride: 2 }
}
layer "fc" InnerProduct {
  num_output: 10
  weight_filler { type: "xavier" }
}
layer "loss" SoftmaxWithLoss { bottom: "fc" bottom: "label" top: "loss" }
"""

PROTOTXT = """name: "little"
layer {
  name: "data"
  type: "Input"
  top: "data"
  input_param { shape: { dim: 1 dim: 3 dim: 8 dim: 8 } }
}
layer {
  name: "conv"
  type: "Convolution"
  bottom: "data"
  top: "conv"
  param { lr_mult: 1 decay_mult: 1 }
  convolution_param {
    num_output: 4
    kernel_size: 3
    weight_filler { type: "gaussian" std: 0.01 }
  }
}
layer {
  name: "prob"
  type: "Softmax"
  bottom: "conv"
  top: "prob"
}
"""

LOOPS = """input "data" [2, 3, 16, 16]
let sizes = [4, 8]
let deep = true
let rows = [[1, 4], [3, 8]]
repeat k, n in sizes {
  layer "conv${k}" Convolution { num_output: n kernel_size: (deep and k < 3 ? 3 : 1) pad: (deep and k < 3 ? 1 : 0) }
}
repeat (k, n) in rows {
  layer "c${k}x${n}" Convolution {
    num_output: n
    kernel_size: k
    pad: k / 2
  }
}
if deep or not (1 == 1) {
  layer "norm" LRN { local_size: 5 alpha: 1e-4 }
} else if 1 + 2 * 3 > 7 {
  layer "norm" ReLU
}
block tower(size, stages = 2) {
  repeat s in 1..stages { layer "t${size}_${s}" Power { power: s } }
}
tower(3, stages: 1)
tower(size: 5)
layer "out" Eltwise { bottom: "t3_1" bottom: "t5_1" }
"""

NETS = {"short form": SHORT, "prototxt": PROTOTXT, "loops": LOOPS}

_TOKEN = re.compile(r'"[^"\n]*"|[A-Za-z_]\w*|\d+(?:\.\d+)?(?:e[-+]?\d+)?\w*|\.\.|==|!=|<=|>=|[^\s\w]')
_INSTEAD = ("foo", "7", '"s"', ",", "@", "(", ")", "[", "]")


def changes(text: str) -> Iterator[str]:
    """Each word and sign deleted, doubled, replaced, and exchanged with the next one."""
    tokens = [*_TOKEN.finditer(re.sub(r"#[^\n]*", lambda comment: " " * len(comment[0]), text))]
    for found, following in zip(tokens, [*tokens[1:], None], strict=True):
        (start, end), token = found.span(), found[0]
        yield f"{text[:start]} {text[end:]}"
        yield f"{text[:start]}{token} {text[start:]}"
        yield from (f"{text[:start]} {instead} {text[end:]}" for instead in _INSTEAD if instead != token)
        if following is not None and following[0] != token:
            between = text[end : following.start()] or " "
            yield f"{text[:start]} {following[0]}{between}{token} {text[following.end() :]}"


def found_in(text: str) -> list[Diagnostic]:
    """What is said of a text."""
    return list(analyse(text, path="changed.net").report)


def is_of_the_text(said: Diagnostic) -> bool:
    """Whether a mistake is one of the text itself: of all others, the text can be read."""
    return len(said.code) == 4 and said.code.startswith("N1")


@pytest.mark.parametrize("name", NETS)
def test_the_nets_are_right(name: str) -> None:
    assert found_in(NETS[name]) == []


def said_more_than_once(texts: list[str]) -> list[str]:
    """The texts that can't be read and say several things.

    What still reads well says something else (`top` that is now `foo`, a loop from 7 to 1), and isn't asked for.
    """
    found = ((text, found_in(text)) for text in texts)
    return [text for text, said in found if len(said) > 1 and any(map(is_of_the_text, said))]


@pytest.mark.parametrize("name", NETS)
def test_a_change_that_makes_a_text_unreadable_is_said_once(name: str) -> None:
    assert said_more_than_once(random.Random(name).sample([*changes(NETS[name])], 100)) == []


@pytest.mark.long
@pytest.mark.parametrize("name", NETS)
def test_of_all_changes_none_is_said_more_than_once(name: str) -> None:
    assert said_more_than_once([*changes(NETS[name])]) == []


@pytest.mark.parametrize("name", NETS)
def test_so_it_is_in_a_file_that_is_included_and_where_it_is_expanded(name: str, tmp_path: Path) -> None:
    main, part = tmp_path / "main.net", tmp_path / "part.net"
    main.write_text('include "part.net"\n')
    for text in random.Random(name).sample([*changes(NETS[name])], 40):
        part.write_text(text)
        said = list(analyse(path=main).report)
        assert len(said) <= 1 or not any(map(is_of_the_text, said)), text
        for path in (main, part):
            expanded = said_when_expanded(path)
            assert len(expanded) <= 1 or not any(map(is_of_the_text, expanded)), text


def said_when_expanded(path: Path) -> list[Diagnostic]:
    """What is said of a file that is printed as prototxt."""
    try:
        load_expanded(str(path), {})
    except NetError as error:
        return list(error.report)
    return []


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        ('conv("conv1"', 'conv "conv1"', "N103"),
        ("conv(name", "conv name", "N103"),
        ("[1, 3, 8, 8]", "1, 3, 8, 8]", "N103"),
        ("[1, 3, 8, 8]", "[[1, 3, 8, 8]", "N102"),
        ('conv("conv1"', 'conv(("conv1"', "N102"),
        ("let width = 8", "let = 8", "N122"),
        ("let width = 8", "foo width = 8", "N110"),
        ("InnerProduct {", "InnerProduct InnerProduct {", "N122"),
        ('input "label"', '"label"', "N122"),
        ("repeat i in", "i in", "N122"),
        ("if width == 8", "width == 8", "N122"),
        ('"fc" InnerProduct', '"fc" "fc" InnerProduct', "N122"),
        ('conv("conv1", n: width * 2)', "conv( ) , n: width * 2)", "N103"),
        ('"${name}/relu" ReLU\n}', '"${name}/relu" }\nReLU', "N122"),
        ("bottom: input num_output: n", "bottom: input foo 2 num_output: n", "N112"),
        ("block conv", "block", "N122"),
        ("if width == 8", "if == 8", "N122"),
        ("} else", "else", "N121"),
        ('"pool" Pooling', '"pool", Pooling', "N101"),
        ("stride: 2 }", "stride: , }", "N113"),
        ("kernel_size: 3 pad", "kernel_size: 3 : pad", "N101"),
    ],
)
def test_what_is_noticed_at_several_places_is_said_once(right: str, wrong: str, code: str) -> None:
    assert right in SHORT
    assert [said.code for said in found_in(SHORT.replace(right, wrong, 1))] == [code]


def test_two_slips_in_two_statements_are_two_mistakes() -> None:
    text = SHORT.replace('conv("conv1"', 'conv "conv1"').replace("num_output: 10", "num_output: , ")
    assert len(found_in(text)) == 2
    text = SHORT.replace("let width = 8", "let = 8").replace('"pool" Pooling { pool: AVE', '"pool" Pooling ( pool: AVE')
    assert len(found_in(text)) == 2


def test_of_two_edits_of_one_place_one_is_made() -> None:
    """The first mistake's edit changes what a later one's would, too."""
    text = """b: (["s", ((1 a 1 : -0.5) ? (1 ? 1 : -0.5) : x)] + d)
layer "c${(-0.5 ? -0.5 : (--0.5 == [[1, 2], i]))}" c {  }
layer "a${a}" a   }

layer "l" TanH { top: "t0" top: "t1" engine: CUDNN }"""
    assert analyse(text).report.errors
