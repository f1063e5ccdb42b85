"""Outputs that hold class scores without a soft-max: who runs an exported model may take them for probabilities."""

from netdef.compiler.layers.roles import Makes
from netdef.compiler.net.net import Net


def bare_scores(net: Net) -> list[str]:
    """The outputs with several numbers for an image that come from a layer of weights, or are pooled from its maps."""
    found = []
    for name in net.outputs:
        maker = next(node for node in reversed(net.nodes) if name in [top.name for top in node.tops])
        shape = net.blobs[name]
        several = len(shape) > 1 and isinstance(shape[1], int) and shape[1] > 1 and all(d == 1 for d in shape[2:])
        if several and (maker.layer.weight_layer or maker.layer.makes is Makes.POOLED):
            found.append(name)
    return found
