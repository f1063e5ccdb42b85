"""What becomes of one net's weights in another, by Caffe's rule: by the layer's name, and then by shape.

Caffe breaks off at a layer of that name whose weights have another number or other shapes. Here an InnerProduct also
takes the weights of a convolution by a window as large as its bottom, and the other way round: the same numbers.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from netdef.compiler.difference.match_layers import Matching
from netdef.compiler.net.net import Net, Node
from netdef.compiler.shape import show
from netdef.compiler.weights.match import fits


class Fate(StrEnum):
    """What becomes of the weights that a layer asks for by its name."""

    LOADS = "loads"
    RESHAPED = "reshaped"
    REFUSED = "refused"
    FILLED = "filled"


class LayerLoading(NamedTuple):
    """A layer of the second net that has weights."""

    name: str
    fate: Fate
    reason: str
    """Why it isn't simply loaded; empty where it is."""


class Loading(NamedTuple):
    """All of them, and the layers of the first net whose weights nobody asks for."""

    layers: tuple[LayerLoading, ...]
    unused: tuple[str, ...]

    def names(self, fate: Fate) -> list[str]:
        """The layers of one fate."""
        return [layer.name for layer in self.layers if layer.fate is fate]


def loading_of(old: Net, new: Net, matching: Matching) -> Loading:
    """What becomes of the weights of one net in another."""
    by_name = {node.name: node for node in old.nodes if node.weights}
    before = {now: old.nodes[was] for was, now in matching.pairs}
    nodes = [(number, node) for number, node in enumerate(new.nodes) if node.weights]
    layers = tuple(_loaded(node, by_name, before.get(number)) for number, node in nodes)
    asked = {node.name for node in new.nodes if node.weights}
    return Loading(layers, tuple(name for name in by_name if name not in asked))


def _loaded(node: Node, given: dict[str, Node], before: Node | None) -> LayerLoading:
    source = given.get(node.name)
    if source is None:
        is_renamed = before is not None and [*_misfits(before, node)] == []
        reason = f"its weights are called {before.name}" if is_renamed and before else "no layer of this name has any"
        return LayerLoading(node.name, Fate.FILLED, reason)
    if len(source.weights) != len(node.weights):
        reason = f"it has {len(node.weights)} weights, and {len(source.weights)} are there"
        return LayerLoading(node.name, Fate.REFUSED, reason)
    if misfits := [*_misfits(source, node)]:
        return LayerLoading(node.name, Fate.REFUSED, "; ".join(misfits))
    shapes = [(was.weight.shape, now.weight.shape) for was, now in zip(source.weights, node.weights, strict=True)]
    changed = [f"{show(was)} as {show(now)}" for was, now in shapes if was != now]
    return LayerLoading(node.name, Fate.RESHAPED if changed else Fate.LOADS, ", ".join(changed))


def _misfits(source: Node, node: Node) -> Iterator[str]:
    if len(source.weights) != len(node.weights):
        yield "another number of weights"
        return
    for was, now in zip(source.weights, node.weights, strict=True):
        if not fits(node, now.weight.shape, was.weight.shape):
            yield f"its {now.weight.name} is {show(now.weight.shape)}, and {show(was.weight.shape)} is there"
