"""What can be told of two sizes before a run: that they are equal, that they are different, or neither.

An answer holds whatever the symbols stand for. A layer refuses only what can't be right: what is DIFFERENT, what is
below the least that it must be, or what is never divisible.
"""

from collections.abc import Iterable
from enum import Enum
from math import gcd

from netdef.compiler.size import Dim, bounds, terms_of


class Comparison(Enum):
    """How two sizes compare."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNKNOWN = "only a run can tell"


def compare(first: Dim, second: Dim) -> Comparison:
    """Whether two sizes are equal.

    DIFFERENT rests on three reasons: the difference is a number, or has one sign (``K`` and ``K+1``, ``2*K+1`` and 0),
    or leaves another remainder than 0 does (``2*K`` and 7). For sums of several symbols of one sign that is not
    every reason: ``3*K+5*M`` is never 7, and passes for UNKNOWN.
    """
    difference = first - second
    if isinstance(difference, int):
        return Comparison.DIFFERENT if difference else Comparison.EQUAL
    least, most = bounds(difference)
    differ = least > 0 or most < 0 or not may_divide(0, difference)
    return Comparison.DIFFERENT if differ else Comparison.UNKNOWN


def is_below(first: Dim, second: Dim) -> bool:
    """Whether the first is less than the second, whatever the symbols stand for."""
    difference = first - second
    return difference < 0 if isinstance(difference, int) else bounds(difference)[1] < 0


def may_divide(divisor: int, size: Dim) -> bool:
    """Whether a size can be a multiple of a number (of 0: can be 0); False only if it never is."""
    if isinstance(size, int):
        return size % divisor == 0 if divisor else size == 0
    terms = terms_of(size)
    step = gcd(divisor, *(coefficient for product, coefficient in terms.items() if product))
    return terms.get((), 0) % step == 0


def simplest(sizes: Iterable[Dim]) -> Dim:
    """The one that says most of sizes that must be equal: a number, else a symbol, else the first."""
    return min(sizes, key=lambda size: 0 if isinstance(size, int) else 1 if size.name else 2)
