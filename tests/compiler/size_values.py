"""Forms as layers make them, and what they are where their symbols are numbers: Python's integers work it out."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product as tuples

from hypothesis import strategies as st

from netdef.compiler.shape import Shape
from netdef.compiler.size import Atom, Dim, Symbol, symbol, towards_zero


def value(size: Dim, numbers: Mapping[str, int]) -> int:
    """A size where its symbols are numbers."""
    if isinstance(size, int):
        return size
    return sum(coefficient * _product(atoms, numbers) for atoms, coefficient in size.terms)


def values(shape: Shape, numbers: Mapping[str, int]) -> tuple[int, ...]:
    """A shape where its symbols are numbers."""
    return tuple(value(size, numbers) for size in shape)


def _product(atoms: tuple[Atom, ...], numbers: Mapping[str, int]) -> int:
    made = 1
    for atom in atoms:
        if isinstance(atom, Symbol):
            made *= numbers[atom.name]
        else:
            of, by = value(atom.of, numbers), value(atom.by, numbers)
            made *= int(of / by) if atom.truncates else of // by
    return made


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


small = st.integers(-4, 4)
