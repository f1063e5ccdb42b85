"""Which images a layer would take that refuses the net's: the nearest smaller and larger ones.

What leads to the layer is inferred again with other images, all else as it is. The search is bounded: it tells what it
finds near the net's own size, and nothing where it finds none.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from netdef.compiler.net.definition import LayerDefinition
from netdef.compiler.net.given_sizes import takes_sizes
from netdef.compiler.net.shapes import Refused, Step, infer_shapes
from netdef.compiler.shape import known, show

_MOST_INFERRED = 20_000
"""Layers, for one search: less than half a second."""
_SMALLEST = 0.5
"""Of the net's own images, others that are worth a word."""
_FARTHEST, _LARGEST = 128, 2**13
"""Pixels that images of other sizes are larger or smaller by: to fit each other, and to be large enough."""

_Steps = Sequence[Step[int, LayerDefinition]]


class Fitting(NamedTuple):
    """Images that would do.

    blob     the input
    shapes   its shape with them, the smallest first
    is_least whether all larger images do, too
    by_size  whether ``--size`` makes them so; else a data layer brings them
    """

    blob: str
    shapes: tuple[tuple[int, ...], ...]
    is_least: bool
    by_size: bool

    @property
    def note(self) -> str:
        """The same in words."""
        sizes = " and of ".join(show(shape[2:]) for shape in self.shapes)
        more = " and more" if self.is_least else ""
        how = f": --size {self.blob}={show(self.shapes[0])}" if self.by_size else ""
        return f"images of {sizes}{more} would fit here{how}"


def fitting_images(steps: _Steps, refused: Refused[int, LayerDefinition]) -> Fitting | None:
    """Images that a layer takes which refuses those of a net; None where none is found, or no image leads there."""
    leading = _leading_to(refused.step, steps)
    fed = [step for step in leading if step.layer.fed]
    rest = [step for step in leading if not step.layer.fed]
    given = {
        top: shape
        for each in infer_shapes(fed, {})
        if not isinstance(each, Refused)
        for top, shape in zip(each.step.tops, each.tops, strict=True)
    }
    if len(given) < sum(len(step.tops) for step in fed):
        return None
    images = [(step, top) for step in fed for top in step.tops if len(given[top]) == 4]
    if len(images) != 1:
        return None
    ((step, image),) = images
    own = given[image]
    if not all(isinstance(size, int) for size in own):
        return None
    num_left = [_MOST_INFERRED // len(rest)]

    def fits(more: int) -> bool:
        h, w = (known(size) + more for size in own[2:])
        num_left[0] -= 1
        if min(h, w) < max(1, _SMALLEST * min(known(size) for size in own[2:])) or num_left[0] < 0:
            return False
        found = list(infer_shapes(rest, {**given, image: (*own[:2], h, w)}))
        return len(found) == len(rest) and not any(isinstance(each, Refused) for each in found)

    is_least = refused.refusal.code == "N204"
    offsets = _least(fits) if is_least else _nearest(fits)
    shapes = tuple(tuple(known(size) + more * (axis > 1) for axis, size in enumerate(own)) for more in offsets)
    blob = step.of.frame.top[step.tops.index(image)]
    return Fitting(blob, shapes, is_least, takes_sizes(step.layer)) if shapes else None


def _leading_to(last: Step[int, LayerDefinition], steps: _Steps) -> list[Step[int, LayerDefinition]]:
    """The steps that a step needs, and itself, in order."""
    needed, found = {*last.bottoms}, [last]
    index = next(index for index, step in enumerate(steps) if step is last)
    for step in reversed(steps[:index]):
        if not needed.isdisjoint(step.tops):
            needed.update(step.bottoms)
            found.append(step)
    return found[::-1]


def _nearest(fits: Callable[[int], bool]) -> list[int]:
    """By how much the nearest smaller and larger images differ that fit."""
    ways = range(-1, -_FARTHEST - 1, -1), range(1, _FARTHEST + 1)
    found = [next((more for more in way if fits(more)), None) for way in ways]
    return [more for more in found if more is not None]


def _least(fits: Callable[[int], bool]) -> list[int]:
    """By how much the smallest images are larger that fit, if all beyond them do."""
    high = 1
    while not fits(high):
        high *= 2
        if high > _LARGEST:
            return []
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return [high]
