"""What stands between the last weights and the loss, and losses where nobody learns."""

from collections.abc import Iterator, Mapping, Sequence
from os.path import basename

from netdef.compiler.diagnostics import Diagnostic, Label, Severity
from netdef.compiler.layers.roles import Makes
from netdef.compiler.net.net import Net, Node

_RESULTS = (Makes.LOSS, Makes.MEASURE, Makes.PROBABILITIES)


def dropped_scores(net: Net) -> Iterator[Diagnostic]:
    """A Dropout behind the last weights: it sets scores themselves to 0, and the loss punishes what wasn't wrong."""
    dropping = [node for node in net.nodes if node.layer.drops]
    readers = _readers(net) if dropping else {}
    for node in dropping:
        behind = _behind(node, readers)
        if any(each.layer.makes in _RESULTS for each in behind) and not any(each.weights for each in behind):
            message = f"{node.name} drops scores: no layer behind it has weights"
            help = "put it before the last layer with weights, or leave it out"
            yield Diagnostic("N622", message, Label(node.at), help=help, severity=Severity.WARNING)


def losses_in_deploy(net: Net) -> Iterator[Diagnostic]:
    """A loss in a net that is called a deploy net, whose inputs are fed by hand: it asks for labels in use."""
    if "deploy" not in basename(net.definition.path).lower() or any(node.layer.brings_data for node in net.nodes):
        return
    for node in net.nodes:
        if node.layer.makes is Makes.LOSS:
            message = f"{node.name} is a loss, and in a deploy net nobody has labels"
            help = "leave it out here, or give it include { phase: TRAIN }; a Softmax gives probabilities"
            yield Diagnostic("N625", message, Label(node.at), help=help, severity=Severity.WARNING)


def _readers(net: Net) -> Mapping[str, Sequence[Node]]:
    """Who reads each version of a blob."""
    found: dict[str, list[Node]] = {}
    for node in net.nodes:
        for bottom in node.bottoms:
            found.setdefault(bottom.id, []).append(node)
    return found


def _behind(node: Node, readers: Mapping[str, Sequence[Node]]) -> list[Node]:
    """All layers that what a layer makes leads to."""
    waiting, seen = [node], {id(node)}
    for each in waiting:
        for top in each.tops:
            fresh = [reader for reader in readers.get(top.id, ()) if id(reader) not in seen]
            seen.update(map(id, fresh))
            waiting += fresh
    return waiting[1:]
