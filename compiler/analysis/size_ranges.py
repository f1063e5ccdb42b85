"""Which sizes of a range a net takes: those at which no layer refuses its bottoms, and no weight would be another.

Few sizes are all tried. Of many, each axis is tried by itself, the others where the net has them. Along an axis, sizes
go by classes: those that leave the same rest over the net's period, the least common multiple of what its shapes divide
the axis by. Within a class all sizes of blobs are linear, so what holds at two sizes and means the same at both holds
between them; where a class changes its mind is found by halving.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product as grid_of
from math import lcm, prod
from typing import NamedTuple

from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Diagnostic, Label, Report, did_you_mean
from netdef.compiler.net.given_sizes import takes_sizes
from netdef.compiler.net.net import Net, Node
from netdef.compiler.net.shapes import Refused, Step, changed_weight, infer_shapes
from netdef.compiler.schema.decode import place_of
from netdef.compiler.shape import Shape, known, product, show
from netdef.compiler.size import Dim, Quotient, Size, symbol, symbols_of

MOST_INFERRED = 250_000
"""Layers whose shapes are inferred before sizes are chosen instead of all being tried: a few seconds."""
_MOST_CLASSES = 1024
_AXES = "NCHW"
_HELP_WITH_DATA = "no layer of it is an Input; what data layers give has the size that --data-size says"

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


def check_ranges(nets: Sequence[Net], ranges: Sequence[SizeRange], report: Report) -> list[str]:
    """Try sizes on a sound net: in the last of its phases that has the inputs.

    What doesn't work goes to the report, once for each reason; a line tells what works.
    """
    sized = [net for net in nets if {each.blob for each in ranges} <= {*_sizable(net)}]
    net = sized[-1] if sized else nets[-1]
    found = Report(_misfits(net, ranges))
    report.extend(found)
    if found.errors:
        return []
    tried = try_ranges(net, ranges)
    failures: dict[tuple[object, ...], list[Point]] = {}
    for point, failure in tried.outcomes.items():
        if failure is not None:
            failures.setdefault(failure.key, []).append(point)
    for points in failures.values():
        report.add(_said(tried, points))
    working = [point for point, failure in tried.outcomes.items() if failure is None]
    if not working:
        return []
    outputs = ", ".join(f"{name} is {shape}" for name, shape in _outputs(net, tried, working).items())
    return [f"{_sizes(tried, working)} works ({_how_many(tried, working)}): {outputs}"]


def _sizable(net: Net) -> dict[str, Shape]:
    return {top.name: top.shape for node in net.nodes if takes_sizes(node.layer) for top in node.tops}


def _misfits(net: Net, ranges: Sequence[SizeRange]) -> Iterator[Diagnostic]:
    """Ranges of what is no input, or has other axes."""
    sizable = _sizable(net)
    for blob, sides in ranges:
        if blob not in sizable:
            help = did_you_mean(blob, sizable) or (f"inputs: {', '.join(sizable)}" if sizable else _HELP_WITH_DATA)
            yield Diagnostic("N512", f"there is no input {blob} to give a size", help=help)
        elif len(sides) != len(sizable[blob]):
            message = f"{blob} has {counted(len(sizable[blob]), 'axis', 'axes')}, {show(sizable[blob])}"
            yield Diagnostic("N512", f"{message}, and the range has {len(sides)}", help="give each axis its size")


def try_ranges(net: Net, ranges: Sequence[SizeRange]) -> Tried:
    """Try the sizes of some ranges, all of them or as many as tell what comes of the others."""
    walk = _Walk(net, ranges)
    axes = walk.axes
    num_sizes = prod(len(sides) for _, _, sides in axes)
    is_small = num_sizes * len(walk.steps) <= MOST_INFERRED
    points = [*grid_of(*(sides for *_, sides in axes))] if is_small else [*walk.points_by_axis()]
    outcomes = {point: walk.outcome(point) for point in points}
    shapes = {each.blob: each.sides for each in ranges}
    return Tried(axes, shapes, tuple(walk.base), dict(sorted({**outcomes, **walk.implied}.items())), num_sizes)


class _Walk:
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


# ---- words
def _said(tried: Tried, points: list[Point]) -> Diagnostic:
    """A mistake for sizes that fail for one reason."""
    failure = tried.outcomes[points[0]]
    assert failure is not None, "these fail"
    node = failure.node
    message = f"{node.definition.title} doesn't work at {_sizes(tried, points)} ({_how_many(tried, points)})"
    place = node.at if failure.at is None else place_of(failure.at, node.definition.places, node.at)
    label = Label(place, f"at {_shape(tried, [[size] for size in points[0]])}, {failure.reason}")
    return Diagnostic("N515", message, label, help=failure.help, subject=str(failure.key))


def _how_many(tried: Tried, points: list[Point]) -> str:
    if tried.is_whole:
        return f"{len(points):,} of {counted(tried.num_sizes, 'size')}"
    return f"{len(points):,} of {len(tried.outcomes):,} tried, of {counted(tried.num_sizes, 'size')}"


def _sizes(tried: Tried, points: list[Point]) -> str:
    """The sizes of some points, as ranges where they fill them; else along each axis, where it was tried by itself."""
    sides = _sides(points)
    if prod(map(len, sides)) == len(points):
        return _shape(tried, sides)
    if tried.is_whole:
        return f"{_shape(tried, [[size] for size in points[0]])} and others"
    along = [[point for point in points if _is_along(tried.base, point, axis)] for axis in range(len(tried.axes))]
    return " and ".join(_shape(tried, _sides(row)) for row in along if row)


def _sides(points: Iterable[Point]) -> list[list[int]]:
    return [sorted({*sizes}) for sizes in zip(*points, strict=True)]


def _is_along(base: Point, point: Point, axis: int) -> bool:
    """Whether a point differs from another along one axis at most."""
    return point[:axis] == base[:axis] and point[axis + 1 :] == base[axis + 1 :]


def _shape(tried: Tried, sides: Sequence[Sequence[int]]) -> str:
    """``data=1x3x193..224x224``."""
    chosen = {(blob, axis): sizes for (blob, axis, _), sizes in zip(tried.axes, sides, strict=True)}
    return " ".join(
        f"{blob}=" + "x".join(_spans(chosen.get((blob, axis), [side[0]])) for axis, side in enumerate(shape))
        for blob, shape in tried.shapes.items()
    )


def _spans(sizes: Sequence[int]) -> str:
    """``193..224``, ``32..512 in steps of 32``, ``(7, 9..12)``: numbers in order, in short."""
    runs = [*_runs(sizes)]
    if len(runs) == 1:
        first, last = runs[0]
        return str(first) if first == last else f"{first}..{last}"
    step = sizes[1] - sizes[0]
    if len(sizes) > 2 and [*sizes] == [*range(sizes[0], sizes[-1] + 1, step)]:
        return f"({sizes[0]}..{sizes[-1]} in steps of {step})"
    said = [str(first) if first == last else f"{first}..{last}" for first, last in runs]
    more = f", and {len(said) - 4} ranges more" if len(said) > 5 else ""
    return f"({', '.join(said[:4] if more else said)}{more})"


def _runs(sizes: Iterable[int]) -> Iterator[tuple[int, int]]:
    first = last = None
    for size in sizes:
        if first is None or last is None:
            first = size
        elif size != last + 1:
            yield first, last
            first = size
        last = size
    if first is not None and last is not None:
        yield first, last


def _outputs(net: Net, tried: Tried, working: list[Point]) -> dict[str, str]:
    """The outputs' shapes as forms in the axes that have a range; where these can't tell, at the first and the last."""
    walk = _Walk(net, [SizeRange(blob, sides) for blob, sides in tried.shapes.items()])
    several = len({blob for blob, *_ in tried.axes}) > 1
    letters = [
        symbol(
            f"{blob}_{axis}" if several else _AXES[axis] if len(tried.shapes[blob]) == len(_AXES) else f"d{axis}",
            least=min(point[index] for point in working),
        )
        for index, (blob, axis, _) in enumerate(tried.axes)
    ]
    last_of = {top.name: top.id for node in net.nodes for top in node.tops}
    forms = walk.shapes(letters)
    ends = [walk.shapes(point) for point in (working[0], working[-1])]
    found = {}
    for name in net.outputs:
        value = last_of[name]
        own = {str(letter) for letter in letters}
        if value in forms and {each for dim in forms[value] for each in symbols_of(dim)} <= own:
            found[name] = show(forms[value])
        elif value in ends[0]:
            found[name] = " to ".join(dict.fromkeys(show(end[value]) for end in ends))
    return found
