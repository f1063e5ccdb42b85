"""Texts that nobody would write, through all that reads and draws them: mistakes, and never another exception.

A few seconds by default; ``--long`` tries a hundred thousand. A text that fails is shown with its number, by which it
is made again: ``text(number)``.
"""

import random
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from netdef.compiler.all_phases import analyse_phases
from netdef.compiler.apply_fixes import apply_fixes
from netdef.compiler.files import Files
from netdef.compiler.fix_files import fix_files
from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import Layer
from netdef.compiler.load import analyse
from netdef.compiler.net.net import Net
from netdef.compiler.render.formats import FORMATS
from netdef.compiler.request import NetRequest
from netdef.compiler.schema.caffe import Phase
from netdef.compiler.schema.message import Message, Param, ProtoEnum
from netdef.compiler.views.dot import dot
from netdef.compiler.views.prototxt import write, write_net
from netdef.compiler.views.summary import FORMATS as TABLES
from netdef.compiler.views.summary import render

NETS = Path(__file__).parents[2] / "nets"
SECONDS = 5
"""What one text may take."""
GROWTH = 2**20
"""KiB that one text may add to the greatest memory of the process."""
SIZES = ("0", "1", "2", "3", "-1", "-2", "7", "255", "2147483647", "2147483648", "9223372036854775807", "9" * 30)
NUMBERS = (
    *SIZES,
    "0.5",
    "-0.5",
    "1e-30",
    "1e38",
    "1e39",
    "1e308",
    "1e999",
    "inf",
    "-inf",
    "nan",
    "9" * 400,
    ".5e",
    "08",
)
PIECES = (
    *"{}[]()<>:;,=?+-*/%#.\"'\\\r\n\t\0\x01\x1b\x85\u2028\ufeff\ud7ff\U0001f600e\u0301",
    *NUMBERS, "layer", "layers", "input", "let", "block", "repeat", "if", "else", "include", "opaque", "at", "in",
    "and", "or", "not", "true", "false", "expect", "preprocess", "dim: 1",
    "..", "==", "<=", "${", "${x}", "\\$", "//", "/*",
    "*/", "<<<<<<< a\n", "=======\n", ">>>>>>> b\n", "\u201cx\u201d", 'include "a.net"', "include a.net\n",
    'bottom: "d"', 'top: "d"',
)  # fmt: skip


VALUES: tuple[str, ...] = (
    *NUMBERS, *"abcdxi", "input", '"s"', '"${a}"', "true", "[]", "[1, 2]", "[[1], [2, 3]]",
)  # fmt: skip


V1 = """
name: "old" input: "data" input_dim: 1 input_dim: 3 input_dim: 9 input_dim: 9
layers { name: "conv" type: CONVOLUTION bottom: "data" top: "conv" blobs_lr: 1 blobs_lr: 2 weight_decay: 1
         convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "gaussian" std: 0.01 } } }
layers { name: "relu" type: RELU bottom: "conv" top: "conv" }
layers { name: "pool" type: POOLING bottom: "conv" top: "pool" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layers { name: "fc" type: INNER_PRODUCT bottom: "pool" top: "fc" inner_product_param { num_output: 5 } }
layers { name: "prob" type: SOFTMAX bottom: "fc" top: "prob" include { phase: TEST } }
"""
"""A net of Caffe's older format."""


# ---- texts
def text(number: int) -> str:
    """One text: a net of ours that was damaged, or one made by the grammar, some of them damaged too."""
    random_ = random.Random(number)
    kind = number % 5
    if kind < 2:
        whole = random_.choice(_prototxts() if kind else _nets())
        return _damaged(_piece(whole, random_) if random_.random() < 0.7 else whole, random_)
    written = (_made, _one_layer, _chain)[kind - 2](random_)
    return _damaged(written, random_) if random_.random() < 0.3 else written


@cache
def _nets() -> list[str]:
    return [path.read_text("utf-8") for path in sorted(NETS.glob("*.net"))]


@cache
def _prototxts() -> list[str]:
    """The shorter of the same as Caffe reads them, and one of its older format."""
    expanded = [analyse(path=str(path)).expanded for path in sorted(NETS.glob("*.net"))]
    written = [write(each) for each in expanded if each is not None]
    return [each for each in written if each.strip() and len(each) < 20_000] + [V1]


