"""Each lint: a net that it speaks of, the nearest one that it doesn't, and what it says by itself."""

import pytest

from netdef.compiler.all_phases import analyse_phases
from netdef.compiler.files import Files
from netdef.compiler.lints.levels import LINTS, Level, setting
from netdef.compiler.request import NetRequest

DATA = 'input "data" [8, 3, 32, 32]\ninput "label" [8]\n'
FC = 'layer "%s" InnerProduct { bottom: "%s" num_output: 4 weight_filler { type: "xavier" } %s }\n'
LOSS = 'layer "loss" SoftmaxWithLoss { bottom: "fc" bottom: "label" }\n'
NET = DATA + FC % ("fc", "data", "") + LOSS


def said(text: str, *names: str, path: str = "a.net") -> list[tuple[str, str]]:
    """The code and message of each warning, these lints said aloud."""
    levels = [setting(Level.WARN, name) for name in names]
    found = analyse_phases(NetRequest(file=path), Files({path: text}, disk=False), levels=levels)
    assert not found.report.errors
    return [(each.code, each.message) for each in found.report]


def test_a_sound_net_is_quiet_whatever_is_asked() -> None:
    assert said(NET, *(lint.name for lint in LINTS)) == []


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("unused-blob", NET + 'layer "x" ReLU { bottom: "data" top: "x" }', "no layer reads x"),
        ("unused-blob", 'input "extra" [2]\n' + NET, "no layer reads extra"),
        (
            "dropout-last",
            DATA + FC % ("fc", "data", "") + 'layer "d" Dropout { bottom: "fc" top: "fc" }' + LOSS,
            "d drops scores: no layer behind it has weights",
        ),
        (
            "lrn-alpha",
            'input "data" [1, 8, 5, 5] layer "n" LRN { alpha: 1e-4 }',
            "n: alpha is divided by local_size here, so that 0.0001 counts 2e-05",
        ),
        (
            "pooling-rounds",
            'input "data" [1, 8, 6, 7] layer "p" Pooling { kernel_size: 3 stride: 2 }',
            "p: 6x7 becomes 3x3, and 2x3 where the last window is rounded down",
        ),
        (
            "one-pixel",
            'input "data" [1, 8, 1, 1] layer "c" Convolution { num_output: 2 kernel_size: 3 pad: 1 }',
            "c: a 3x3 window over a map of one position sees one value, and else the border",
        ),
        (
            "phases-differ",
            DATA + FC % ("fc", "data", "") + FC % ("fd", "fc", "include { phase: TEST }") + LOSS,
            "fd: only phase TEST has it, and nothing trains its weights",
        ),
    ],
)
def test_what_it_speaks_of(name: str, text: str, message: str) -> None:
    lint = next(lint for lint in LINTS if lint.name == name)
    assert said(text, name) == [(lint.code, message)]
    assert said(text) == ([] if lint.level is Level.ALLOW else [(lint.code, message)])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("unused-blob", NET + 'layer "x" ReLU { bottom: "data" top: "x" } layer "s" Silence { bottom: "x" top: [] }'),
        ("unused-blob", 'input "data" [1, 4] ' + FC % ("fc", "data", "")),
        ("dropout-last", DATA + 'layer "d" Dropout { bottom: "data" top: "e" }' + FC % ("fc", "e", "") + LOSS),
        ("dropout-last", 'input "data" [1, 4] ' + FC % ("fc", "data", "") + 'layer "d" Dropout'),
        ("lrn-alpha", 'input "data" [1, 8, 5, 5] layer "n" LRN { alpha: 5e-4 k: 2 }'),
        ("pooling-rounds", 'input "data" [1, 8, 7, 7] layer "p" Pooling { kernel_size: 3 stride: 2 }'),
        (
            "pooling-rounds",
            'input "data" [1, 8, 6, 6] layer "p" Pooling { kernel_size: 3 stride: 2 round_mode: FLOOR }',
        ),
        ("one-pixel", 'input "data" [1, 8, 2, 1] layer "c" Convolution { num_output: 2 kernel_size: 3 pad: 1 }'),
        ("phases-differ", DATA + FC % ("fc", "data", "") + FC % ("aux", "data", "include { phase: TRAIN }") + LOSS),
        ("loss-in-deploy", NET),
    ],
)
def test_what_it_doesnt_speak_of(name: str, text: str) -> None:
    assert said(text, name) == []


def test_weights_of_other_shapes_in_the_two_phases() -> None:
    trained, tested = (FC % ("fc", "data", f"include {{ phase: {phase} }}") for phase in ("TRAIN", "TEST"))
    text = DATA + trained + tested.replace("num_output: 4", "num_output: 5") + LOSS
    assert said(text) == [("N627", "fc: its weights have other shapes in TEST than in TRAIN")]


def test_a_loss_in_a_file_that_is_called_deploy() -> None:
    assert said(NET, path="my_deploy.net") == [("N625", "loss is a loss, and in a deploy net nobody has labels")]
