"""Sizes as algebra: numbers, and forms in symbols for what only a run can tell (the number of detections, say).

A size is an ``int`` or a ``Size``: a sum of symbols and products of symbols, each with a whole coefficient, and a
constant, as in ``2*K+3``.

1. A form is canonical: however a sum is written, it is one ``Size``. A form without symbols is an ``int``.
2. A division that comes out is a form. Any other is a symbol of its own, such as ``K//2``: the same symbol wherever
   the same sizes are divided, so that two branches that do the same agree.
3. A symbol stands for any whole number from its ``least`` on. That is 0 for what a layer declares: a detector may find
   nothing.

Sizes have neither an order nor a remainder: ``<`` and ``%`` would have to answer where nobody can tell. What can be
told is in ``compare_sizes``.
"""

from collections.abc import Iterable, Mapping
from math import gcd, inf, prod
from typing import NamedTuple, TypeGuard

from netdef.compiler.override import override


class Symbol(NamedTuple):
    """A size under a name that no other size of the net has."""

    name: str
    least: int = 0

    @override
    def __str__(self) -> str:
        return self.name


class Quotient(NamedTuple):
    """A division that does not come out, rounded down or (``truncates``) towards zero."""

    of: "Dim"
    by: "Dim"
    truncates: bool = False

    @override
    def __str__(self) -> str:
        of, by = (f"({dim})" if is_compound(dim) else str(dim) for dim in (self.of, self.by))
        return f"trunc({of}/{by})" if self.truncates else f"{of}//{by}"


Atom = Symbol | Quotient
Product = tuple[Atom, ...]
"""Atoms in one order; the empty product is 1, which the constant is counted in."""
Terms = Mapping[Product, int]
"""Coefficients, none of which is 0."""


class Size:
    """A form with at least one symbol in it. Arithmetic gives forms, or numbers where the symbols cancel."""

    __slots__ = ("terms",)

    def __init__(self, terms: Iterable[tuple[Product, int]]) -> None:
        """Take terms as ``_form`` makes them; everybody else begins with ``symbol``."""
        self.terms = tuple(terms)

    @property
    def name(self) -> str:
        """The name of a size that is one symbol, and nothing else; else empty."""
        (product, coefficient), *others = self.terms
        is_plain = not others and coefficient == 1 and len(product) == 1 and isinstance(product[0], Symbol)
        return str(product[0]) if is_plain else ""

    @override
    def __format__(self, spec: str) -> str:
        """The form, its numbers as ``spec`` has them (``,`` parts thousands)."""
        text = "".join(_signed(product, coefficient, spec) for product, coefficient in self.terms)
        return text.removeprefix("+")

    @override
    def __repr__(self) -> str:
        return format(self)

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Size) and other.terms == self.terms

    @override
    def __hash__(self) -> int:
        return hash(self.terms)

    def __add__(self, other: "Dim") -> "Dim":
        terms = dict(self.terms)
        for product, coefficient in terms_of(other).items():
            terms[product] = terms.get(product, 0) + coefficient
        return _form(terms)

    def __mul__(self, other: "Dim") -> "Dim":
        terms: dict[Product, int] = {}
        for left, ours in self.terms:
            for right, theirs in terms_of(other).items():
                product = _times(left, right)
                terms[product] = terms.get(product, 0) + ours * theirs
        return _form(terms)

    def __neg__(self) -> "Dim":
        return self * -1

    def __sub__(self, other: "Dim") -> "Dim":
        return self + other * -1

    def __rsub__(self, other: int) -> "Dim":
        return -self + other

    def __floordiv__(self, other: "Dim") -> "Dim":
        return _floor(self, other)

    def __rfloordiv__(self, other: int) -> "Dim":
        return _floor(other, self)

    __radd__ = __add__
    __rmul__ = __mul__


Dim = int | Size


def symbol(name: str, least: int = 0) -> Size:
    """A size that only a run can tell, and that no other size is equal to."""
    return Size([((Symbol(name, least),), 1)])


def may_be_declared(size: object) -> TypeGuard[int | str]:
    """Whether somebody may declare a size so: by a number from 0, or by a name where only a run can tell it."""
    if isinstance(size, str):
        return size.isidentifier()
    return isinstance(size, int) and not isinstance(size, bool) and size >= 0


def bounds(size: Dim) -> tuple[float, float]:
    """The least and the greatest that a size can be; both are whole, or infinite."""
    least: float = 0
    most: float = 0
    for product, coefficient in terms_of(size).items():
        ends = [coefficient * end for end in _bounds(product)]
        least, most = least + min(ends), most + max(ends)
    return least, most


def exactly(size: Dim, divisor: Dim) -> Dim | None:
    """A size divided by another, if that comes out as a form; else None. This is long division of polynomials."""
    if isinstance(size, int) and isinstance(divisor, int):
        return None if size % divisor else size // divisor
    parts = terms_of(divisor)
    first = max(parts, key=_rank)
    rest, found = dict(terms_of(size)), dict[Product, int]()
    while rest:
        product = max(rest, key=_rank)
        factor = _without(product, first)
        if factor is None or rest[product] % parts[first]:
            return None
        found[factor] = rest[product] // parts[first]
        for part, coefficient in parts.items():
            product = _times(factor, part)
            rest[product] = rest.get(product, 0) - found[factor] * coefficient
            if not rest[product]:
                del rest[product]
    return _form(found)


