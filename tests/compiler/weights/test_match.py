"""Weights in files, and how they meet a net."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file

import netdef
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.weights.match import match, read_weights, write_weights

Weights = dict[str, list[NDArray[np.float32]]]


def some() -> Weights:
    """Weights with all that is odd: slashes, more than ten, no axes, another order of axes, none at all."""
    chance = np.random.default_rng(0)
    return {
        "conv1": [chance.standard_normal((3, 2, 5, 5), np.float32), chance.standard_normal(3, np.float32)],
        "inception_3a/1x1": [chance.standard_normal((2, 3), np.float32).T],
        "many": [np.full((), i, np.float32) for i in range(12)],
        "bare": [],
    }


def save(path: Path, arrays: dict[str, Any]) -> None:
    """An archive as numpy writes it."""
    np.savez(path, **arrays)


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_what_is_written_is_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"w{suffix}"
    write_weights(path, some())
    (tmp_path.parent / "other").touch()
    assert path.stat().st_mode == (tmp_path.parent / "other").stat().st_mode
    found = read_weights(path)
    assert list(found) == [layer for layer, arrays in some().items() if arrays]
    for layer, arrays in found.items():
        for array, expected in zip(arrays, some()[layer], strict=True):
            assert array.shape == expected.shape
            np.testing.assert_array_equal(array, expected)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_keys_are_layer_and_place(tmp_path: Path) -> None:
    for suffix in (".safetensors", ".npz"):
        write_weights(tmp_path / f"w{suffix}", some())
    keys = {"conv1/0", "conv1/1", "inception_3a/1x1/0", *(f"many/{i}" for i in range(12))}
    assert set(np.load(tmp_path / "w.npz")) == set(load_file(tmp_path / "w.safetensors")) == keys


def test_other_numbers_become_float32(tmp_path: Path) -> None:
    save(tmp_path / "w.npz", {"a/0": np.arange(3), "a/1": np.ones(1), "a/2": np.ones(1, np.float16)})
    assert [array.dtype for array in read_weights(tmp_path / "w.npz")["a"]] == [np.float32] * 3


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    write_weights(path, some())
    before = path.read_bytes()
    with pytest.raises(ValueError, match="Object arrays"):
        write_weights(path, {"conv1": [np.zeros(5, np.float32), np.array([{}], object)]})
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("w.npz", None, "there are no weights"),
        ("w.npz", b"", "can't be read"),
        ("w.safetensors", b"\xff" * 7, "can't be read"),
        ("w.safetensors", b"\xff" * 64, "can't be read"),
        ("w.txt", b"", "weights with this suffix are not read"),
    ],
)
def test_unreadable_files_are_refused(name: str, content: bytes | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(NetError, match=message):
        read_weights(tmp_path / name)


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    save(tmp_path / "w.npz", {"a/0": np.array([{}], object)})
    with pytest.raises(NetError, match="can't be read"):
        read_weights(tmp_path / "w.npz")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (["conv1"], 'has an array "conv1", and should have names such as "conv1/0"'),
        (["conv1/weight"], 'has an array "conv1/weight"'),
        (["conv1/1"], "has 1 arrays for conv1, but none called conv1/0"),
        (["conv1/0", "conv1/2"], "has 2 arrays for conv1, but none called conv1/1"),
    ],
)
def test_foreign_names_are_refused(keys: list[str], message: str, tmp_path: Path) -> None:
    save(tmp_path / "w.npz", {key: np.zeros(1) for key in keys})
    with pytest.raises(NetError, match=message):
        read_weights(tmp_path / "w.npz")


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NetError, match="can't be written"):
        write_weights(tmp_path / "no/w.npz", some())


# ---- weights and a net
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
        found = matched.arrays[layer, index]
        assert found.shape == shape
        np.testing.assert_array_equal(found.ravel(), values[index].ravel())


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


def test_all_mismatches_are_said_at_once(net: Net) -> None:
    with pytest.raises(NetError) as caught:
        match(net, zeros(conv=[(1, 2, 3, 3), (1,)], fc=[]))
    assert [d.code for d in caught.value.report] == ["N754", "N754", "N753"]


def test_a_shared_weight_may_come_from_a_borrower(tmp_path: Path) -> None:
    path = tmp_path / "test.net"
    path.write_text("""
    input "data" [1, 4]
    layer "one" InnerProduct { num_output: 4 bias_term: false param { name: "w" } }
    layer "two" InnerProduct { num_output: 4 bias_term: false param { name: "w" } }
    """)
    matched = match(netdef.load(path), {"two": [np.eye(4, dtype=np.float32)]})
    assert list(matched.arrays) == [("one", 0)]
