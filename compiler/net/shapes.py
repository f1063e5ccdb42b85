"""The shapes of a whole net, found in one walk over its layers.

Whoever asks hands in the layers in their order, and the shapes of what flows in from outside. So a net is checked and
its free axes are found, with symbols for sizes; and so is what is fed to it, with numbers.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from netdef.compiler.layers.base import Layer, Weight
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shape, Shapes

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Step(NamedTuple, Generic[K, T]):
    """A layer, and the blobs' versions that it reads and makes, by number or name.

    of       whose layer it is, for those who ask
    implied  what a layer without bottoms takes for them: samples of its data set
    """

    of: T
    layer: Layer
    bottoms: tuple[K, ...]
    tops: tuple[K, ...]
    implied: Shapes = ()


class Inferred(NamedTuple, Generic[K, T]):
    """What a layer makes of its bottoms."""

    step: Step[K, T]
    bottoms: Shapes
    tops: Shapes
    weights: tuple[Weight, ...]


class Refused(NamedTuple, Generic[K, T]):
    """A layer's no to its bottoms."""

    step: Step[K, T]
    bottoms: Shapes
    refusal: Refusal


def infer_shapes(steps: Iterable[Step[K, T]], given: Mapping[K, Shape]) -> Iterator[Inferred[K, T] | Refused[K, T]]:
    """What every layer makes, or why it can't; nothing of one that reads what a refused one was to make.

    ``given`` has the shapes of versions that no step makes.
    """
    shapes = dict(given)
    for step in steps:
        if any(bottom not in shapes for bottom in step.bottoms):
            continue
        bottoms = tuple(shapes[bottom] for bottom in step.bottoms)
        try:
            tops = step.layer.infer(bottoms or step.implied, len(step.tops))
            weights = step.layer.weights(bottoms)
        except Refusal as refusal:
            yield Refused(step, bottoms, refusal)
            continue
        shapes.update(zip(step.tops, tops, strict=True))
        yield Inferred(step, bottoms, tops, weights)


def changed_weight(own: Sequence[Weight], now: Sequence[Weight]) -> tuple[Weight, Weight] | None:
    """The first weight, as it was made and as its layer needs it now, whose shape is not what it was."""
    pairs = zip(own, now, strict=True)
    return next((pair for pair in pairs if pair[0].shape != pair[1].shape), None)
