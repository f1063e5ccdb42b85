"""What unknown layers most likely make: with the lines that the help shows, a net is right as far as can be."""

import re

import pytest

from netdef.compiler.load import analyse

HEAD = """input "data" [1, 3, 8, 8]
layer "c" Convolution { num_output: 4 kernel_size: 3 pad: 1 }
"""
NETS = {
    "as its bottom": (HEAD + 'layer "x" Squish { top: "x" }', ['opaque "Squish" { top_shape: [1, 4, 8, 8] }']),
    "as what it is added to": (
        HEAD + 'layer "p" Pooling { kernel_size: 2 stride: 2 } layer "x" Squish { bottom: "c" top: "x" }\n'
        'layer "s" Eltwise { bottom: "p" bottom: "x" }',
        ['opaque "Squish" { top_shape: [1, 4, 4, 4] }'],
    ),
    "as what it is joined to": (
        HEAD + 'layer "p" Pooling { kernel_size: 2 stride: 2 } layer "x" Squish { bottom: "c" top: "x" }\n'
        'layer "s" Concat { bottom: "x" bottom: "p" }',
        ['opaque "Squish" { top_shape: [1, 4, 4, 4] }'],
    ),
    "one after the other": (
        HEAD + 'layer "x" Squish { top: "x" } layer "r" ReLU layer "y" Squash { top: "y" }\n'
        'layer "fc" InnerProduct { num_output: 9 } layer "z" Squish { top: "z" }',
        [
            'opaque "Squish" { top_shape: [1, 4, 8, 8] } opaque "Squish" at "z" { top_shape: [1, 9] }',
            'opaque "Squash" { top_shape: [1, 4, 8, 8] }',
        ],
    ),
    "a part of the loss": (
        HEAD + 'layer "x" Squish { top: "x" loss_weight: 1 }',
        ['opaque "Squish" { top_shape: [] }'],
    ),
    "what its reader doesn't take": (
        HEAD + 'layer "fc" InnerProduct { num_output: 9 } layer "x" Unflat { top: "x" }\n'
        'layer "p" Pooling { kernel_size: 2 }',
        ['opaque "Unflat" { top_shape: [1, 64, 28, 28] }'],
    ),
}


@pytest.mark.parametrize("kind", NETS)
def test_the_line_of_the_help_makes_the_net_right(kind: str) -> None:
    text, lines = NETS[kind]
    found = analyse(text).report
    assert [each.code for each in found] == ["N209"] * len(lines)
    assert [re.sub(r"^.*?checked: ", "", each.help or "") for each in found] == lines
    assert not analyse(text + "\n" + "\n".join(lines)).report.errors


def test_many_unknown_layers_are_not_guessed_at() -> None:
    text = HEAD + "".join(f'layer "x{i}" T{i} {{ bottom: "c" top: "x{i}" }}\n' for i in range(300))
    assert "[1, 64, 28, 28]" in (analyse(text).report.errors[0].help or "")
