"""The shapes of a whole net, found in one walk over its layers.

Whoever asks hands in the layers in their order, and the shapes of what flows in from outside. So a net is checked and
its free axes are found, with symbols for sizes; and so is what is fed to it, with numbers.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from netdef.compiler.layers.base import Layer, Weight
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shape, Shapes, product, show
from netdef.compiler.size import renamed, symbols_of

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


MOST_NUMBERS = 2**63 - 1
"""In one blob or weight: where counting stops."""


class Step(NamedTuple, Generic[K, T]):
    """A layer, and the blobs' versions that it reads and makes, by number or name.

    of       whose layer it is, for those who ask
    names    what the sizes that only a run of the layer can tell are called in the net
    implied  what a layer without bottoms takes for them: samples of its data set
    """

    of: T
    layer: Layer
    bottoms: tuple[K, ...]
    tops: tuple[K, ...]
    names: Mapping[str, str] = {}
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
            tops = _own(step.layer.infer(bottoms or step.implied, len(step.tops)), bottoms, step.names)
            weights = step.layer.weights(bottoms)
            _check_counts(tops, weights)
        except Refusal as refusal:
            yield Refused(step, bottoms, refusal)
            continue
        shapes.update(zip(step.tops, tops, strict=True))
        yield Inferred(step, bottoms, tops, weights)


def _check_counts(tops: Shapes, weights: Sequence[Weight]) -> None:
    """Refuse what has more numbers than can be counted, and weights without any."""
    for shape in (*tops, *(weight.shape for weight in weights)):
        count = product(shape)
        if isinstance(count, int) and count > MOST_NUMBERS:
            raise Refusal("N202", f"{show(shape)} are more than 2^63 numbers", help="no machine holds as many")
    for weight in weights:
        if 0 in weight.shape:
            message = f"its {weight.name} would be {show(weight.shape)}, which holds no number"
            raise Refusal("N202", message, at="bottom 0", help="a layer learns from one channel or more")


def _own(tops: Shapes, bottoms: Shapes, names: Mapping[str, str]) -> Shapes:
    """A layer's tops, the symbols that it brings under the names that they have in the net."""
    if all(isinstance(size, int) for top in tops for size in top):
        return tops
    brought = _symbols(tops) - _symbols(bottoms)
    assert brought <= names.keys(), f"run_sizes must name {', '.join(sorted(brought - names.keys()))}"
    own = {name: names[name] for name in brought}
    return tuple(tuple(renamed(size, own) for size in top) for top in tops)


def _symbols(shapes: Shapes) -> set[str]:
    return {name for shape in shapes for size in shape for name in symbols_of(size)}


def changed_weight(own: Sequence[Weight], now: Sequence[Weight]) -> tuple[Weight, Weight] | None:
    """The first weight, as it was made and as its layer needs it now, whose shape is not what it was."""
    pairs = zip(own, now, strict=True)
    return next((pair for pair in pairs if pair[0].shape != pair[1].shape), None)