def _piece(text: str, random_: random.Random) -> str:
    """Some lines of a text, which may begin and end within a layer."""
    lines = text.splitlines(keepends=True)
    start = random_.randrange(len(lines))
    return "".join(lines[start : start + random_.choice((5, 20, 40))])


def _damaged(text: str, random_: random.Random) -> str:
    for _ in range(random_.choice((1, 1, 2, 5, 30))):
        start = random_.randrange(len(text) + 1)
        end = min(start + random_.choice((0, 0, 1, 1, 5, 50, 500)), len(text))
        other = random_.randrange(len(text) + 1)
        put = random_.choice(("", random_.choice(PIECES), text[other : other + random_.choice((1, 10, 200))]))
        text = text[:start] + put + text[end:]
    return text


def _made(random_: random.Random, depth: int = 0) -> str:
    """Statements of the grammar, with names that mostly mean something."""
    return "\n".join(_statement(random_, depth) for _ in range(random_.randrange(1, 6)))


def _chain(random_: random.Random) -> str:
    """Layers one upon another, each in one of the three ways in which they are written."""
    random_shape = ", ".join(random_.choice(SIZES[1:7]) for _ in range(random_.choice((2, 4, 4))))
    lines = (
        [f'input "b0" [{random_shape}]']
        if random_.random() < 0.5
        else ['input: "b0"', f"input_shape {{ {' '.join(f'dim: {size}' for size in random_shape.split(', '))} }}"]
    )
    lines += [_layer(index, random_) for index in range(random_.randrange(1, 7))]
    return random_.choice(("\n", "\n", " ")).join(lines)


def _layer(index: int, random_: random.Random) -> str:
    kind = random_.choice(_types())
    bottom = random_.choice((index, index, index, random_.randrange(index + 1)))
    top = random_.choice((index + 1, index + 1, index + 1, bottom))
    ends = f'bottom: "b{bottom}" top: "b{top}"'
    own = _fields(kind.own_fields, random_)
    beside = _fields(dict(kind.fields_beside), random_)
    rule = random_.choice(("", "", "", "include { phase: TRAIN }", 'exclude { stage: "a" }', "param { lr_mult: 2 }"))
    message = f"{kind.message} {{ {own} }}" if kind.message and random_.random() < 0.8 else ""
    way = random_.random()
    if way < 0.4:
        return f'layer "l{index}" {kind.type_name} {{ {ends} {own} {rule} }}'
    if way < 0.8 or kind.v1 is None:
        return f'layer {{ name: "l{index}" type: "{kind.type_name}" {ends} {message} {beside} {rule} }}'
    return f'layers {{ name: "l{index}" type: {kind.v1.word} {ends} {message} {beside} }}'


def _statement(random_: random.Random, depth: int) -> str:
    name = random_.choice("abcdx")
    value = _expression(random_)
    inner = _made(random_, depth + 1) if depth < 4 and random_.random() < 0.6 else ""
    return random_.choice(
        (
            f"let {name} = {value}",
            f'input "{name}" [{", ".join(random_.choice(SIZES[:7]) for _ in range(random_.randrange(5)))}]',
            f"block {name}(x, y = {value}) {{ {inner} }}",
            f"{name}({value}, y: {value})",
            f"repeat {name} in {random_.choice((f'1..{value}', value, '[1, 2]'))} {{ {inner} }}",
            f"repeat i, (a, b) in [[1, 2], [{value}, 3]] {{ {inner} }}",
            f"if {value} {{ {inner} }} else {{ {inner} }}",
            f'include "{random_.choice(("a.net", "main.net", "gone.net", "a/../a.net"))}"',
            f'opaque "{name}" {{ top_shape: [1, "K", {value}] }}',
            f'layer "{name}${{{value}}}" {name} {{ {inner} }}',
            f"{name}: {value}",
            f"{name} {{ {inner} }}",
            f'expect {{ params: {value} blob {{ name: "{name}" shape: [{value}] }} }}',
            _one_layer(random_),
        )
    )


def _expression(random_: random.Random, depth: int = 0) -> str:
    if depth > 3 or random_.random() < 0.4:
        return random_.choice(VALUES)
    one, other = _expression(random_, depth + 1), _expression(random_, depth + 1)
    sign = random_.choice(("+", "-", "*", "/", "%", "<", "==", "!=", "and", "or"))
    return random_.choice(
        (f"({one} {sign} {other})", f"(not {one})", f"-{one}", f"({one} ? {one} : {other})", f"[{one}, {other}]")
    )


