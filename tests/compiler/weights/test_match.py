"""How weights meet a net."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import netdef
from netdef.compiler.net.net import Net
from netdef.compiler.net.weight_key import WeightKey
from netdef.compiler.net_error import NetError
from netdef.compiler.weights.match import match

Weights = dict[str, list[NDArray[np.float32]]]
TEXT = """
input "data" [1, 2, 3, 5]
layer "conv" Convolution { num_output: 4 kernel_size: 3 pad: 1 }
layer "fc" InnerProduct { num_output: 6 bias_term: false }
layer "slope" PReLU { channel_shared: true }
"""


@pytest.fixture
def net(tmp_path: Path) -> Net:
    path = tmp_path / "test.net"
    path.write_text(TEXT, "utf-8")
    return netdef.load(path)


def zeros(**shapes: list[tuple[int, ...]]) -> Weights:
    return {layer: [np.zeros(shape, np.float32) for shape in own] for layer, own in shapes.items()}


def test_nothing_is_silent(net: Net) -> None:
    matched = match(net, zeros(conv=[(4, 2, 3, 3), (4,)], fc8=[(3, 4)], relu=[]))
    assert matched.loaded == ("conv",)
    assert matched.missing == ("fc", "slope")
    assert matched.unused == ("fc8",)
    assert {key: array.shape for key, array in matched.arrays.items()} == {("conv", 0): (4, 2, 3, 3), ("conv", 1): (4,)}


@pytest.mark.parametrize(
    ("layer", "given"),
    [
        ("conv", [(4, 2, 3, 3), (1, 1, 1, 4)]),
        ("fc", [(1, 1, 6, 60)]),
        ("fc", [(6, 4, 3, 5)]),  # as a convolution of the whole image
        ("slope", [(1, 1, 1, 1)]),
        ("conv", [(4, 18), (4,)]),  # an InnerProduct over one window
        ("conv", [(1, 1, 4, 18), (4,)]),
    ],
)
def test_other_shapes_of_the_same_weight_fit(layer: str, given: list[tuple[int, ...]], net: Net) -> None:
    values = [np.arange(np.prod(shape), dtype=np.float32).reshape(shape) for shape in given]
    matched = match(net, {layer: values})
    for index, shape in enumerate(net.params[layer]):
        found = matched.arrays[WeightKey(layer, index)]
        assert found.shape == found.read().shape == shape
        np.testing.assert_array_equal(found.read().ravel(), values[index].ravel())


@pytest.mark.parametrize(
    ("layer", "given", "message"),
    [
        ("fc", [(60, 6)], "the weight of fc is 6x60, and 60x6 is given"),
        ("fc", [(1, 6, 1, 60)], "the weight of fc is 6x60, and 1x6x1x60 is given"),
        ("fc", [(5, 4, 3, 5)], "the weight of fc is 6x60, and 5x4x3x5 is given"),
        ("conv", [(2, 4, 3, 3), (4,)], "the weight of conv is 4x2x3x3, and 2x4x3x3 is given"),
        ("conv", [(4, 2, 3, 3), (2, 2)], "the bias of conv is 4, and 2x2 is given"),
        ("conv", [(4, 2, 3, 3)], r"conv has 2 weights \(weight, bias\); given: 1"),
        ("slope", [(1,)], "the slope of slope is scalar, and 1 is given"),
    ],
)
def test_other_weights_do_not(layer: str, given: list[tuple[int, ...]], message: str, net: Net) -> None:
    with pytest.raises(NetError, match=message) as caught:
        match(net, zeros(**{layer: given}))
    (diagnostic,) = caught.value.report
    assert diagnostic.primary is not None
    assert diagnostic.primary.span.text == f'"{layer}"'


@pytest.mark.parametrize("kind", [np.complex64, object, "<U1"])
def test_what_is_no_number_does_not_fit(kind: Any, net: Net) -> None:
    with pytest.raises(NetError, match=r"the weight of fc is given as .*, which no weight can be"):
        match(net, {"fc": [np.zeros((6, 60), kind)]})


def test_all_mismatches_are_said_at_once(net: Net) -> None:
    with pytest.raises(NetError) as caught:
        match(net, zeros(conv=[(1, 2, 3, 3), (1,)], fc=[]))
    assert [d.code for d in caught.value.report] == ["N902", "N902", "N901"]


def test_a_shared_weight_may_come_from_a_borrower(tmp_path: Path) -> None:
    path = tmp_path / "test.net"
    path.write_text("""
    input "data" [1, 4]
    layer "one" InnerProduct { num_output: 4 bias_term: false param { name: "w" } }
    layer "two" InnerProduct { num_output: 4 bias_term: false param { name: "w" } }
    """)
    matched = match(netdef.load(path), {"two": [np.eye(4, dtype=np.float32)]})
    assert list(matched.arrays) == [WeightKey("one", 0)]
