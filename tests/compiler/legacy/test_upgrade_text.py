"""What `netdef upgrade` writes: the net that Caffe's own upgrade makes, with its author's comments and order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format

from netdef.compiler.diagnostics import Report
from netdef.compiler.expand import expand
from netdef.compiler.legacy.inputs import with_fixed_statistics, with_input_layer
from netdef.compiler.legacy.upgrade import upgraded
from netdef.compiler.legacy.upgrade_text import upgrade_text
from netdef.compiler.net.definition import Definition, define
from netdef.compiler.net_error import NetError
from netdef.compiler.source import Source
from netdef.compiler.syntax.parser import parse
from tests.compiler.caffe_schema import net_class
from tests.compiler.legacy.comments import comments


def written(text: str) -> str:
    return upgrade_text(Source("<text>", text), Report())


def defined(text: str) -> Definition:
    expanded = upgraded(expand(parse(Source("<text>", text), Report()), {}, Report()), Report())
    body = tuple(with_fixed_statistics(each) for each in with_input_layer(expanded.body))
    return define(expanded._replace(body=body), Report())


def published(shared: Path) -> Iterator[tuple[Path, str, str]]:
    """Each file of the corpus that can be read, its text and what becomes of it."""
    for path in sorted((shared / "corpus/prototxt").rglob("*.prototxt*")):
        text = path.read_text("utf-8")
        try:
            yield path, text, written(text)
        except NetError as error:
            codes = {each.code for each in error.report.errors}
            assert codes & {"N411", "N416"} or all(code < "N2" for code in codes), path


# ---- the same net
def read(text: str) -> Any:
    """A net as protobuf reads it, strictly, without messages that are there and empty."""
    net = text_format.Parse(text, net_class()())
    for layer in net.layer:
        for field, value in layer.ListFields():
            if field.message_type and not field.is_repeated and not value.ListFields():
                layer.ClearField(field.name)
    return net


def test_it_is_what_caffes_own_upgrade_writes(shared: Path) -> None:
    files = sorted((shared / "oracle/upgraded").iterdir())
    for expected in files:
        text = (shared / "corpus/prototxt" / expected.name.replace("!", "/")).read_text("utf-8")
        assert read(written(text)) == read(expected.read_text("utf-8")), expected
    assert len(files) == 19


def test_published_nets_stay_the_same_nets_and_keep_their_comments(shared: Path) -> None:
    changed = 0
    for path, text, new in published(shared):
        if new == text:
            continue
        before, after = defined(text), defined(new)
        assert [(each.frame, each.layer) for each in before.layers] == [
            (each.frame, each.layer) for each in after.layers
        ], path
        assert comments(new) == comments(text), path
        assert written(new) == new, path
        changed += 1
    assert changed > 55


def test_lines_that_say_the_same_in_both_formats_are_left_alone(shared: Path) -> None:
    """A net of V1 whose layers have a line for each field: only types, multipliers, and the word `layers`."""
    text = (shared / "corpus/prototxt/mqingkui__vgg-prototxt/VGG_ILSVRC_16_layers_deploy.prototxt").read_text("utf-8")
    gone = {*text.splitlines()} - {*written(text).splitlines()}
    old = ("layers {", "type: ", "blobs_lr: ", "weight_decay: ", "input: ", "input_dim: ")
    assert [line for line in gone if not line.strip().startswith(old)] == []


# ---- as it is written
def test_v0() -> None:
    assert (
        written(
            """\
# padded
layers {
  layer {
    name: "pad1"
    type: "padding"
    pad: 2  # pixels
  }
  bottom: "data"
  top: "pad1"
}
layers {
  layer {
    name: "conv1"
    type: "conv"
    num_output: 4  # maps
    kernelsize: 5
    # how it begins
    weight_filler {
      type: "gaussian"  # normal
      std: 0.01
    }
    blobs_lr: 1.
    blobs_lr: 2.
    weight_decay: 1.
  }
  bottom: "pad1"
  top: "conv1"
}
"""
        )
        == """\
