"""A net as boxes and arrows, whatever draws them.

1. A box is a layer, and the layers that do no more than change its values: those written in place, and activations,
   Dropout, BatchNorm, Scale and Bias under any name, if nobody else reads what they change. What comes from outside
   keeps its own box.
2. An arrow is a version of a blob, from the box that makes it to one that reads it.
3. A layer that has a mistake, or a type that nobody knows, is drawn too, and so is what depends on it, without shapes.
4. A frame is a call of a block, or neighbours whose names begin alike (see ``blocks``).
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from netdef.compiler.diagnostics import Report
from netdef.compiler.layers.base import Layer
from netdef.compiler.net.blobs import Joint, Version, join
from netdef.compiler.net.definition import LayerDefinition
from netdef.compiler.net.filter import is_in
from netdef.compiler.net.net import Net, Node
from netdef.compiler.shape import Shape
from netdef.compiler.views.blocks import runs


class Joined(NamedTuple):
    """A layer, and the ids of the versions that it reads and makes.

    node         None where it has a mistake, or depends on one
    is_mistaken  whether it has one itself
    """

    definition: LayerDefinition
    node: Node | None
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    is_mistaken: bool = False

    @property
    def layer(self) -> Layer | None:
        """Its type with parameters, if it has such."""
        return self.definition.layer if self.node is None else self.node.layer


class Box(NamedTuple):
    """A layer and those that are drawn with it; ``number`` is the first one's place in the net, from 0."""

    number: int
    layers: tuple[Joined, ...]


class Arrow(NamedTuple):
    """A blob's version between two boxes, by their numbers; ``shape`` is None where it is not known."""

    source: int
    target: int
    blob: str
    shape: Shape | None


class Frame(NamedTuple):
    """Neighbouring boxes; without a title they only stand there."""

    title: str
    boxes: tuple[Box, ...]


class Graph(NamedTuple):
    """All of it."""

    frames: tuple[Frame, ...]
    arrows: tuple[Arrow, ...]


def graph_of(net: Net, *, all_layers: bool = False) -> Graph:
    """A net as boxes and arrows; with ``all_layers`` each layer has a box of its own."""
    joined = joined_layers(net)
    boxes = [Box(index, (layer,)) for index, layer in enumerate(joined)] if all_layers else _folded(joined)
    return Graph(tuple(_frames(joined, boxes)), tuple(_arrows(net, boxes)))


def joined_layers(net: Net) -> list[Joined]:
    """The layers as they are joined; of a net with mistakes, those that are no nodes too."""
    if not net.report.errors:
        return [
            Joined(node.definition, node, tuple(b.id for b in node.bottoms), tuple(t.id for t in node.tops))
            for node in net.nodes
        ]
    nodes = {id(node.definition): node for node in net.nodes}
    layers = [layer for layer in net.definition.layers if is_in(layer, net.state, Report())]
    found = join(net.definition, layers, net.phase, Report())
    shapes = net.shapes
    return [_joined_so_far(joint, nodes, shapes, found.versions) for joint in found.joints]


def _joined_so_far(
    joint: Joint, nodes: Mapping[int, Node], known: Container[str], versions: Sequence[Version]
) -> Joined:
    """A layer of a net with mistakes; ``known`` are the versions that have a shape."""
    bottoms = tuple(versions[number].id for number in joint.bottoms if number is not None)
    tops = tuple(versions[number].id for number in joint.tops)
    node = nodes.get(id(joint.definition))
    is_alone = len(bottoms) == len(joint.bottoms) and all(bottom in known for bottom in bottoms)
    return Joined(joint.definition, node, bottoms, tops, node is None and (joint.definition.layer is None or is_alone))


def _folded(layers: Sequence[Joined]) -> list[Box]:
    readers = Counter(bottom for layer in layers for bottom in layer.bottoms)
    boxes: list[tuple[int, list[Joined]]] = []
    made_in: dict[str, int] = {}
    """The place in ``boxes`` of the box whose last layer makes a version."""
    for index, layer in enumerate(layers):
        place = made_in.get(layer.bottoms[0]) if _only_changes(layer) and readers[layer.bottoms[0]] == 1 else None
        if place is None:
            boxes.append((index, []))
            place = len(boxes) - 1
        boxes[place][1].append(layer)
        if layer.layer is not None and not layer.layer.fed:
            made_in |= dict.fromkeys(layer.tops, place)
    return [Box(number, tuple(inside)) for number, inside in boxes]


def _only_changes(layer: Joined) -> bool:
    """Whether a layer works on the values of one blob, and makes as many."""
    frame, kind = layer.definition.frame, layer.layer
    if layer.is_mistaken or kind is None or len(layer.bottoms) != 1 or len(layer.tops) != 1:
        return False
    return kind.in_place or frame.bottom == frame.top


def _frames(layers: Sequence[Joined], boxes: Iterable[Box]) -> Iterator[Frame]:
    starting = {box.number: box for box in boxes}
    for run in runs([layer.definition for layer in layers]):
        inside = tuple(starting[index] for index in range(run.start, run.end) if index in starting)
        if inside:
            yield Frame(run.title if len(inside) > 1 and (run.is_call or run.is_large) else "", inside)


def _arrows(net: Net, boxes: Sequence[Box]) -> Iterator[Arrow]:
    shapes = net.shapes
    made_by = {top: box.number for box in boxes for layer in box.layers for top in layer.tops}
    for box in boxes:
        inside = {top for layer in box.layers for top in layer.tops}
        for layer in box.layers:
            for bottom in layer.bottoms:
                if bottom not in inside:
                    yield Arrow(made_by[bottom], box.number, bottom, shapes.get(bottom))
