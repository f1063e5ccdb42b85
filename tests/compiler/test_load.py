"""The whole road: one run says all that is wrong, and nothing but diagnostics ever comes of a bad file."""

import random
import re
from pathlib import Path
from typing import Any

import pytest

import netdef
from netdef.compiler import explain
from netdef.compiler.layers import catalogue
from netdef.compiler.render.text import render

NETS = Path(__file__).parents[2] / "nets"

FIVE_AT_ONCE = """
name: "VGG16"
include "vgg.net"
let N = 1
let classes = 1000
input "data" [N, 3, 224, 224]
stage(1, depth: 2, channels: 64)
stage(2, depth: 2, chanels: 128)
stage(3, depth: 3, channels: widht)
layer "conv6" Convolution { num_output: 64 kernel_sise: 3 }
layer "conv7" Convolutoin { num_output: 64 kernel_size: 3 }
layer "conv8" Convolution { num_output: clases kernel_size: 3 }
layer "conv9" Convolution { bottom: "pool4" num_output: 3 kernel_size: 3 }
layer conv10 Convolution { bottom: "data" num_output: 3 kernel_size: 300 }
classifier(classes, N)
expect { weight_layers: 17 }
"""


def test_one_run_says_all_that_is_wrong_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "vgg.net").write_text((NETS / "vgg.net").read_text("utf-8"), "utf-8")
    path = tmp_path / "net.net"
    path.write_text(FIVE_AT_ONCE, "utf-8")
    with pytest.raises(netdef.NetError) as caught:
        netdef.load(path)
    found = [(d.code, d.primary.span.text, d.help) for d in caught.value.report if d.primary is not None]
    assert found == [
        ("N304", "chanels", 'did you mean "channels"?'),
        ("N301", "widht", "bind it above: let widht = 1"),
        ("N401", "kernel_sise", 'did you mean "kernel_size"?'),
        ("N209", "Convolutoin", 'did you mean "Convolution"?'),
        ("N301", "clases", 'did you mean "classes"?'),
        ("N501", '"pool4"', 'did you mean "pool3"?'),
        ("N301", "conv10", 'write "conv10"'),
        ("N204", "300", "shrink the window, add padding, or feed larger images"),
    ]


TOKEN = re.compile(r'"[^"\n]*"|[A-Za-z_]\w*|[\d.]+|\s+|.', re.DOTALL)
NUMBERS = (
    "0",
    "-1",
    "1",
    "2",
    "7",
    "100000",
    "9223372036854775807",
    "9" * 30,
    "2.5",
    "1e999",
    '"a"',
    "inf",
    "[1, 2]",
    "[]",
    "n",
)


def mutated(text: str, rng: random.Random, words: list[str]) -> str:
    """A text with a few words, numbers or strings replaced, dropped or moved."""
    tokens = TOKEN.findall(text)
    for _ in range(rng.randint(1, 3)):
        place = rng.choice([i for i, token in enumerate(tokens) if not token.isspace()])
        if rng.random() < 0.2:
            other = rng.randrange(len(tokens))
            tokens[place], tokens[other] = tokens[other], tokens[place]
        elif tokens[place][0].isdigit():
            tokens[place] = rng.choice(NUMBERS)
        else:
            tokens[place] = rng.choice(words)
    return "".join(tokens)


