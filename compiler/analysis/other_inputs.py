"""For which inputs a layer would have weights of other shapes: what weights tell that were trained on other images."""

from collections.abc import Callable
from math import prod
from typing import NamedTuple

from netdef.compiler.analysis.free_axes import steps_of
from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Report
from netdef.compiler.net.assemble import assemble
from netdef.compiler.net.net import Net, Node
from netdef.compiler.net.shapes import Inferred, infer_shapes
from netdef.compiler.shape import Pair, known, show

CHANNELS = (1, 3, 4)
"""Those that images have."""
LARGEST = 4
"""Sizes are looked for up to so many times the input's own."""

Fits = Callable[[tuple[int, ...]], bool]
"""Whether the weights that are there fit a layer's weight of some shape."""
WeightAt = Callable[[tuple[int, ...]], tuple[int, ...]]
"""The shape of a layer's first weight for a shape of the input; empty if a layer refuses it."""


class OtherInput(NamedTuple):
    """An input for which a layer's weights would be as they are.

    blob     the input
    shape    what it would be
    what     what is other, for people: ``images of 28x28 (25x25 to 28x28)``, ``1 channel``
    dense    whether the net as its file says it has this input, so that a dense net would take both sizes
    by_size  whether ``--size`` says its shape; a data layer has it from its data
    """

    blob: str
    shape: tuple[int, ...]
    what: str
    dense: bool
    by_size: bool


def other_input(net: Net, node: Node, given: tuple[int, ...], fits: Fits) -> OtherInput | None:
    """The input that some weights of a layer were trained for, where their shape tells; ``given`` is that shape."""
    fed = [(top, maker) for maker in net.nodes if maker.layer.fed for top in maker.tops]
    images = [(top, maker) for top, maker in fed if len(top.shape) == 4 and all(isinstance(d, int) for d in top.shape)]
    if len(images) != 1:
        return None
    ((top, maker),) = images
    shape, by_size = tuple(map(known, top.shape)), maker.type == "Input"
    others = {each.id: each.shape for each, _ in fed}

    def weight_at(asked: tuple[int, ...]) -> tuple[int, ...]:
        for found in infer_shapes(steps_of(net), {**others, top.id: asked}):
            if found.step.of is node:
                return tuple(map(known, found.weights[0].shape)) if isinstance(found, Inferred) else ()
        return ()

    for channels in CHANNELS:
        asked = (shape[0], channels, *shape[2:])
        if channels != shape[1] and fits(weight_at(asked)):
            what = f"{counted(channels, 'channel')}, and {top.name} has {shape[1]}"
            return OtherInput(top.name, asked, what, False, by_size)
    sides = _sides_that_fit(weight_at, shape, prod(given))
    if sides is None or not fits(weight_at(_at_side(shape, sides[0]))):
        return None
    least, most = (Pair(*_at_side(shape, side)[2:]) for side in sides)
    written = _written_size(net, top.name, least, most)
    size = written or most
    between = "" if least == most else f" ({show(least)} to {show(most)})"
    what = f"images of {show(size)}{between}, and {top.name} has {show(shape[2:])}"
    return OtherInput(top.name, (*shape[:2], *size), what, written is not None, by_size)


def _sides_that_fit(weight_at: WeightAt, shape: tuple[int, ...], wanted: int) -> tuple[int, int] | None:
    """The least and the greatest shorter side with so many numbers; a layer's weights never shrink as images grow."""

    def first(num: int) -> int:
        low, high = 1, LARGEST * min(shape[2:]) + 1
        while low < high:
            middle = (low + high) // 2
            found = weight_at(_at_side(shape, middle))
            low, high = (low, middle) if found and prod(found) >= num else (middle + 1, high)
        return low

    least, most = first(wanted), first(wanted + 1) - 1
    return (least, most) if least <= most else None


def _at_side(shape: tuple[int, ...], side: int) -> tuple[int, ...]:
    """The shape of images as wide for their height, by their shorter side."""
    own = shape[2:]
    return (*shape[:2], *(max(side, round(side * each / min(own))) for each in own))


def _written_size(net: Net, blob: str, least: Pair, most: Pair) -> Pair | None:
    """The size that the net's file says, if it is between two."""
    written = assemble(net.definition, net.state, net.sizes._replace(inputs={}), Report()).inputs.get(blob, ())[2:]
    if len(written) != 2 or not all(isinstance(size, int) for size in written):
        return None
    size = Pair(*map(known, written))
    return size if least.h <= size.h <= most.h and least.w <= size.w <= most.w else None
