"""Chance without a state."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netdef.runtime.hardware.seeded_bits import bits, order, uniform

SPLITMIX_OF_0 = 0xE220A8397B1DCDAF
"""The first number of SplitMix64 with seed 0, as its authors' program prints it."""


def test_one_key_is_a_step_of_splitmix() -> None:
    assert bits(0).item() == SPLITMIX_OF_0


def test_keys_broadcast_and_each_counts() -> None:
    table = bits(1, np.arange(50)[:, None], np.arange(40))
    assert table.shape == (50, 40)
    assert len(np.unique(table)) == 2000
    assert table[7, 3] == bits(1, 7, 3).item()
    assert table[7, 3] != bits(2, 7, 3).item()
    assert table[7, 3] != bits(1, 3, 7).item()


def test_numbers_are_even_and_neighbours_know_nothing_of_each_other() -> None:
    num = 100_000
    for keys in ((0,), (1, 2), (123456789,)):
        numbers = uniform(*keys, np.arange(num))
        assert numbers.min() >= 0
        assert numbers.max() < 1
        counts, _ = np.histogram(numbers, bins=100, range=(0, 1))
        chi_squared = ((counts - num / 100) ** 2 / (num / 100)).sum()
        assert chi_squared < 149  # 99 degrees of freedom: exceeded once in 1,000
        others = (uniform(*keys[:-1], keys[-1] + 1, np.arange(num)), np.roll(numbers, 1))
        assert all(abs(np.corrcoef(numbers, other)[0, 1]) < 0.012 for other in others)  # four deviations


@given(st.integers(1, 300), st.integers(0, 2**62), st.integers(0, 1000))
def test_an_order_is_a_permutation(num: int, seed: int, epoch: int) -> None:
    assert np.array_equal(np.sort(order(num, seed, epoch)), np.arange(num))


def test_every_place_is_equally_likely() -> None:
    firsts = [order(6, seed)[0] for seed in range(6000)]
    counts = np.bincount(firsts, minlength=6)
    assert ((counts - 1000) ** 2 / 1000).sum() < 20.5  # 5 degrees of freedom, once in 1,000
