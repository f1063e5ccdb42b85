"""Weights for trying a net out: random ones that let every layer and every channel show."""

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.analysis.empty_blobs import refuse_empty_blobs
from netdef.compiler.analysis.free_axes import allowed, inputs_at
from netdef.compiler.net.net import BlobVersion, Net, Node
from netdef.compiler.weights.made_up import made_up
from netdef.runtime.lower_net import lower
from netdef.runtime.verification.random_inputs import GREATEST_SCORE, by_pytorch, random_inputs, read_by_softmax


def random_weights(net: Net, seed: int) -> dict[str, list[NDArray[np.float32]]]:
    """The fillers' numbers, but random where these are constant, and statistics such as a trained net has.

    A layer that makes scores for a soft-max is scaled down so that these stay in the range of trained ones.
    """
    refuse_empty_blobs(net)
    drawn = made_up(net, seed, vary_constants=True).weights
    weights = {layer: [numbers.astype(np.float32, copy=False) for numbers in arrays] for layer, arrays in drawn.items()}
    one = {"N": 1} if allowed(net, ("N",)) else {}
    inputs = random_inputs(net, inputs_at(net, one), seed)
    blobs = read_by_softmax(net)
    scores = by_pytorch(lower(net, weights), [blob.id for blob in blobs], inputs)
    for blob in blobs:
        greatest = float(np.abs(scores[blob.id]).max(initial=0))
        maker = _maker(net, blob)
        if maker is not None and greatest > GREATEST_SCORE and np.isfinite(greatest):
            weights[maker.name] = [numbers * np.float32(GREATEST_SCORE / greatest) for numbers in weights[maker.name]]
    return weights


def _maker(net: Net, blob: BlobVersion) -> Node | None:
    """The convolution or InnerProduct that a blob comes from, through layers without such weights."""
    makers = {top.id: node for node in net.nodes for top in node.tops}
    node = makers[blob.id]
    while not node.layer.weight_layer:
        if not node.bottoms:
            return None
        node = makers[node.bottoms[0].id]
    return node
