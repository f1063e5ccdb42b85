"""The whole road: one run says all that is wrong, and nothing but diagnostics ever comes of a bad file."""

import random
import re
from pathlib import Path

import pytest

import netdef
from netdef.compiler import explain
from netdef.compiler.layers import LAYERS

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
        path.write_text(mutated(rng.choice(texts), rng, [*words, *LAYERS]), "utf-8")
        try:
            netdef.load(path, phase=rng.choice(["TRAIN", "TEST"]))
        except netdef.NetError as error:
            refused += 1
            assert str(error)
    assert refused > count / 2
