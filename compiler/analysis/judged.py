"""What a net is judged by: its class scores and the labels that they are held against, and its scalar outputs.

Labels are what the Accuracy of the scores reads, else what their loss does: a blob of the net like others. A data
layer may bring it under any name, a Slice may cut it out of more, and it may hold a label for each position (a map).
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from netdef.compiler.layers.roles import Makes
from netdef.compiler.net.net import Net, Node
from netdef.compiler.shape import Shape, known, product
from netdef.compiler.size import Dim


class Judged(NamedTuple):
    """Class scores, and the labels that they are held against.

    scores       the blob with the class scores, by its id
    labels       the blob with the labels, by its id; None where no layer reads any: then the data's own count
    ignored      labels that count neither as right nor as wrong
    axis         the axis of the scores along which the classes lie
    by_position  whether labels are of positions, such as pixels, and not one for each sample as a whole
    others       further class scores of the net, which weren't chosen
    """

    scores: str
    labels: str | None
    ignored: frozenset[int]
    axis: int
    by_position: bool
    others: tuple[str, ...] = ()

    @property
    def blobs(self) -> tuple[str, ...]:
        """The blobs that judging takes, by their ids."""
        return (self.scores,) if self.labels is None else (self.scores, self.labels)

    @property
    def text(self) -> str:
        """A few words for people, and which other scores there are."""
        against = f" against {self.labels}" if self.labels else ""
        others = f"; --scores chooses others: {', '.join(self.others)}" if self.others else ""
        return f"{self.scores}{against}{', position by position' if self.by_position else ''}{others}"


class LabelRange(NamedTuple):
    """What labels of a blob may be: numbers from 0 up to but not including ``num_classes``, or ``ignored`` ones."""

    num_classes: Dim
    ignored: frozenset[int]


class NumbersFed(NamedTuple):
    """What an input holds of which layers make whole numbers, such as labels.

    num           how many there are, from 0 on
    scale, shift  a number is what is fed times the one, plus the other
    """

    num: int
    scale: float = 1.0
    shift: float = 0.0

    def fed(self, numbers: Any) -> Any:
        """What to feed for an array of whole numbers, so that layers make these of it."""
        return numbers if (self.scale, self.shift) == (1.0, 0.0) else (numbers - self.shift) / self.scale


class MadeFrom(NamedTuple):
    """What a blob is made from: what is fed, by name, and whether no layer on the way has weights."""

    fed: frozenset[str]
    is_data: bool


def judged_by(net: Net, chosen: str | None = None, *, taught: Net | None = None) -> Judged:
    """What a net in phase TEST is judged by, where it has class scores: the ``chosen`` ones, else ``net.scores``.

    ``taught`` is the same net in phase TRAIN, which is asked where the net itself has no loss, or reads no labels.

    Raises:
        NetError: N511 if there is no such blob, or nothing tells which it is.
    """
    if chosen is None and taught is not None and not net.has_loss and len(net.read_scores) > 1:
        chosen = next((blob for blob in [taught.scores] if taught.reads_scores and blob in net.blobs), None)
    scores = net.chosen_scores(chosen)
    others = tuple(blob for blob in net.read_scores if blob not in (scores, net.softmaxed.get(scores)))
    readers = _readers(net, scores, net) or (_readers(taught, scores, net) if taught else [])
    if not readers:
        ignored = ignored_by_all(net, *([taught] if taught else []))
        return Judged(scores, None, ignored, 1, by_position=False, others=others)
    first = readers[0]
    assert first.labels is not None
    axis = first.layer.classes_axis(len(net.shapes[scores]))
    told = {reader.layer.ignored for reader in readers if reader.layer.makes is first.layer.makes}
    return Judged(
        scores,
        first.labels.id,
        frozenset(label for label in told if label is not None),
        axis,
        by_position=axis != 1 or not _is_one_each(net, first.labels.id),
        others=others,
    )


def scalar_outputs(net: Net) -> dict[str, float]:
    """The outputs that are one number for a batch, in Caffe's order, and what each counts in the loss."""
    weights = {top.id: w for node in net.nodes for top, w in zip(node.tops, node.loss_weights, strict=True)}
    return {name: weights[name] for name in net.outputs if net.blobs[name] == () and name not in net.inputs}


def kinds_of_outputs(net: Net) -> dict[str, str]:
    """What the layers that make the scalar outputs say of them: ``loss``, ``measure``, or other values."""
    makers = {top.id: node.layer.makes for node in net.nodes for top in node.tops[:1]}
    return {name: makers.get(name, Makes.VALUES).value for name in scalar_outputs(net)}


