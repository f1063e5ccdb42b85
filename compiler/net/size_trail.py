"""How sizes came about that a layer refuses: the layers that led to them, and their arithmetic.

Of bottoms that should have one shape, both branches are told from the layer where they part, and what was rounded on
the way; of an image that is too small for a window, how it shrank.
"""

from collections.abc import Iterator, Sequence

from netdef.compiler.compare_sizes import Comparison, compare
from netdef.compiler.net.blobs import Joint
from netdef.compiler.net.definition import LayerDefinition
from netdef.compiler.net.shapes import Inferred, Refused
from netdef.compiler.schema.message import bottom_of
from netdef.compiler.shape import Shape, show
from netdef.compiler.size import Dim

_MOST_LAYERS = 300
"""Layers that are looked at on the way back: many mistakes in a large net must not look at all of it each time."""
_MOST_STEPS = 6
"""Changes of size that are told of a branch, the last ones."""
_MOST_ROUNDED = 3


class _Way(list[tuple[Inferred[int, LayerDefinition], int]]):
    """Layers that lead from one version of a blob to another, each with the bottom that it is entered by."""


class SizeTrail:
    """What is known of a net's sizes so far."""

    def __init__(self, joints: Sequence[Joint]) -> None:
        self._makers = {top: joint for joint in joints for top in joint.tops}
        self._made: dict[int, Inferred[int, LayerDefinition]] = {}

    def add(self, found: Inferred[int, LayerDefinition]) -> None:
        """Note what a layer makes."""
        for top in found.step.tops:
            self._made[top] = found

    def notes(self, refused: Refused[int, LayerDefinition]) -> tuple[str, ...]:
        """What led to the sizes that a layer refuses; nothing where it is all said already."""
        index = bottom_of(refused.refusal.at)
        if refused.refusal.code == "N206" and index:
            return tuple(self._parting(refused, index))
        if refused.refusal.code == "N204" and refused.bottoms:
            return tuple(self._shrinking(refused))
        return ()

    @staticmethod
    def is_of_images(refused: Refused[int, LayerDefinition]) -> bool:
        """Whether other images may be what a layer needs."""
        code, index, shapes = refused.refusal.code, bottom_of(refused.refusal.at), refused.bottoms
        if code == "N206" and index:
            axis = _first_axis(shapes[0], shapes[index])
            return axis is not None and axis > 1
        return (code in ("N204", "N208") and bool(shapes)) or (code == "N202" and len(shapes) > 1)

    def _parting(self, refused: Refused[int, LayerDefinition], index: int) -> Iterator[str]:
        """Where two bottoms part, and how each came to its size."""
        step, shapes = refused.step, refused.bottoms
        pairs = ((other, _first_axis(shapes[other], shapes[index])) for other in range(index))
        found = next(((other, axis) for other, axis in pairs if axis is not None), None)
        if found is None:
            return
        other, axis = found
        parting = self._nearest_common(step.bottoms[other], step.bottoms[index])
        if parting is None:
            return
        ways = [self._way(parting, step.bottoms[each]) for each in (other, index)]
        makers = [shapes[each][axis] for each in (other, index)]
        maker = self._made[parting].step
        begin = self._made[parting].tops[maker.tops.index(parting)]
        name = maker.of.frame.top[maker.tops.index(parting)]
        yield f"{makers[0]} and {makers[1]}: both come from {name}, {show(begin)}"
        for way in ways:
            if told := _told(way, begin, axis):
                yield told
        rounded = [said for way in ways for said in _rounded(way, axis)]
        yield from rounded[:_MOST_ROUNDED]

    def _shrinking(self, refused: Refused[int, LayerDefinition]) -> Iterator[str]:
        """How an image came to the size that is too small for a window, and what the window would leave of it."""
        shape, layer = refused.bottoms[0], refused.step.layer
        for axis in range(2, len(shape)):
            said = layer.arithmetic(shape, axis)
            if said is not None and said.exact < 1:
                yield f"positions along axis {axis}: {said.formula} = {said.exact:g}"
                break
        else:
            return
        way = self._way(None, refused.step.bottoms[0])
        if way and (told := _told(way, way[0][0].tops[0], axis)):
            yield told

    def _nearest_common(self, first: int, second: int) -> int | None:
        """The last version that two come from."""
        seen = set(self._behind(first))
        return max((version for version in self._behind(second) if version in seen), default=None)

    def _behind(self, version: int) -> Iterator[int]:
        """A version and all that it comes from."""
        waiting, seen = [version], {version}
        for each in waiting:
            yield each
            joint = self._makers.get(each)
            if joint is None or each not in self._made or len(waiting) > _MOST_LAYERS:
                continue
            fresh = [bottom for bottom in joint.bottoms if bottom is not None and bottom not in seen]
            seen.update(fresh)
            waiting += fresh

    def _way(self, begin: int | None, end: int) -> _Way:
        """The layers from one version to another that comes from it; with no begin, from an input."""
        way, version = _Way(), end
        while version != begin and version in self._made and len(way) < _MOST_LAYERS:
            made = self._made[version]
            bottoms = made.step.bottoms
            index = 0
            if begin is not None:
                index = next((i for i, each in enumerate(bottoms) if begin in set(self._behind(each))), 0)
            way.insert(0, (made, index))
            if not bottoms:
                break
            version = bottoms[index]
        return way


def _first_axis(first: Shape, second: Shape) -> int | None:
    """The last axis along which two shapes differ; None where they have other numbers of axes, or none differs."""
    if len(first) != len(second):
        return None
    axes = [
        axis
        for axis, (ours, theirs) in enumerate(zip(first, second, strict=True))
        if compare(ours, theirs) is Comparison.DIFFERENT
    ]
    return next((axis for axis in axes if axis > 1), axes[0] if axes else None)


def _told(way: _Way, begin: Shape, axis: int) -> str:
    """``25 -> pool1 13 -> up1 26``: the layers that change a size."""
    before: Dim | None = begin[axis] if axis < len(begin) else None
    changes = []
    for made, _ in way:
        top = made.tops[0]
        size = top[axis] if axis < len(top) else None
        if size != before:
            changes.append(f"{made.step.of.frame.name} {size if size is not None else show(top)}")
        before = size
    if not changes:
        return ""
    shown = changes if len(changes) <= _MOST_STEPS else ["...", *changes[-_MOST_STEPS:]]
    return " -> ".join([str(begin[axis] if axis < len(begin) else show(begin)), *shown])


def _rounded(way: _Way, axis: int) -> Iterator[str]:
    """What the layers of a way round."""
    for made, index in way:
        bottom = made.bottoms[index] if index < len(made.bottoms) else ()
        said = made.step.layer.arithmetic(bottom, axis) if axis < len(bottom) else None
        if said is not None and said.is_rounded:
            yield f"{made.step.of.frame.name} rounds {said.formula} = {said.exact:g} {said.way} to {said.top}"
