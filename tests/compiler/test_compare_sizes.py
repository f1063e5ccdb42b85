"""What is said of two sizes, against every value of their symbols."""

from itertools import product as tuples

import pytest
from hypothesis import given

from netdef.compiler.compare_sizes import Comparison, compare, is_below, may_divide, simplest
from netdef.compiler.size import Dim
from tests.compiler.size_values import H, K, M, Steps, all_numbers, made, small, starts, steps, value


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


def test_the_simplest_of_sizes_that_must_be_equal() -> None:
    assert simplest([K + 1, M, 7]) == 7
    assert simplest([K + 1, M, K]) == M
    assert simplest([2 * K, K + 1]) == 2 * K
