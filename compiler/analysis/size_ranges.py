"""Which sizes of a range a net takes: those at which no layer refuses its bottoms, and no weight would be another.

Few sizes are all tried. Of many, each axis is tried by itself, the others where the net has them. Along an axis, sizes
go by classes: those that leave the same rest over the net's period, the least common multiple of what its shapes divide
the axis by. Within a class all sizes of blobs are linear, so what holds at two sizes and means the same at both holds
between them; where a class changes its mind is found by halving.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product as grid_of
from math import lcm, prod
from typing import NamedTuple

from netdef.compiler.net.net import Net, Node
from netdef.compiler.net.shapes import Refused, Step, changed_weight, infer_shapes
from netdef.compiler.shape import Shape, known, product, show
from netdef.compiler.size import Dim, Quotient, Size, symbol

MOST_INFERRED = 250_000
"""Layers whose shapes are inferred before sizes are chosen instead of all being tried: a few seconds."""
_MOST_CLASSES = 1024

Point = tuple[int, ...]
"""A size for each axis that has a range."""


class SizeRange(NamedTuple):
    """Sizes of an input: a range for each of its axes, which may hold one size only."""

    blob: str
    sides: tuple[range, ...]


class Failure(NamedTuple):
    """Why a size doesn't work; what counts as the same reason has the same key."""

    node: Node
    reason: str
    help: str | None
    at: str | None
    """Where in the layer, if one of its parameters is refused."""
    key: tuple[object, ...]


class Tried(NamedTuple):
    """What came of a range."""

    axes: tuple[tuple[str, int, range], ...]
    """Those with more than one size: the blob, the axis, and the sizes."""
    shapes: Mapping[str, tuple[range, ...]]
    base: Point
    """The net's own sizes, or where these are out of the range, its first ones."""
    outcomes: Mapping[Point, Failure | None]
    """By point, in order; None where the net works."""
    num_sizes: int
    """In the whole range."""

    @property
    def is_whole(self) -> bool:
        """Whether every size was tried."""
        return len(self.outcomes) == self.num_sizes


def try_ranges(net: Net, ranges: Sequence[SizeRange]) -> Tried:
    """Try the sizes of some ranges, all of them or as many as tell what comes of the others."""
    walk = Walk(net, ranges)
    axes = walk.axes
    num_sizes = prod(len(sides) for _, _, sides in axes)
    is_small = num_sizes * len(walk.steps) <= MOST_INFERRED
    points = [*grid_of(*(sides for *_, sides in axes))] if is_small else [*walk.points_by_axis()]
    outcomes = {point: walk.outcome(point) for point in points}
    shapes = {each.blob: each.sides for each in ranges}
    return Tried(axes, shapes, tuple(walk.base), dict(sorted({**outcomes, **walk.implied}.items())), num_sizes)


