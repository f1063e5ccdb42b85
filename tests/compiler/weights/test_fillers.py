"""Fillers against the formulas of Caffe's filler.hpp."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from netdef.compiler.layers.base import Weight
from netdef.compiler.net_error import NetError
from netdef.compiler.schema.caffe import FILLERS, Filler, VarianceNorm
from netdef.compiler.weights.fillers import BLOCK, FILLS, fan, fill

KEY = ("conv1", 0)
SHAPE = (64, 16, 3, 3)
"""Fans 144 and 576."""


def filled(shape: tuple[int, ...], key: tuple[str, int] = KEY, seed: int = 0, **filler: Any) -> NDArray[np.float64]:
    """A weight's first values."""
    values = fill(Weight("weight", shape, Filler(**filler)), key, seed)
    assert values.shape == shape
    assert values.dtype == np.float32
    return values.astype(np.float64)


def test_every_filler_is_there() -> None:
    assert set(FILLS) == set(FILLERS)


@pytest.mark.parametrize(
    ("norm", "n"), [(VarianceNorm.FAN_IN, 144), (VarianceNorm.FAN_OUT, 576), (VarianceNorm.AVERAGE, 360)]
)
def test_xavier_and_msra_divide_by_a_fan(norm: VarianceNorm, n: int) -> None:
    xavier = filled(SHAPE, type="xavier", variance_norm=norm)
    bound = (3 / n) ** 0.5
    assert np.abs(xavier).max() == pytest.approx(bound, rel=1e-3)
    assert np.abs(xavier).max() <= np.float32(bound)
    assert xavier.std() == pytest.approx(bound / 3**0.5, rel=0.02)
    assert filled(SHAPE, type="msra", variance_norm=norm).std() == pytest.approx((2 / n) ** 0.5, rel=0.02)


@pytest.mark.parametrize(
    ("shape", "fans"), [((5, 12), (12, 5)), ((12, 5), (5, 12)), ((7,), (1, 7)), ((), (1, 1)), ((4, 3, 3, 3), (27, 36))]
)
def test_fans_are_counts_over_the_first_two_sizes(shape: tuple[int, ...], fans: tuple[int, int]) -> None:
    assert fan(Filler(type="msra"), shape) == fans[0]
    assert fan(Filler(type="msra", variance_norm=VarianceNorm.FAN_OUT), shape) == fans[1]


def test_constant_uniform_and_gaussian() -> None:
    assert (filled(SHAPE) == 0).all()
    assert (filled((3,), value=0.5) == 0.5).all()
    uniform = filled(SHAPE, type="uniform", min=-1, max=3)
    assert (uniform.min(), uniform.max()) == (pytest.approx(-1, abs=0.01), pytest.approx(3, abs=0.01))
    assert uniform.mean() == pytest.approx(1, abs=0.05)
    gaussian = filled(SHAPE, type="gaussian", mean=2, std=0.1)
    assert (gaussian.mean(), gaussian.std()) == (pytest.approx(2, abs=0.01), pytest.approx(0.1, rel=0.05))
    fourth = (((gaussian - 2) / 0.1) ** 4).mean()
    assert fourth == pytest.approx(3, rel=0.1)


def test_a_sparse_gaussian_keeps_a_share_of_its_outputs() -> None:
    kept = filled((64, 5000), type="gaussian", sparse=2) != 0
    assert kept.mean() == pytest.approx(2 / 64, rel=0.05)


def test_rows_of_a_positive_unitball_sum_to_1() -> None:
    values = filled((7, 3, 5), type="positive_unitball")
    assert (values >= 0).all()
    assert values.reshape(7, -1).sum(1) == pytest.approx(1)


@pytest.mark.parametrize(("size", "row"), [(4, (0.25, 0.75, 0.75, 0.25)), (3, (0.5, 1, 0.5))])
def test_bilinear_interpolates(size: int, row: tuple[float, ...]) -> None:
    values = filled((2, 3, size, size), type="bilinear")
    np.testing.assert_array_equal(values, np.broadcast_to(np.outer(row, row), (2, 3, size, size)))


def test_bilinear_refuses_what_is_no_square_window() -> None:
    with pytest.raises(NetError, match="the bilinear filler of conv1 needs 4 axes and a square window, not 2x3x4x5"):
        filled((2, 3, 4, 5), type="bilinear")


def test_values_depend_on_seed_layer_and_place_alone() -> None:
    once = filled((9, 9), type="msra")
    np.testing.assert_array_equal(once, filled((9, 9), type="msra"))
    for key, seed in ((KEY, 1), (("conv2", 0), 0), (("conv1", 1), 0)):
        assert np.corrcoef(once.ravel(), filled((9, 9), key, seed, type="msra").ravel())[0, 1] < 0.5


def test_values_are_the_same_in_another_process() -> None:
    program = (
        "from netdef.compiler.weights.fillers import fill\n"
        "from netdef.compiler.layers.base import Weight\n"
        "from netdef.compiler.schema.caffe import Filler\n"
        "print(fill(Weight('w', (3,), Filler(type='gaussian')), ('conv1', 0), 0).tobytes().hex())"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert np.frombuffer(bytes.fromhex(found), np.float32).tolist() == filled((3,), type="gaussian").tolist()


def test_blocks_of_a_large_weight_differ() -> None:
    values = fill(Weight("weight", (2 * BLOCK + 3,), Filler(type="gaussian")), KEY, 0)
    assert abs(np.corrcoef(values[:BLOCK], values[BLOCK : 2 * BLOCK])[0, 1]) < 0.01
    assert values[-3:].all()
    assert values.std() == pytest.approx(1, rel=0.01)