def towards_zero(size: Dim, divisor: int) -> Dim:
    """A size over a number above 0, rounded as C rounds integers."""
    if isinstance(size, int):
        return _towards_zero(size, divisor)
    if bounds(size)[0] >= 0:
        return size // divisor
    found = exactly(size, divisor)
    return _atom(Quotient(size, divisor, truncates=True)) if found is None else found


def symbols_of(size: Dim) -> set[str]:
    """The names of all symbols of a size, those inside of quotients too."""
    atoms = [atom for product in terms_of(size) for atom in product]
    inside = (symbols_of(atom.of) | symbols_of(atom.by) for atom in atoms if isinstance(atom, Quotient))
    return {atom.name for atom in atoms if isinstance(atom, Symbol)}.union(*inside)


def renamed(size: Dim, names: Mapping[str, str]) -> Dim:
    """The same size where some symbols have other names."""
    if isinstance(size, int):
        return size
    return sum((prod((_renamed(atom, names) for atom in product), start=c) for product, c in size.terms), start=0)


def is_compound(size: Dim) -> bool:
    """Whether a size is written with signs, and needs parentheses inside of something larger."""
    return isinstance(size, Size) and not size.name


# ---- forms
def _form(terms: Terms) -> Dim:
    """The canonical form of a sum: the longest products first, and the constant last."""
    found = [(product, coefficient) for product, coefficient in terms.items() if coefficient]
    if not found or (len(found) == 1 and not found[0][0]):
        return sum(coefficient for _, coefficient in found)
    return Size(sorted(found, key=lambda term: (-len(term[0]), _rank(term[0]))))


def terms_of(size: Dim) -> Terms:
    """The coefficients of a size's products, the constant's under the empty one."""
    if isinstance(size, Size):
        return dict(size.terms)
    return {(): size} if size else {}


def _atom(atom: Atom) -> Size:
    return Size([((atom,), 1)])


def _renamed(atom: Atom, names: Mapping[str, str]) -> Dim:
    if isinstance(atom, Symbol):
        return symbol(names.get(atom.name, atom.name), atom.least)
    of, by = renamed(atom.of, names), renamed(atom.by, names)
    return _atom(Quotient(of, by, truncates=True)) if atom.truncates else of // by


def _times(left: Product, right: Product) -> Product:
    return tuple(sorted(left + right, key=_key))


def _without(product: Product, factor: Product) -> Product | None:
    """A product divided by one of its parts; None if it is none."""
    atoms = list(product)
    for atom in factor:
        if atom not in atoms:
            return None
        atoms.remove(atom)
    return tuple(atoms)


def _rank(product: Product) -> tuple[int, list[tuple[bool, str]]]:
    """An order of products that multiplication keeps, as long division needs it."""
    return len(product), [_key(atom) for atom in product]


def _key(atom: Atom) -> tuple[bool, str]:
    """Symbols come before quotients, each by name."""
    return isinstance(atom, Quotient), str(atom)


def _floor(size: Dim, divisor: Dim) -> Dim:
    """A quotient rounded down, in one canonical form: what comes out stands before it."""
    found = exactly(size, divisor)
    if found is not None:
        return found
    if isinstance(divisor, Size) or divisor < 0:
        return _atom(Quotient(size, divisor))
    terms = terms_of(size)
    whole = _form({product: coefficient // divisor for product, coefficient in terms.items()})
    rest = {product: coefficient % divisor for product, coefficient in terms.items()}
    common = gcd(divisor, *(coefficient for product, coefficient in rest.items() if product))
    return whole + _fraction(_form({p: coefficient // common for p, coefficient in rest.items()}), divisor // common)


def _fraction(size: Dim, divisor: int) -> Dim:
    """The rest of a quotient, coefficients below the divisor; (x // a + y) // b is (x + a y) // (a b)."""
    if isinstance(size, int):
        return size // divisor
    for product, coefficient in size.terms:
        inner = product[0] if len(product) == coefficient == 1 else None
        if isinstance(inner, Quotient) and isinstance(inner.by, int) and not inner.truncates:
            return _floor(inner.of + inner.by * (size - _atom(inner)), inner.by * divisor)
    return _atom(Quotient(size, divisor))


def _towards_zero(number: int, divisor: int) -> int:
    return -(-number // divisor) if number < 0 else number // divisor


def _bounds(product: Product) -> tuple[float, float]:
    """The least and the greatest that a product can be."""
    if not product:
        return 1, 1
    least = [_least(atom) for atom in product]
    if min(least) < 0:
        return (least[0] if len(least) == 1 else -inf), inf
    return prod(least), inf


def _least(atom: Atom) -> float:
    if isinstance(atom, Symbol):
        return atom.least
    least = bounds(atom.of)[0]
    if isinstance(atom.by, int) and atom.by > 0:
        if least == -inf:
            return least
        return _towards_zero(int(least), atom.by) if atom.truncates else least // atom.by
    return 0 if least >= 0 and bounds(atom.by)[0] >= 0 else -inf


# ---- text
def _signed(product: Product, coefficient: int, spec: str) -> str:
    """A term with its sign: ``+K``, ``-2*K``, ``+3``."""
    is_alone = coefficient == len(product) == 1
    factors = [str(atom) if is_alone or isinstance(atom, Symbol) or atom.truncates else f"({atom})" for atom in product]
    if not factors or abs(coefficient) != 1:
        factors.insert(0, format(abs(coefficient), spec))
    return ("-" if coefficient < 0 else "+") + "*".join(factors)