def _one_layer(random_: random.Random) -> str:
    """A layer of some type, its fields and the shapes of its bottoms at random."""
    kind = random_.choice(_types())
    bottoms = random_.choice((1, 1, 1, 2, 2, 3, 0))
    shapes = [[random_.choice(SIZES[:8]) for _ in range(random_.choice((0, 1, 2, 3, 4, 4, 4, 5)))] for _ in range(3)]
    shapes = random_.choice((shapes, [shapes[0]] * 3))
    inputs = "\n".join(f'input "d{i}" [{", ".join(shape)}]' for i, shape in enumerate(shapes[:bottoms]))
    names = "".join(f' bottom: "d{i}"' for i in range(bottoms))
    tops = "".join(f' top: "t{i}"' for i in range(random_.choice((0, 1, 1, 1, 2, 3))))
    fields = _fields({**kind.own_fields, **kind.fields_beside}, random_)
    return f'{inputs}\nlayer "l" {kind.type_name} {{{names}{tops} {fields} }}'


@cache
def _types() -> list[type[Layer]]:
    return [*catalogue.every_type()]


def _fields(params: dict[str, Param], random_: random.Random) -> str:
    chosen = random_.sample(sorted(params), min(len(params), random_.choice((0, 1, 2, 4))))
    return " ".join(_field(name, params[name], random_) for name in chosen)


def _field(name: str, param: Param, random_: random.Random) -> str:
    if issubclass(param.kind, Message):
        return f"{name} {{ {_fields(dict(param.kind.fields), random_)} }}"
    if issubclass(param.kind, ProtoEnum):
        return f"{name}: {random_.choice((*param.kind.__members__, '0', '7'))}"
    values = {int: SIZES, float: NUMBERS, bool: ("true", "false", "1"), str: ('"x"', '""')}[param.kind]
    return " ".join(
        f"{name}: {random_.choice(values)}" for _ in range(random_.choice((1, 1, 1, 2, 3)) if param.repeated else 1)
    )


# ---- what is done with them
def through_all(written: str) -> None:
    """Read a text, draw what is wrong with it and what is known of it, read again what it expands to, and mend it."""
    files = Files({"a.net": 'layer "ra" ReLU', "main.net": written}, disk=False)
    request = NetRequest(file="main.net")
    in_both = analyse_phases(request, files)
    found = in_both.analyses[Phase.TEST]
    for format in FORMATS.values():
        format(in_both.report)
    if found.net is not None:
        _show(found.net)
    if found.expanded is not None and not found.report.errors:
        again = analyse(write(found.expanded))
        unsaid = {"N209", "N412", "N415"}  # declarations are no prototxt, and blocks alone leave no layer
        assert {said.code for said in again.report.errors} <= unsaid, again.report.errors
        if found.net is not None and not again.report.errors and again.net is not None:
            assert again.net.shapes == found.net.shapes
    if apply_fixes(in_both.report).mended:
        fixed = fix_files(request, files)
        assert not apply_fixes(fixed.left.report).mended


def _show(net: Net) -> None:
    for table in TABLES:
        render(net, table)
    dot(net)
    write_net(net)
    repr(net)


@contextmanager
def bounded() -> Iterator[None]:
    """Break off what takes longer than it may, and refuse what takes more memory."""

    def broken_off(*_: object) -> None:
        raise TimeoutError(f"more than {SECONDS} s")

    most = _most_memory()
    before = signal.signal(signal.SIGPROF, broken_off)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)  # of this process, whatever others do
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    assert _most_memory() - most < GROWTH, f"{(_most_memory() - most) / 2**10:.0f} MiB"


def _most_memory() -> int:
    """The greatest memory that the process ever took, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def fails(number: int, work: Callable[[str], None] = through_all) -> str | None:
    """What goes wrong with a text, if anything does."""
    written = text(number)
    try:
        with bounded():
            work(written)
    except Exception as error:
        return f"text({number}): {type(error).__name__}: {error}\n{written[:500]}"
    return None


def test_no_text_breaks_it() -> None:
    assert [found for number in range(400) if (found := fails(number))] == []


@pytest.mark.long
@pytest.mark.parametrize("part", range(10))
def test_no_text_of_many_breaks_it(part: int) -> None:
    numbers = range(10_000 * part, 10_000 * (part + 1))
    assert [found for number in numbers if (found := fails(number))] == []