@pytest.mark.parametrize("count", [300, pytest.param(20_000, marks=pytest.mark.long)])
def test_a_mutated_net_gives_diagnostics_and_no_traceback(count: int, tmp_path: Path) -> None:
    texts = [path.read_text("utf-8") for path in sorted(NETS.glob("*.net"))]
    for path in NETS.glob("*.net"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    texts += [path.read_text("utf-8") for path in sorted(explain.FOLDER.glob("N[2-6]*.net"))]
    words = sorted({token for text in texts for token in TOKEN.findall(text) if token[0] == '"' or token[0].isalpha()})
    rng = random.Random(count)
    path = tmp_path / "mutated.net"
    refused = 0
    for _ in range(count):
        path.write_text(mutated(rng.choice(texts), rng, [*words, *catalogue.names()]), "utf-8")
        refused += is_refused(path, rng.choice(["TRAIN", "TEST"]))
    assert refused > count / 2


def is_refused(path: Path, phase: str) -> bool:
    """Whether a net gives errors, which can all be drawn; anything else that is raised goes on."""
    try:
        netdef.load(path, phase=phase)
    except netdef.NetError as error:
        return len(str(error)) > 0
    return False


HEAD = 'input "data" [1, 3, 9, 9]\n'
BLOCK = (
    'block b(i, pad = 0) { layer "c${i}" Convolution { num_output: 3 kernel_size: 3 pad: pad } layer "r${i}" ReLU }\n'
)
LABEL = 'layer "label" Input { shape { dim: 1 } include { phase: TRAIN } }\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A slip in a rule: nobody knows whether the layer is in the net, so its bottoms are not missed.
        (LABEL + 'layer "r" ReLU { bottom: "label" include { phase: TRIAN } }', "N403 TRIAN"),
        (LABEL + 'layer "r" ReLU { bottom: "label" inclued { phase: TRAIN } }', "N401 inclued"),
        # A wrong argument: what it was meant for is unknown, so nothing is concluded from a default.
        (BLOCK + 'b(1, pda: 1) layer "s" Eltwise { bottom: ["c1", "data"] }', "N304 pda"),
        (BLOCK + 'b(1) b(2, inptu: "data") layer "s" Eltwise { bottom: ["c2", "data"] }', "N304 inptu"),
        # One call too many doubles all that it makes.
        (BLOCK + "b(1) b(2) b(1)", 'N502 "c${i}"'),
        # One text, many turns.
        ('repeat i in 1..5 { layer "r${i}" ReLU { bottom: "d${i}" } }', 'N501 "d${i}"'),
        # A layer that is lost takes its blobs with it.
        ('layer "a${n}" ReLU layer "r" ReLU { bottom: "a1" }', "N301 n"),
        ('if n { layer "a" ReLU } layer "r" ReLU { bottom: "a" } layer "q" Pooling { kernel_size: 99 }', "N301 n"),
        ('stage(1) layer "r" ReLU layer "q" Pooling { kernel_size: 99 bottom: "pool1" }', "N302 stage"),
        ('layer "p" Pooling { kernel_size: 2 } layer "s" Eltwise { bottom: ["p", "data"] coef: 1 }', "N401 coef"),
        ('opaque "T" { top_shape: [n] } layer "t" T layer "r" ReLU', "N301 n"),
        ('layer "label" Input { shape { dim: n } } layer "r" Reshape { shape { dim: 7 } }', "N301 n"),
    ],
)
def test_one_mistake_is_said_once(text: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "net.net"
    path.write_text(HEAD + text, "utf-8")
    with pytest.raises(netdef.NetError) as caught:
        netdef.load(path)
    assert [f"{d.code} {d.primary.span.text}" for d in caught.value.report if d.primary is not None] == [expected]


def test_two_fields_that_are_missing_at_one_place_are_two_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "net.net"
    path.write_text(
        'layer { name: "d" type: "MemoryData" top: "a" top: "b" memory_data_param { batch_size: 1 width: 3 } }'
    )
    with pytest.raises(netdef.NetError) as caught:
        netdef.load(path)
    assert [d.message for d in caught.value.report] == ["channels is missing", "height is missing"]


# ---- what is known of a broken text
def test_analysis_goes_as_far_as_it_can() -> None:
    found = netdef.analyse(
        HEAD + 'layer "c" Convolution { num_output: 4 kernel_size: }\nlayer "p" Pooling { kernel_size 3 }\n'
    )
    assert [diagnostic.code for diagnostic in found.report] == ["N113", "N112"]
    assert found.tree is not None
    assert [type(statement).__name__ for statement in found.tree.body] == ["Input", "LayerStatement", "LayerStatement"]
    assert found.definition is not None
    assert [layer.frame.name for layer in found.definition.layers] == ["data", "c", "p"]
    assert found.net is not None
    assert found.net.blobs == {"data": (1, 3, 9, 9)}, "what reads the broken layer stays unknown"
    beside = netdef.analyse(
        HEAD + 'layer "p" Pooling { pool: MXA }\nlayer "q" Pooling { kernel_size: 3 bottom: "data" }'
    )
    assert [diagnostic.code for diagnostic in beside.report] == ["N403"]
    assert beside.net is not None
    assert beside.net.blobs["q"] == (1, 3, 7, 7)


def test_an_analysis_without_mistakes_is_what_load_gives() -> None:
    for path in sorted(NETS.glob("*.net")):
        found = netdef.analyse(path.read_text("utf-8"), path=str(path), phase="TRAIN")
        net = netdef.load(path, phase="TRAIN")
        assert found.net is not None
        assert (found.net.blobs, found.net.params, found.net.outputs) == (net.blobs, net.params, net.outputs)
        assert list(found.report) == list(net.report) == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"path": "absent.net"}, "N001"),
        ({"path": "."}, "N002"),
        ({"path": "a\0b"}, "N002"),
        ({"text": HEAD, "phase": "test"}, "N513"),
        ({"text": HEAD, "set": {"n": 3}}, "N310"),
        ({"text": HEAD, "sizes": {"dta": (1, 3, 4, 4)}}, "N512"),
        ({"text": 'include "absent.net" nobody(1)'}, "N311"),
    ],
)
def test_analysis_says_what_it_was_wrongly_asked(arguments: dict[str, Any], code: str) -> None:
    assert [diagnostic.code for diagnostic in netdef.analyse(**arguments).report] == [code]