class Walk:
    """A net's layers, and what is known of sizes tried so far."""

    def __init__(self, net: Net, ranges: Sequence[SizeRange]) -> None:
        self._own = {top.name: top for node in net.nodes if node.layer.fed for top in node.tops}
        self.steps = [*_steps(net)]
        self._ranges = {each.blob: each.sides for each in ranges}
        self.axes = tuple(
            (each.blob, axis, sides) for each in ranges for axis, sides in enumerate(each.sides) if len(sides) > 1
        )
        self.base = [self._base(*axis) for axis in self.axes]
        self._known: dict[Point, Failure | None] = {}
        self.implied: dict[Point, Failure | None] = {}
        """What follows of sizes that weren't tried."""

    def outcome(self, point: Point) -> Failure | None:
        """Why a size doesn't work; None if it does."""
        if point not in self._known:
            self._known[point] = next(self._failures(point), None)
        return self._known[point]

    def shapes(self, point: Sequence[Dim]) -> dict[str, Shape]:
        """The shapes of the net's values at some sizes, as far as they can be inferred."""
        found = self._given(point)
        for each in infer_shapes(self.steps, self._given(point)):
            if not isinstance(each, Refused):
                found |= zip(each.step.tops, each.tops, strict=True)
        return found

    def points_by_axis(self) -> Iterator[Point]:
        """Points along each axis, the others where the net has them, or where their range begins."""
        for index, (*_, sides) in enumerate(self.axes):
            for size in self._along(index, sides):
                yield self._at(index, size)

    def _at(self, index: int, size: int) -> Point:
        return (*self.base[:index], size, *self.base[index + 1 :])

    def _base(self, blob: str, axis: int, sides: range) -> int:
        own = self._own[blob].shape[axis]
        return own if isinstance(own, int) and own in sides else sides[0]

    def _along(self, index: int, sides: range) -> Iterator[int]:
        """Sizes along an axis that tell what comes of all others; what they tell is noted."""
        period = min(self._period(index), _MOST_CLASSES)
        if len(sides) * len(self.steps) <= MOST_INFERRED or len(sides) <= 2 * period:
            yield from sides[: MOST_INFERRED // max(len(self.steps), 1) + 1]
            return

        def halve(sizes: range) -> Iterator[int]:
            first, last = self.outcome(self._at(index, sizes[0])), self.outcome(self._at(index, sizes[-1]))
            yield from (sizes[0], sizes[-1])
            if _key(first) == _key(last):
                self.implied |= {self._at(index, size): first for size in sizes[1:-1]}
            elif len(sizes) > 2:
                middle = len(sizes) // 2
                yield from halve(sizes[: middle + 1])
                yield from halve(sizes[middle:])

        for rest in range(period):
            yield from halve(sides[rest::period])

    def _period(self, index: int) -> int:
        """What sizes of the net's blobs divide an axis by, all together."""
        letter = symbol("x", least=self.axes[index][-1][0])
        sizes: list[Dim] = [*self.base[:index], letter, *self.base[index + 1 :]]
        divisors = {divisor for shape in self.shapes(sizes).values() for dim in shape for divisor in _divisors(dim)}
        return lcm(*divisors)

    def _given(self, point: Sequence[Dim]) -> dict[str, Shape]:
        chosen = {(blob, axis): size for (blob, axis, _), size in zip(self.axes, point, strict=True)}
        given = {top.id: top.shape for top in self._own.values()}
        for blob, sides in self._ranges.items():
            given[self._own[blob].id] = tuple(chosen.get((blob, axis), side[0]) for axis, side in enumerate(sides))
        return given

    def _failures(self, point: Point) -> Iterator[Failure]:
        for each in infer_shapes(self.steps, self._given(point)):
            node = each.step.of
            if isinstance(each, Refused):
                no = each.refusal
                yield Failure(node, no.message, no.help, no.at, (node.name, no.code))
            elif changed := changed_weight([own.weight for own in node.weights], each.weights):
                own, now = changed
                reason = f"its {own.name} would be {show(now.shape)}, and is {show(own.shape)}"
                more = known(product(now.shape)) > known(product(own.shape))
                help = "--dense makes the InnerProduct layers convolutions, which take any image"
                yield Failure(node, reason, help if node.layer.flattens else None, None, (node.name, own.name, more))


def _steps(net: Net) -> Iterator[Step[str, Node]]:
    for node in net.nodes:
        if not node.layer.fed:
            bottoms, tops = (tuple(blob.id for blob in blobs) for blobs in (node.bottoms, node.tops))
            yield Step(node, node.layer, bottoms, tops, node.size_names)


def _key(failure: Failure | None) -> tuple[object, ...]:
    return () if failure is None else failure.key


def _divisors(dim: Dim) -> Iterator[int]:
    if isinstance(dim, Size):
        for factors, _ in dim.terms:
            for atom in factors:
                if isinstance(atom, Quotient):
                    yield from _divisors(atom.of)
                    if isinstance(atom.by, int):
                        yield abs(atom.by)
