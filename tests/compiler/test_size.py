"""The algebra of sizes against plain integers: what a form says holds for every value of its symbols."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdef.compiler.size import Dim, Size, bounds, exactly, renamed, symbol, symbols_of, towards_zero
from tests.compiler.size_values import H, K, M, Steps, all_numbers, by_hand, made, small, starts, steps, value


@given(starts, steps)
def test_a_form_has_the_value_of_the_steps_that_made_it(start: Dim, taken: Steps) -> None:
    size = made(start, taken)
    least, most = bounds(size)
    for numbers in all_numbers():
        found = value(size, numbers)
        assert found == by_hand(start, taken, numbers)
        assert least <= found <= most


@given(starts, steps, starts, steps)
def test_a_product_divided_by_a_factor_is_the_other(
    first: Dim,
    firsts: Steps,
    second: Dim,
    seconds: Steps,
) -> None:
    ours, theirs = made(first, firsts), made(second, seconds)
    if theirs != 0:
        assert exactly(ours * theirs, theirs) == ours


@given(small, small, small, st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4)), min_size=1, max_size=4))
def test_a_chain_of_quotients_is_one(k: int, h: int, constant: int, chain: list[tuple[int, int]]) -> None:
    """As a chain of pooling layers makes them: 224 is halved five times, or divided by 32 once."""
    size = k * K + h * H + constant
    chained, more, by = size, 0, 1
    for added, divisor in chain:
        chained = (chained + added) // divisor
        more, by = more + added * by, by * divisor
    assert chained == (size + more) // by


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (K, "K"),
        (K + 3, "K+3"),
        (3 * K - 1, "3*K-1"),
        (1 - K, "-K+1"),
        (M * K * 2, "2*K*M"),
        (K * K + M + K, "K*K+K+M"),
        ((K + 1) // 2, "(K+1)//2"),
        ((2 * K + 1) // 4, "K//2"),
        (3 * (K // 2) + 1, "3*(K//2)+1"),
        (((H + 1) // 2 + 1) // 2, "(H+3)//4"),
        (towards_zero(K - 7, 2), "trunc((K-7)/2)"),
        (-(K // 2), "-(K//2)"),
        (towards_zero(H - 1, 2), "(H+1)//2-1"),
        (512 // K, "512//K"),
    ],
)
def test_a_size_as_people_read_it(size: Dim, text: str) -> None:
    assert str(size) == text


@given(starts, steps)
def test_a_renamed_size_has_the_value_of_its_new_symbols(start: Dim, taken: Steps) -> None:
    size = made(start, taken)
    other = renamed(size, {"K": "M", "M": "K"})
    for numbers in all_numbers():
        assert value(other, numbers) == value(size, {**numbers, "K": numbers["M"], "M": numbers["K"]})
    assert symbols_of(renamed(size, {"K": "new"})) == {"new" if name == "K" else name for name in symbols_of(size)}


def test_forms_are_values() -> None:
    assert {K + M: 1}[M + K] == 1
    assert isinstance(K - M, Size)
    assert K - K == 0
    assert K != 0
    assert symbol("K", least=1) != K
