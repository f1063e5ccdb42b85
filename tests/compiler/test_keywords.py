"""What Python's keywords for a net may be, and the words for what they can't."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import netdef
from netdef.compiler.request import UsageError

LENET = Path(__file__).parents[2] / "nets/lenet.net"


@pytest.mark.parametrize(
    "shape", [(2, 1, 28, 28), [2, 1, 28, 28], torch.Size([2, 1, 28, 28]), np.array([2, 1, 28, 28]), range(1, 5)]
)
def test_a_shape_is_any_row_of_whole_numbers(shape: Any) -> None:
    text = 'input "data" [1, 1, 28, 28] layer "relu" ReLU'
    found = netdef.analyse(text, sizes={"data": shape}).net
    assert found is not None
    assert found.inputs["data"] == tuple(shape)
    assert all(type(size) is int for size in found.inputs["data"])


def test_variables_are_values_of_the_language() -> None:
    text = 'let n = 1\nlet s = [1]\ninput "data" [n, 2]\nlayer "r" Reshape { shape { dim: s } }'
    variables: Any = {"n": np.int64(3), "s": [3, 1, 2]}
    found = netdef.analyse(text, set=variables).net
    assert found is not None
    assert found.blobs["r"] == (3, 1, 2)


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"sizes": 3}, "sizes: 3 is not a mapping such as"),
        ({"sizes": [("data", (1, 1, 28, 28))]}, "sizes: [('data', (1, 1, 28, 28))] is not a mapping"),
        ({"sizes": {"data": 8}}, "sizes: data: 8 is not a shape, whole numbers from 1 such as (1, 3, 224, 224)"),
        ({"sizes": {"data": "a"}}, "sizes: data: 'a' is not a shape"),
        ({"sizes": {"data": (1, 2.5, 3, 4)}}, "sizes: data: (1, 2.5, 3, 4) is not a shape"),
        ({"sizes": {"data": (1, -1, 3, 3)}}, "sizes: data: (1, -1, 3, 3) is not a shape"),
        ({"sizes": {"data": (True, 1, 3, 3)}}, "sizes: data: (True, 1, 3, 3) is not a shape"),
        ({"sizes": {"data": ()}}, "sizes: data: () is not a shape"),
        ({"data_size": 5}, "data_size: 5 is not a shape, whole numbers from 1 such as (3, 224, 224)"),
        ({"data_size": {"d": (3, 0, 4)}}, "data_size: d: (3, 0, 4) is not a shape"),
        ({"set": [("N", 8)]}, "set: [('N', 8)] is not a mapping such as"),
        ({"set": {"N": None}}, "set: N: None is not a number, a text, a bool, or a list of such"),
        ({"opaque": {"A": 3}}, "opaque: A: 3 is not a list with the shape of each top"),
        ({"opaque": {"A": [(1, -2)]}}, "opaque: A: a size is a number, or a name"),
        ({"level": "x"}, "level: 'x' is not a whole number"),
        ({"dense": "yes"}, "dense: 'yes' is neither True nor False"),
        ({"stages": [3]}, "stages: [3] is not a list of names"),
    ],
)
def test_what_means_nothing_is_refused_by_its_name(keywords: dict[str, Any], said: str) -> None:
    for call in (lambda: netdef.load(LENET, **keywords), lambda: netdef.analyse(path=LENET, **keywords)):
        with pytest.raises(UsageError, match=re.escape(said)):
            call()
    with pytest.raises(UsageError, match=re.escape(said)):
        netdef.export(LENET, **keywords)


def test_one_stage_may_be_a_word() -> None:
    text = 'input "data" [1] layer "a" ReLU { include { stage: "deploy" } }'
    found = netdef.analyse(text, stages="deploy").net
    assert found is not None
    assert [node.name for node in found.nodes][1:] == ["a"]


@pytest.mark.parametrize("taker", [netdef.module, netdef.onnx_model, netdef.dense])
def test_a_files_name_is_no_net(taker: Any) -> None:
    with pytest.raises(UsageError, match=re.escape("takes a net, not a str: netdef.load(path) makes one")):
        taker("lenet.net")


def test_a_files_name_is_no_text() -> None:
    (said,) = netdef.analyse("nets/lenet.net").report
    assert said.message == "the text is the name of a file, not a net: nets/lenet.net"
    assert said.help == "analyse(path='nets/lenet.net') reads the file"


@pytest.mark.parametrize("taker", [netdef.module, netdef.onnx_model])
def test_a_state_dict_is_no_weights_by_layer(taker: Any) -> None:
    net = netdef.load(LENET)
    module = netdef.module(net)
    with pytest.raises(
        UsageError, match=r"'layers.conv1.weight' has one Tensor: a state_dict is taken by .*load_state"
    ):
        taker(net, module.state_dict())
    other = netdef.module(net, seed=1)
    assert other.load_state_dict(module.state_dict())
    x = torch.ones(2, 1, 28, 28)
    assert torch.equal(other(x)["prob"], module(x)["prob"])


@pytest.mark.parametrize("taker", [netdef.module, netdef.onnx_model])
def test_a_files_name_is_no_weights(taker: Any) -> None:
    with pytest.raises(UsageError, match=re.escape("not a str: netdef.read_weights(path) reads")):
        taker(netdef.load(LENET), "lenet.caffemodel")
