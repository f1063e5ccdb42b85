"""Layers that start at zero: without a weight_filler Caffe fills with the constant 0, and such a net learns nothing.

A layer of zeros gives the same to every class, and sends no gradient back to what stands before it. Alone and last,
under a loss, it learns all the same: its gradients depend on its bottom then.
"""

from collections.abc import Iterator

from netdef.compiler.counted import first_named
from netdef.compiler.diagnostics import Diagnostic, Label, Severity
from netdef.compiler.layers.roles import Makes
from netdef.compiler.net.net import Net, Node, own_weights

_SHOWN = 6
"""Layers that the message names."""


def zero_layers(net: Net) -> list[Node]:
    """The layers whose learned weight begins as zeros and that training can't get away from."""
    if not net.has_loss:
        return []
    found = [node for node in net.nodes if node.layer.weight_layer and _begins_at_zero(node)]
    return [] if len(found) == 1 and _is_last(found[0], net) else found


def check_fillers(net: Net) -> Iterator[Diagnostic]:
    """One warning that names all such layers."""
    found = zero_layers(net)
    if found:
        names = [node.name for node in found]
        start = "starts" if len(names) == 1 else "start"
        yield Diagnostic(
            "N604",
            f"{first_named(names, _SHOWN)} {start} at zero, and training can't move what does",
            Label(found[0].at, "filled with 0, as all are without a weight_filler"),
            help='fill the weights at random, weight_filler { type: "msra" }, or begin with others: --weights',
            severity=Severity.WARNING,
        )


def _begins_at_zero(node: Node) -> bool:
    """Whether a layer's own first weight is learned, from the constant 0."""
    own = own_weights(node)
    if not own or not own[0].weight.learned or own[0].lr_mult == 0:
        return False
    filler = own[0].weight.filler
    return filler.type == "constant" and filler.value == 0


def _is_last(node: Node, net: Net) -> bool:
    """Whether only losses and measures read what a layer makes."""
    made = {top.id for top in node.tops}
    readers = [reader for reader in net.nodes if any(bottom.id in made for bottom in reader.bottoms)]
    return all(reader.layer.makes in (Makes.LOSS, Makes.MEASURE, Makes.PROBABILITIES) for reader in readers)
