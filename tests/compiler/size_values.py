"""What a form is where its symbols are numbers, worked out with Python's integers alone."""

from collections.abc import Mapping

from netdef.compiler.shape import Shape
from netdef.compiler.size import Atom, Dim, Symbol


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
