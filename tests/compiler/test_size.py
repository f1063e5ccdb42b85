"""The algebra of sizes against plain integers: what a form says holds for every value of its symbols."""

from collections.abc import Callable, Iterator
from itertools import product as tuples

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdef.compiler.size import (
    Comparison,
    Dim,
    Size,
    bounds,
    compare,
    exactly,
    is_below,
    may_divide,
    renamed,
    simplest,
    symbol,
    symbols_of,
    towards_zero,
)
from tests.compiler.size_values import value

K, M, H = symbol("K"), symbol("M"), symbol("H", least=1)
NUMBERS = range(9)
"""What the symbols stand for, in turn."""


def all_numbers() -> Iterator[dict[str, int]]:
    """Every choice of the symbols' values, as far as ``NUMBERS`` goes."""
    for k, m, h in tuples(NUMBERS, NUMBERS, NUMBERS[1:]):
        yield {"K": k, "M": m, "H": h}


Steps = list[tuple[Callable[[Dim, int], Dim], int]]
# What a layer does with a size, and the same with a number.
STEPS: list[Callable[[Dim, int], Dim]] = [
    lambda size, number: size + number,
    lambda size, number: size - number,
    lambda size, number: number - size,
    lambda size, number: size * number,
    lambda size, number: size // (number + 1),
    lambda size, number: towards_zero(size, number + 1),
    lambda size, number: size + K * number,
    lambda size, number: size * (M + number),
    lambda size, number: size - H,
    lambda size, number: -size,
]
steps = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5)), max_size=5)
starts: st.SearchStrategy[Dim] = st.sampled_from([K, M, H, K + M, 2 * K + 3, H - 7, 4])


def made(start: Dim, taken: Steps) -> Dim:
    for step, number in taken:
        start = step(start, number)
    return start


def by_hand(start: Dim, taken: Steps, numbers: dict[str, int]) -> int:
    """The same with Python's integers alone: each step on a number, its own symbols in numbers, too."""
    found = value(start, numbers)
    for step, number in taken:
        found = value(step(found, number), numbers)
    return found


@given(starts, steps)
def test_a_form_has_the_value_of_the_steps_that_made_it(start: Dim, taken: Steps) -> None:
    size = made(start, taken)
    least, most = bounds(size)
    for numbers in all_numbers():
        found = value(size, numbers)
        assert found == by_hand(start, taken, numbers)
        assert least <= found <= most


@given(starts, steps, starts, steps)
def test_what_is_said_of_two_sizes_holds_for_all_values(
    first: Dim,
    firsts: Steps,
    second: Dim,
    seconds: Steps,
) -> None:
    ours, theirs = made(first, firsts), made(second, seconds)
    answer = compare(ours, theirs)
    pairs = [(value(ours, numbers), value(theirs, numbers)) for numbers in all_numbers()]
    if answer is Comparison.EQUAL:
        assert all(a == b for a, b in pairs)
        assert ours == theirs
    if answer is Comparison.DIFFERENT:
        assert all(a != b for a, b in pairs)
    if is_below(ours, theirs):
        assert all(a < b for a, b in pairs)
    for divisor in (2, 3, 4, 6):
        assert may_divide(divisor, ours) or all(a % divisor for a, _ in pairs)


small = st.integers(-4, 4)


@given(small, small, small)
def test_of_linear_forms_nothing_that_can_be_told_is_left_open(k: int, m: int, constant: int) -> None:
    """Not told are only sums of several symbols of one sign, such as 3*K+5*M and 7."""
    size = k * K + m * M + constant
    numbers = [a * k + b * m + constant for a, b in tuples(range(40), repeat=2)]
    if all(number == 0 for number in numbers):
        assert compare(size, 0) is Comparison.EQUAL
    elif all(numbers) and k * m <= 0:
        assert compare(size, 0) is Comparison.DIFFERENT
    elif not all(numbers):
        assert compare(size, 0) is Comparison.UNKNOWN
    for divisor in (2, 3, 4, 6):
        assert may_divide(divisor, size) == any(number % divisor == 0 for number in numbers)
    assert is_below(size, 0) == all(number < 0 for number in numbers)


@pytest.mark.parametrize(
    ("first", "second", "answer"),
    [
        (K, K, "equal"),
        (K, K + 1, "different"),
        (K + 1, 2 * K + 2, "different"),  # K + 1 apart, which is never 0
        (K, 2 * K, "only a run can tell"),  # both 0 where nothing is found
        (H, 2 * H, "different"),  # an image has a row at least
        (K, M, "only a run can tell"),
        (K, 7, "only a run can tell"),
        (2 * K, 7, "different"),
        (4 * K + 2 * M, 6 * H + 1, "different"),  # even and odd
        (K + 3, 2, "different"),
        (3 * K + 5 * M, 7, "only a run can tell"),
        (K * M, M * K, "equal"),
        ((K + 1) * (M - 1), K * M - K + M - 1, "equal"),
        (K * M + 1, 0, "different"),
        ((K + 2) // 2, K // 2 + 1, "equal"),
        ((K + 1) // 2, K // 2, "only a run can tell"),
        (3, 3, "equal"),
        (3, 4, "different"),
    ],
)
def test_two_sizes_are_equal_different_or_nobody_can_tell(first: Dim, second: Dim, answer: str) -> None:
    assert compare(first, second).value == answer
    assert compare(second, first).value == answer


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


def test_the_simplest_of_sizes_that_must_be_equal() -> None:
    assert simplest([K + 1, M, 7]) == 7
    assert simplest([K + 1, M, K]) == M
    assert simplest([2 * K, K + 1]) == 2 * K


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
