"""Two nets side by side: what their authors changed, and what comes of it."""

from pathlib import Path

import pytest

import netdef
from netdef.compiler.difference.changes import Change
from netdef.compiler.difference.compare_nets import compare_nets
from netdef.compiler.load import load_expanded
from netdef.compiler.views.prototxt import write
from tests.nets import net_of

ROOT = Path(__file__).parents[3]
OLD = """
name: "net"
input "data" [1, 3, 16, 16]
layer "conv1" Convolution { num_output: 8 kernel_size: 3 stride: 2 param { lr_mult: 1 } }
layer "relu1" ReLU
layer "prob" Softmax
preprocess { channels: BGR mean: [104, 117, 123] }
"""


@pytest.mark.parametrize("name", ["alexnet", "resnet50", "vgg16_pcr"])
def test_a_net_and_what_it_expands_to_are_the_same(name: str) -> None:
    path = ROOT / f"nets/{name}.net"
    expanded = net_of(write(load_expanded(str(path), {})))
    found = compare_nets(netdef.load(path), expanded)
    left = [change for change in found.of_net if change.what != "preprocess"]  # Caffe doesn't know it
    assert (found.changed, found.matching.added, found.matching.removed, left) == ((), (), (), [])


def test_a_field_and_what_comes_of_it() -> None:
    """7x7 is (16 - 3) / 2 + 1, 14x14 is 16 - 3 + 1; 216 weights at each of 49 and 196 positions."""
    found = compare_nets(net_of(OLD), net_of(OLD.replace("stride: 2", "stride: 1").replace("lr_mult: 1", "lr_mult: 3")))
    conv, relu, prob = found.changed
    assert conv.fields == (Change("stride", "2", "1"), Change("param[0].lr_mult", "1", "3"))
    assert conv.results == (
        Change("shape", "1x8x7x7", "1x8x14x14"),
        Change("macs", f"{216 * 49:,}", f"{216 * 196:,}"),
        Change("receptive field", "3x3, step 2x2", "3x3, step 1x1"),
    )
    assert relu.fields == prob.fields == ()
    assert {change.what for change in found.of_net} == {"outputs", "macs"}
    assert not found.is_same


def test_a_blob_that_is_only_renamed_is_no_other_bottom() -> None:
    found = compare_nets(net_of(OLD), net_of(OLD.replace('"conv1"', '"c1"')))
    (renamed,) = found.changed
    assert (renamed.before.name, renamed.after.name, renamed.fields, renamed.results) == ("conv1", "c1", (), ())


def test_another_bottom_and_another_top_are_told() -> None:
    new = OLD.replace('layer "prob" Softmax', 'layer "prob" Softmax { bottom: "data" top: "p" }')
    found = compare_nets(net_of(OLD), net_of(new))
    assert [change for each in found.changed for change in each.fields] == [
        Change("bottom", "conv1", "data"),
        Change("top", "prob", "p"),
    ]


def test_preprocessing_is_compared_field_by_field_or_told_whole() -> None:
    found = compare_nets(net_of(OLD), net_of(OLD.replace("BGR mean: [104", "RGB mean: [100")))
    assert found.of_net == (
        Change("preprocess.channels", "BGR", "RGB"),
        Change("preprocess.mean", "[104, 117, 123]", "[100, 117, 123]"),
    )
    without = OLD[: OLD.index("preprocess")]
    assert compare_nets(net_of(OLD), net_of(without)).of_net == (Change("preprocess", "{ mean: [104, 117, 123] }", ""),)
