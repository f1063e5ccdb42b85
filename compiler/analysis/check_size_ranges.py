"""What is said of the sizes of a range: at which a net works and what comes out there, and why it doesn't at others."""

from collections.abc import Iterable, Iterator, Sequence
from math import prod

from netdef.compiler.analysis.size_ranges import Point, SizeRange, Tried, Walk, try_ranges
from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Diagnostic, Label, Report, did_you_mean
from netdef.compiler.net.given_sizes import takes_sizes
from netdef.compiler.net.net import Net
from netdef.compiler.schema.decode import place_of
from netdef.compiler.shape import Shape, show
from netdef.compiler.size import symbol, symbols_of

_AXES = "NCHW"
_HELP_WITH_DATA = "no layer of it is an Input; what data layers give has the size that --data-size says"


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
    walk = Walk(net, [SizeRange(blob, sides) for blob, sides in tried.shapes.items()])
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
