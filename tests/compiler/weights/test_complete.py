"""Weights that are given, and fillers' for the rest."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import netdef
from netdef.compiler.net.net import Net
from netdef.compiler.net.weight_key import WeightKey
from netdef.compiler.weights.complete import complete
from netdef.compiler.weights.fillers import fill

TEXT = """
input "data" [1, 3]
layer "a" InnerProduct { num_output: 3 weight_filler { type: "xavier" } param { name: "w" } param { name: "b" } }
layer "b" InnerProduct { num_output: 3 weight_filler { type: "xavier" } param { name: "w" } param { name: "b" } }
layer "c" InnerProduct { num_output: 2 weight_filler { type: "gaussian" } }
"""


@pytest.fixture
def net(tmp_path: Path) -> Net:
    (tmp_path / "test.net").write_text(TEXT, "utf-8")
    return netdef.load(tmp_path / "test.net")


def layer(num_output: int, dtype: Any = np.float32) -> list[NDArray[Any]]:
    return [np.ones((num_output, 3), dtype), np.ones(num_output, dtype)]


def test_each_weight_stands_once_and_is_filled_by_its_own_declaration(net: Net) -> None:
    completed = complete(net, seed=5)
    assert list(map(str, completed.arrays)) == ["a/0", "a/1", "c/0", "c/1"]
    for node in net.nodes:
        for place, own in enumerate(node.weights):
            if node.name in "ac":
                key = WeightKey(node.name, place)
                array = completed.arrays[key]
                assert array.shape == own.weight.shape
                np.testing.assert_array_equal(array.read(), fill(own.weight, key, 5))


def test_given_ones_come_first(net: Net) -> None:
    completed = complete(net, {"c": layer(2, np.float64)}, seed=5)
    assert completed.arrays[WeightKey("c", 1)].dtype == np.float64
    assert completed.arrays[WeightKey("c", 1)].read().tolist() == [1, 1]
    assert completed.arrays[WeightKey("a", 0)].dtype == np.float32
    assert completed.matched.missing == ("a", "b")


@pytest.mark.parametrize(
    ("weights", "origin", "warnings"),
    [
        (
            None,
            "seeded fillers, seed 0",
            ["no weights given: the model's numbers are made up by the net's fillers (seed 0)"],
        ),
        (
            {"c": layer(2)},
            "w.npz; seeded fillers, seed 0, for a, b",
            ["made up by fillers, because the weights lack them: a, b"],
        ),
        ({"a": layer(3), "b": layer(3), "c": layer(2, np.float16)}, "w.npz, in float16 and float32", []),
        (
            {"a": layer(3, np.float64), "b": layer(3, np.float64), "c": layer(2, np.int32), "d": layer(1)},
            "w.npz, in float64 and int32",
            [
                "weights for layers that the net does not have: d",
                "float64 weights are rounded to float32: a",
                "int32 weights are rounded to float32: c",
            ],
        ),
    ],
)
def test_it_says_where_numbers_come_from_and_what_they_become(
    weights: Any, origin: str, warnings: list[str], net: Net
) -> None:
    completed = complete(net, weights)
    assert completed.origin("w.npz") == origin
    assert [diagnostic.message for diagnostic in completed.report] == warnings


def test_a_net_without_weights_has_nothing_to_say(tmp_path: Path) -> None:
    (tmp_path / "test.net").write_text('input "data" [1, 3] layer "r" ReLU', "utf-8")
    completed = complete(netdef.load(tmp_path / "test.net"))
    assert (completed.origin(), list(completed.report)) == ("none: the net has no weights", [])
