"""Nets in netdef's short form: the same nets, with their comments, and nothing said that goes without saying."""

from pathlib import Path

import pytest

from netdef.compiler.diagnostics import Report
from netdef.compiler.legacy.upgrade_text import short_text
from netdef.compiler.net_error import NetError
from netdef.compiler.source import Source
from tests.compiler.legacy.comments import comments

LONG = """\
name: "small"
layer {
  name: "data"
  type: "Input"
  top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 9 dim: 9 } }
}
layer {
  name: "conv1"  # the first
  type: "Convolution"
  bottom: "data"
  top: "conv1"
  param { lr_mult: 1 }
  convolution_param {
    num_output: 4
    # odd
    kernel_size: 3
  }
}
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pooled" pooling_param { pool: MAX kernel_size: 2 } }
layer {
  name: "side"
  type: "Convolution"
  bottom: "conv1"
  top: "side"
  convolution_param { num_output: 4 kernel_size: 2 }
}
layer { name: "copy" type: "ReLU" bottom: "side" top: "copy" include { phase: TRAIN } }
layer { type: "Silence" bottom: "copy" }
"""
SHORT = """\
name: "small"
layer "data" Input {
  shape { dim: 1 dim: 3 dim: 9 dim: 9 }
}
layer "conv1" Convolution {
  # the first
  param { lr_mult: 1 }
  num_output: 4
  # odd
  kernel_size: 3
}
layer "relu1" ReLU
layer "pool1" Pooling { top: "pooled" pool: MAX kernel_size: 2 }
layer "side" Convolution {
  bottom: "conv1"
  num_output: 4 kernel_size: 2
}
layer "copy" ReLU { top: "copy" include { phase: TRAIN } }
layer { type: "Silence" bottom: "copy" }
"""


def shortened(text: str) -> str:
    return short_text(Source("<text>", text), Report())


def test_what_goes_without_saying_goes() -> None:
    assert shortened(LONG) == SHORT


def test_a_net_in_the_short_form_stays_as_it_is() -> None:
    assert shortened(SHORT) == SHORT


def test_an_old_net_is_upgraded_first() -> None:
    text = 'layers { name: "r" type: LRN bottom: "x" top: "y" blobs_lr: 1 lrn_param { local_size: 5 } }'
    assert shortened(text) == 'layer "r" LRN { bottom: "x" top: "y" param { lr_mult: 1 } local_size: 5 }'


def test_published_nets_are_the_same_in_the_short_form(shared: Path) -> None:
    """``short_text`` compares, and refuses what would be another net by N418."""
    seen = 0
    for path in sorted((shared / "corpus/prototxt").rglob("*.prototxt")):
        text = path.read_text("utf-8")
        if len(text) > 30_000:
            continue
        try:
            short = shortened(text)
        except NetError as error:
            codes = {each.code for each in error.report.errors}
        else:
            codes = set()
            assert comments(short) == comments(text), path
            seen += 1
        assert "N418" not in codes, path
    assert seen > 90


def test_a_field_that_nobody_knows_is_a_mistake_in_the_short_form() -> None:
    text = '# where\nlayer { name: "r" type: "ReLU" bottom: "x" top: "r" relu_param { shiny: 1 } }'
    with pytest.raises(NetError) as caught:
        shortened(text)
    [found] = caught.value.report.errors
    assert found.code == "N401"
    assert found.primary is not None
    assert found.primary.span.line == 2


def test_what_would_mean_something_else_is_not_written() -> None:
    with pytest.raises(NetError, match="N418"):
        shortened('layer { name: "a${b}" type: "ReLU" bottom: "x" top: "r" }')


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (  # braces that stood against the next word
            'layer{name:"r" type:"LRN" bottom:"x" top:"r"}layer{name:"s" type:"ReLU" bottom:"r" top:"r"}'
            'layer{name:"t" type:"LRN" bottom:"r" top:"t"}',
            'layer "r" LRN {bottom:"x" }layer "s" ReLU layer "t" LRN',
        ),
        (  # other brackets than braces
            'layer < name: "c" type: "LRN" bottom: "x" top: "c" lrn_param < local_size: 5 > >',
            'layer "c" LRN { bottom: "x" local_size: 5 }',
        ),
        (  # a name of two literals
            """layer { name: "a" 'b' type: "ReLU" bottom: "x" top: "y" }""",
            'layer "ab" ReLU { bottom: "x" top: "y" }',
        ),
    ],
)
def test_a_net_of_any_style_is_the_same_in_the_short_form(text: str, short: str) -> None:
    assert shortened(text) == short
