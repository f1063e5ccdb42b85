"""Two checked nets side by side: what became of each layer, of the net as a whole, and of weights trained before."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from netdef.compiler.difference.changes import Change, changes_of
from netdef.compiler.difference.match_layers import Matching, match_layers
from netdef.compiler.difference.weights_that_load import Loading, loading_of
from netdef.compiler.net.net import Net, Node, need_net
from netdef.compiler.net.receptive_field import ReceptiveField
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import NetFrame, Preprocess
from netdef.compiler.shape import show

_JOINS = frozenset({"name", "type", "bottom", "top", "include", "exclude", "phase", "origin"})
"""What a layer's frame says of its place in the net, which is compared by what it comes to."""


class LayerChange(NamedTuple):
    """A layer of both nets that is not what it was."""

    before: Node
    after: Node
    number: int
    """Of the layer in the second net."""
    fields: tuple[Change, ...]
    """What its author changed: parameters, the blobs that it reads and makes."""
    results: tuple[Change, ...]
    """What comes of that, or of changes before it: shapes, weights, multiply-adds, receptive field."""

    @property
    def is_renamed(self) -> bool:
        """Whether it has another name."""
        return self.before.name != self.after.name


class Difference(NamedTuple):
    """All that differs between two nets."""

    before: Net
    after: Net
    matching: Matching
    changed: tuple[LayerChange, ...]
    of_net: tuple[Change, ...]
    """What is said of the net as a whole: name, inputs, outputs, preprocessing, sums."""
    loading: Loading
    """What becomes of weights of the first net in the second."""

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not (self.changed or self.of_net or self.matching.removed or self.matching.added)

    @override
    def __repr__(self) -> str:
        counts = {"added": self.matching.added, "removed": self.matching.removed, "changed": self.changed}
        said = ", ".join(f"{len(layers)} {word}" for word, layers in counts.items() if layers)
        return f"<Difference of {self.before.name!r} and {self.after.name!r}: {said or 'no layer'}>"


def compare_nets(before: Net, after: Net) -> Difference:
    """What differs between two nets; ``UsageError`` if one of them is none."""
    need_net(before)
    need_net(after)
    matching = match_layers(before, after)
    nodes = [(before.nodes[was], after.nodes[now], now) for was, now in matching.pairs]
    ids = {top.id: now.id for old, new, _ in nodes for top, now in zip(old.tops, new.tops, strict=False)}
    pairs = (LayerChange(a, b, number, tuple(_fields(a, b, ids)), tuple(_results(a, b))) for a, b, number in nodes)
    changed = tuple(pair for pair in pairs if pair.is_renamed or pair.fields or pair.results)
    return Difference(
        before, after, matching, changed, tuple(_of_net(before, after)), loading_of(before, after, matching)
    )


def _fields(old: Node, new: Node, ids: Mapping[str, str]) -> Iterator[Change]:
    """What is written of a layer otherwise; blobs that are only called otherwise count as the same."""
    if type(old.layer) is not type(new.layer):
        yield Change("type", old.type, new.type)
    yield from changes_of(old.layer, new.layer)
    yield from changes_of(old.definition.frame, new.definition.frame, without=_JOINS)
    if [ids.get(bottom.id) for bottom in old.bottoms] != [bottom.id for bottom in new.bottoms]:
        yield Change("bottom", *(", ".join(bottom.name for bottom in node.bottoms) for node in (old, new)))
    if _top_names(old) != _top_names(new):
        yield Change("top", *(", ".join(top.name for top in node.tops) for node in (old, new)))


def _top_names(node: Node) -> list[str]:
    """The names of its tops; that of one which is called as the layer, or written in place, goes without saying."""
    usual = {node.name: "", **{bottom.name: "in place" for bottom in node.bottoms}}
    return [usual.get(top.name, top.name) for top in node.tops]


def _results(old: Node, new: Node) -> Iterator[Change]:
    shapes = (", ".join(show(top.shape) for top in node.tops) for node in (old, new))
    weights = (", ".join(f"{own.weight.name} {show(own.weight.shape)}" for own in node.weights) for node in (old, new))
    costs = (f"{node.macs:,}" for node in (old, new))
    fields = (_seen(node.receptive_field) for node in (old, new))
    for what, pair in (("shape", shapes), ("weights", weights), ("macs", costs), ("receptive field", fields)):
        before, after = pair
        if before != after:
            yield Change(what, before, after)


def _seen(field: ReceptiveField | None) -> str:
    return "" if field is None else f"{show(field.size)}, step {show(field.stride)}"


def _of_net(old: Net, new: Net) -> Iterator[Change]:
    yield from changes_of(old.definition.frame, new.definition.frame, without=frozenset(NetFrame.params) - {"name"})
    sums = {
        "phase": (old.phase, new.phase),
        "inputs": (_blobs(old.inputs), _blobs(new.inputs)),
        "outputs": (_outputs(old), _outputs(new)),
        "layers": (f"{len(old.nodes):,}", f"{len(new.nodes):,}"),
        "params": (f"{old.num_params:,}", f"{new.num_params:,}"),
        "macs": (f"{old.macs:,}", f"{new.macs:,}"),
    }
    yield from (Change(what, *pair) for what, pair in sums.items() if pair[0] != pair[1])
    first, second = (net.definition.frame.preprocess for net in (old, new))
    if first is not None and second is not None:
        yield from (each._replace(what=f"preprocess.{each.what}") for each in changes_of(first, second))
    elif first != second:
        yield Change("preprocess", _said(first), _said(second))


def _said(preprocess: Preprocess | None) -> str:
    if preprocess is None:
        return ""
    usual = Preprocess()
    fields = (f"{change.what}: {change.after}" for change in changes_of(usual, preprocess))
    return f"{{ {' '.join(fields)} }}"


def _outputs(net: Net) -> str:
    blobs = net.blobs
    return _blobs({name: blobs[name] for name in net.outputs if name in blobs})


def _blobs(blobs: Mapping[str, tuple[object, ...]]) -> str:
    return ", ".join(f"{name} {show(shape)}" for name, shape in blobs.items())  # type: ignore[arg-type]