# padded
# pixels
layer {
  name: "conv1"
  type: "Convolution"
  convolution_param {
    num_output: 4  # maps
    kernel_size: 5
    # how it begins
    weight_filler {
      type: "gaussian"  # normal
      std: 0.01
    }
    pad: 2
  }
  param { lr_mult: 1. decay_mult: 1. }
  param { lr_mult: 2. }
  bottom: "data"
  top: "conv1"
}
"""
    )


def test_v1_on_one_line_stays_on_one_line() -> None:
    text = (
        "layers { bottom: 'a' top: 'b' name: 'b' type: 14 blobs_lr: [1, 2] inner_product_param { num_output: 4 } } # b"
    )
    new = (
        "layer { bottom: 'a' top: 'b' name: 'b' type: \"InnerProduct\" param { lr_mult: 1 } param { lr_mult: 2 }"
        " inner_product_param { num_output: 4 } } # b"
    )
    assert written(text) == new


def test_what_is_done_to_images_moves_with_its_comments() -> None:
    assert (
        written(
            """\
layers {
\tname: "data" top: "data"
\ttype: IMAGE_DATA
\timage_data_param {
\t\tsource: "list.txt"
\t\tcrop_size: 227  # pixels
\t\t# of a batch
\t\tbatch_size: 8
\t\tmirror: true
\t}
}
"""
        )
        == """\
layer {
\tname: "data" top: "data"
\ttype: "ImageData"
\timage_data_param {
\t\tsource: "list.txt"
\t\t# of a batch
\t\tbatch_size: 8
\t}
\ttransform_param {
\t\tcrop_size: 227 # pixels
\t\tmirror: true
\t}
}
"""
    )


@pytest.mark.parametrize(
    "text",
    [
        'input: "x"  # images\ninput_dim: 1\n# of colours\ninput_dim: 3\ninput_dim: 7\ninput_dim: 5\nRELU',
        'input: "x" input_shape { dim: 1 dim: 3 dim: 7 dim: 5 }\nRELU',
        'input: "x" input_shape: {\n  dim: [1, 3, 7, 5]\n}\nRELU',
        'RELU\ninput: "x"\ninput_dim: [1, 3, 7, 5]',
        'input: "x" input_dim: 1 input_dim: 3 input_dim: 7 input_dim: 5\nRELU',
    ],
)
def test_inputs_become_a_layer_before_all_others(text: str) -> None:
    new = written(text.replace("RELU", 'layer { name: "r" type: "ReLU" bottom: "x" top: "r" }'))
    expected = """
    layer { name: "input" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 dim: 7 dim: 5 } } }
    layer { name: "r" type: "ReLU" bottom: "x" top: "r" }
    """
    assert read(new) == read(expected)
    assert comments(new) == comments(text)
    assert "\nlayer {" in f"\n{new}"


def test_statistics_learn_nothing() -> None:
    layer = 'layer { name: "b" type: "BatchNorm" SPECS }'
    new = written(layer.replace("SPECS", "param { lr_mult: 1 } param { decay_mult: 2 } param { }"))
    expected = layer.replace("SPECS", "param { lr_mult: 0 decay_mult: 0 } " * 3)
    assert read(new) == read(expected)
    assert written(new) == new


def test_a_solver_says_its_method_by_name() -> None:
    old = "net: 'x' # where\nbase_lr: 0.1\nsolver_type: NESTEROV # how\nnet_param { layers { type: RELU } }\n"
    new = 'net: \'x\' # where\nbase_lr: 0.1\ntype: "Nesterov" # how\nnet_param { layer { type: "ReLU" } }\n'
    assert written(old) == new
    assert written("net: 'x' solver_type: 5") == "net: 'x' type: \"Adam\""


def test_ends_of_lines_stay_as_they_are() -> None:
    text = 'layers {\r\n  name: "r"\r\n  type: RELU\r\n  blobs_lr: 1\r\n  weight_decay: 1\r\n}\r\n'
    new = 'layer {\r\n  name: "r"\r\n  type: "ReLU"\r\n  param { lr_mult: 1 decay_mult: 1 }\r\n}\r\n'
    assert written(text) == new


def test_a_comment_of_what_goes_takes_nothing_along() -> None:
    text = 'layers { type: RELU blobs_lr: 1 weight_decay: # of w\n1 name: "r" }'
    new = written(text)
    assert read(new) == read('layer { type: "ReLU" param { lr_mult: 1 decay_mult: 1 } name: "r" }')
    assert comments(new) == ["# of w"]


# ---- what can't be
def test_mixtures_are_refused() -> None:
    with pytest.raises(NetError, match="N411"):
        written('layer { name: "a" type: "ReLU" }\nlayers { name: "b" type: RELU }')


def test_what_caffe_drops_is_said() -> None:
    report = Report()
    upgrade_text(
        Source("<text>", 'layers { layer { name: "a" type: "relu" pad: 1 } include { phase: TRAIN } }'), report
    )
    assert [each.code for each in report] == ["N412", "N412"]
