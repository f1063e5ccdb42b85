"""Blobs that are made for nobody."""

from collections.abc import Iterator

from netdef.compiler.diagnostics import Diagnostic, Label, Severity
from netdef.compiler.layers.roles import Makes
from netdef.compiler.net.net import AUTOMATIC, Net, Node
from netdef.compiler.schema.decode import place_of

_RESULTS = (Makes.LOSS, Makes.MEASURE, Makes.PROBABILITIES)
"""What is made to be looked at."""


def unused_blobs(net: Net) -> Iterator[Diagnostic]:
    """Inputs that no layer reads, some of a layer's tops, and in a net with a loss all that leads to none.

    Caffe takes each for an output of the net: in one without a loss, that is what a last blob is for.
    """
    if all(node.layer.fed for node in net.nodes):
        return
    read = {bottom.id for node in net.nodes for bottom in node.bottoms}
    has_loss = net.has_loss
    for node in net.nodes:
        leads_on = has_loss or any(top.id in read for top in node.tops)
        for index, top in enumerate(node.tops):
            if top.id not in read and top.name != AUTOMATIC and _is_for_nobody(node, index, leads_on=leads_on):
                at = place_of(f"top {index}", node.definition.places, node.at)
                whose = "" if top.name == node.name else f" of {node.name}"
                message = f"no layer reads {top.name}{whose}"
                help = "Silence takes it; or leave it out"
                yield Diagnostic("N621", message, Label(at), help=help, severity=Severity.WARNING)


def _is_for_nobody(node: Node, index: int, *, leads_on: bool) -> bool:
    """Whether a top that is not read is no result; ``leads_on`` where others of the layer, or the net, are for one."""
    if node.layer.fed:
        return True
    return leads_on and node.layer.makes not in _RESULTS and bool(node.tops[index].shape)