def label_ranges(*nets: Net) -> dict[str, LabelRange]:
    """What the labels of each blob may be for all layers that read it, in all phases of a net."""
    found: dict[str, LabelRange] = {}
    for node in _labelled(*nets):
        assert node.labels is not None
        assert node.scores is not None
        ignored = frozenset(() if node.layer.ignored is None else (node.layer.ignored,))
        num = _num_classes(node, node.scores.shape)
        before = found.get(node.labels.id, LabelRange(num, ignored))
        least = min(num, before.num_classes) if isinstance(num, int) and isinstance(before.num_classes, int) else num
        found[node.labels.id] = LabelRange(least, ignored & before.ignored)
    return found


def ignored_by_all(*nets: Net) -> frozenset[int]:
    """Labels that may be no class: of the first net with layers that take labels, all those layers ignore them."""
    ranges = next((found for net in nets if (found := label_ranges(net))), {})
    return frozenset.intersection(*(each.ignored for each in ranges.values())) if ranges else frozenset()


def made_from(net: Net, blob: str) -> MadeFrom:
    """What a blob is made from; ``blob`` is its id."""
    wanted, is_data = {blob}, True
    fed: set[str] = set()
    for node in reversed(net.nodes):
        made = wanted.intersection(top.id for top in node.tops)
        if made and node.layer.fed:
            fed.update(top.name for top in node.tops if top.id in made)
        elif made:
            is_data = is_data and not node.weights
            wanted.update(bottom.id for bottom in node.bottoms)
    return MadeFrom(frozenset(fed), is_data)


def whole_numbers_fed(net: Net, shapes: Mapping[str, Shape]) -> dict[str, NumbersFed]:
    """How many whole numbers from 0 on there are for what each input holds, if it holds some: classes, for labels.

    An input counts that holds them, or of which they are made: cut by a Slice, say. ``shapes`` are those of the net's
    blobs by id, its own or others.
    """
    found: dict[str, NumbersFed] = {}
    for blob, num in _whole_numbers(net, shapes):
        made = made_from(net, blob)
        for fed in made.fed if made.is_data else ():
            numbers = NumbersFed(num, *_scale_and_shift(net, fed, blob))
            found[fed] = min(found.get(fed, numbers), numbers, key=lambda each: each.num)
    return found


def _whole_numbers(net: Net, shapes: Mapping[str, Shape]) -> Iterator[tuple[str, int]]:
    """The blobs, by id, in which layers read whole numbers, and how many there are, at least 1."""
    for node in _labelled(net):
        assert node.labels is not None
        assert node.scores is not None
        yield node.labels.id, max(known(_num_classes(node, shapes[node.scores.id])), 1)
    for node in net.nodes:
        if node.bottoms:
            bottoms = tuple(shapes[bottom.id] for bottom in node.bottoms)
            yield from ((node.bottoms[at].id, max(known(n), 1)) for at, n in node.layer.numbers(bottoms).items())


def _num_classes(node: Node, scores: Shape) -> Dim:
    """How many classes there are scores for; one where they have no axis for them."""
    axis = node.layer.classes_axis(len(scores))
    return scores[axis] if axis < len(scores) else 1


def _scale_and_shift(net: Net, fed: str, blob: str) -> tuple[float, float]:
    """What the layers between an input and a blob, by id, do to its values."""
    lines = {blob: (1.0, 0.0)}
    for node in reversed(net.nodes):
        made = next((lines[top.id] for top in node.tops if top.id in lines), None)
        if made is not None and node.layer.fed:
            if fed in (top.name for top in node.tops if top.id in lines):
                return made
        elif made is not None:
            (outer, added), (scale, shift) = made, node.layer.scale_and_shift
            for bottom in node.bottoms:
                lines[bottom.id] = outer * scale, outer * shift + added
    return 1.0, 0.0


def _is_one_each(net: Net, labels: str) -> bool:
    """Whether labels are as many as samples: not a map, nor those of several classifiers one after the other."""
    shape = net.shapes[labels]
    batches = {net.inputs[fed][:1] for fed in made_from(net, labels).fed}
    return product(shape[1:]) == 1 and batches <= {shape[:1]}


def _readers(net: Net, scores: str, known: Net) -> list[Node]:
    """The layers that hold these scores, or their soft-max, against labels that are known; measures come first."""
    family = net.softmaxed.get(scores, scores)
    reading = [
        node
        for node in _labelled(net)
        if node.scores is not None
        and node.labels is not None
        and net.softmaxed.get(node.scores.id, node.scores.id) == family
        and node.labels.id in known.shapes
    ]
    return sorted(reading, key=lambda node: node.layer.makes is not Makes.MEASURE)


def _labelled(*nets: Net) -> Iterator[Node]:
    for net in nets:
        yield from (node for node in net.nodes if node.scores is not None and node.labels is not None)