def test_behind_braces_that_are_guessed_nothing_more_is_said() -> None:
    text = HEAD + 'layer "c" Convolution { num_output: 4 kernel_size: 3\nlayer "p" Pooling { kernal_size: 3 }\n'
    found = netdef.analyse(text)
    assert [diagnostic.code for diagnostic in found.report] == ["N102"]
    assert found.net is not None


@pytest.fixture(scope="module")
def texts(shared: Path) -> list[str]:
    """Nets, published files and nets of the language: what people write."""
    files = [*NETS.glob("*.net"), *(shared / "examples").glob("*.net"), *(shared / "corpus" / "prototxt").rglob("*")]
    return [path.read_text("utf-8", errors="replace") for path in sorted(files) if path.is_file()]


@pytest.mark.parametrize("count", [1500, pytest.param(50_000, marks=pytest.mark.long)])
def test_analysis_never_raises_whatever_the_text(count: int, texts: list[str]) -> None:
    rng = random.Random(count)
    words = sorted({token for text in texts for token in TOKEN.findall(text) if not token.isspace()})
    for _ in range(count):
        text = rng.choice(texts)
        if len(text) > 4000:
            start = rng.randrange(len(text) - 4000)
            text = text[start : start + 4000]
        text = damaged(text, rng, words)
        found = netdef.analyse(text, path=str(NETS / "mutated.net"), phase=rng.choice(["TRAIN", "TEST"]))
        assert None not in found[:4]
        for diagnostic in found.report:
            assert render(diagnostic)


def damaged(text: str, rng: random.Random, words: list[str]) -> str:
    """A text with some characters gone, repeated or replaced, and some tokens put elsewhere."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            text = text[:at] + text[at + rng.randint(1, 12) :]
        elif kind == 1:
            text = text[:at] + rng.choice(words) + text[at:]
        elif kind == 2:
            text = text[:at] + rng.choice("{}()[]<>:;,.=?!\"'#$@\\\n\t\0\u200b") + text[at + 1 :]
        else:
            end = at + rng.randint(1, 60)
            text = text[:end] + text[at:]
    return text


def test_a_variable_that_is_set_to_zero_is_refused() -> None:
    text = 'let N = 1 input "data" [N, 3, 8, 8] layer "relu" ReLU'
    (mistake,) = netdef.analyse(text, set={"N": 0}).report.errors
    assert (mistake.code, mistake.message) == ("N606", "--set N=0 leaves an input without a value")
    assert not netdef.analyse(text.replace("N = 1", "N = 0")).report.errors, "a file may say so"
    assert not netdef.analyse('let pad = 1 input "data" [1, 2] layer "relu" ReLU', set={"pad": 0}).report.errors
