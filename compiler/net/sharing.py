"""Weights of a whole net: who owns each, what trains it, and under which name it is stored.

1. ``param { name: "w" }`` shares a weight: the first layer that names it owns it, later ones borrow it.
2. A borrower has the owner's shape; with ``share_mode: PERMISSIVE``, as many numbers.
3. Whoever sets a multiplier sets it for all who share.
4. Stored weights go by their layer's name, which should be its own.
"""

from collections.abc import Iterable, Sequence

from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Diagnostic, Label, Report, Severity
from netdef.compiler.layers.base import Weight
from netdef.compiler.net.definition import LayerDefinition
from netdef.compiler.net.doubts import Doubts
from netdef.compiler.net.net import NodeWeight
from netdef.compiler.net.weight_key import WeightKey
from netdef.compiler.schema.caffe import ParamSpec, ShareMode
from netdef.compiler.schema.fork_fields import OF_V1
from netdef.compiler.shape import product, show


def owned_weights(
    layers: Iterable[tuple[LayerDefinition, tuple[Weight, ...]]], doubts: Doubts, report: Report
) -> list[tuple[NodeWeight, ...]]:
    """The weights of each layer, with their owners and multipliers; what is wrong goes to ``report``."""
    owners = _Owners(doubts, report)
    own = [owners.weights(definition, weights) for definition, weights in layers]
    multiplied = {
        owned.owner: owned._replace(lr_mult=_or_one(spec.lr_mult), decay_mult=_or_one(spec.decay_mult))
        for _, owned, spec in owners.shared.values()
    }
    if not multiplied:
        return own
    return [
        tuple(multiplied.get(weight.owner, weight)._replace(weight=weight.weight) for weight in weights)
        for weights in own
    ]


def check_names(layers: Sequence[tuple[LayerDefinition, tuple[Weight, ...]]], report: Report) -> None:
    """Warn of layers with weights that share a name."""
    first: dict[str, LayerDefinition] = {}
    for definition, weights in layers:
        name = definition.frame.name
        if weights and name in first:
            message = f'two layers with weights are named "{name}": stored weights go by name'
            label = Label(first[name].at, "the other")
            at = Label(definition.at)
            report.add(Diagnostic("N508", message, at, (label,), help="rename one", severity=Severity.WARNING))
        elif weights:
            first[name] = definition


_IN_V1 = {"lr_mult": "blobs_lr", "decay_mult": "weight_decay"}
"""What layers that share a weight must agree on, and what V1 calls it."""
_NOTHING_SAID = ParamSpec()
"""Of a weight without a ``param``."""


class _Owners:
    """The owners of shared weights, as far as they are met."""

    def __init__(self, doubts: Doubts, report: Report) -> None:
        self.doubts = doubts
        self.report = report
        self.shared: dict[str, tuple[LayerDefinition, NodeWeight, ParamSpec]] = {}
        """By the name that shares a weight: its owner, and what all who share it say."""

    def weights(self, definition: LayerDefinition, weights: Sequence[Weight]) -> tuple[NodeWeight, ...]:
        """A layer's weights: its own, and those that it borrows."""
        specs = definition.frame.specs
        if len(specs) > len(weights):
            place = definition.places["specs"][len(weights)]
            word = place.text if place.text in OF_V1 else "param"
            said = f"{word} stands {counted(len(specs), 'time')}"
            message = f"{definition.title} has {counted(len(weights), 'weight')}, and {said}"
            help = f"there is one {word} for each weight: drop this"
            self.report.add(Diagnostic("N506", message, Label(place), help=help))
        specs = (*specs, *(_NOTHING_SAID,) * len(weights))[: len(weights)]
        made = []
        for index, (weight, spec) in enumerate(zip(weights, specs, strict=True)):
            key = WeightKey(definition.frame.name, index)
            own = NodeWeight(weight, key, _or_one(spec.lr_mult), _or_one(spec.decay_mult))
            if spec.name in self.shared:
                own = self._borrow(definition, index, own, spec)
            elif spec.name:
                self.shared[spec.name] = (definition, own, spec)
            made.append(own)
        return tuple(made)

    def _borrow(self, definition: LayerDefinition, index: int, own: NodeWeight, spec: ParamSpec) -> NodeWeight:
        """The owner's weight under a borrower's shape."""
        owner, theirs, first = self.shared[spec.name]
        place = definition.places["specs"][index]
        at, labels = Label(place), (Label(owner.at, f"{owner.title} owns it"),)
        mine, other = own.weight.shape, theirs.weight.shape
        agree = product(mine) == product(other) if spec.share_mode is ShareMode.PERMISSIVE else mine == other
        if not agree:
            message = f'shared weight "{spec.name}" is {show(mine)} here and {show(other)} at its owner'
            help = "drop the name, or give both layers the same sizes"
            if product(mine) == product(other):
                help = "share_mode: PERMISSIVE shares weights of one count"
            self.report.add(self.doubts.added_to(Diagnostic("N507", message, at, labels, help=help), definition))
        for name, old_name in _IN_V1.items():
            here, there = getattr(spec, name), getattr(first, name)
            if None not in (here, there) and here != there:
                word = old_name if place.text in OF_V1 else name
                message = f'shared weight "{spec.name}" has {word} {here:g} here and {there:g} at its owner'
                self.report.add(Diagnostic("N507", message, at, labels, help="say it once", subject=name))
        merged = first.replace(
            lr_mult=spec.lr_mult if first.lr_mult is None else first.lr_mult,
            decay_mult=spec.decay_mult if first.decay_mult is None else first.decay_mult,
        )
        self.shared[spec.name] = (owner, theirs, merged)
        return own._replace(owner=theirs.owner)


def _or_one(multiplier: float | None) -> float:
    return 1.0 if multiplier is None else multiplier
