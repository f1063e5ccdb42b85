"""What a layer's window is, in a few words: ``3x3, stride 2, pad 1``; and for machines, as numbers by height and width.

What is as most layers have it (a stride of 1, no padding, no dilation, one group) is not said.
"""

from collections.abc import Iterator, Sequence

from netdef.compiler.layers.base import Layer
from netdef.compiler.shape import show

_USUAL = {"stride": 1, "pad": 0, "dilation": 1, "group": 1}
"""What is said of a window beside its size, unless it is this."""


def window_in_words(layer: Layer) -> str:
    """``7x7, stride 2, pad 3`` or ``MAX 2x2, stride 2``; empty for a layer without a window."""
    return " ".join(filter(None, (_reduction(layer), ", ".join(_words(layer)))))


def window_in_numbers(layer: Layer) -> dict[str, list[int]] | None:
    """Kernel, stride, pad and dilation, each a number for every axis; None for a layer without a window of its own."""
    kernel = _sides(layer, "kernel")
    if not kernel:
        return None
    number = max(len(kernel), 2)
    sides = {name: _sides(layer, name) or [_USUAL[name]] for name in ("stride", "pad", "dilation")}
    return {name: found * number if len(found) == 1 else found for name, found in {"kernel": kernel, **sides}.items()}


def _words(layer: Layer) -> Iterator[str]:
    if getattr(layer, "global_pooling", False):
        yield "global"
    elif kernel := _sides(layer, "kernel"):
        yield show(tuple(kernel if len(kernel) > 1 else kernel * 2))
    else:
        return
    for name, usual in _USUAL.items():
        sides = _sides(layer, name)
        if any(side != usual for side in sides):
            yield f"{name} {sides[0] if len(set(sides)) == 1 else show(tuple(sides))}"


def _reduction(layer: Layer) -> str:
    """How a pooling makes one value of a window; empty for other layers."""
    pool = getattr(layer, "pool", None)
    return "" if pool is None else str(pool.name)


def _sides(layer: Layer, name: str) -> list[int]:
    """A size in pixels as the layer has it: a number for each axis, or one for all; empty if it has none."""
    if name not in layer.params:
        return []
    said = getattr(layer, name)
    if said is None:
        return []
    return [int(side) for side in said] if isinstance(said, Sequence) else [int(said)]
