"""Weights for trying a net out: random ones that let every layer show.

Deploy files have no fillers, and zeros agree with anything.
"""

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.analysis.empty_blobs import refuse_empty_blobs
from netdef.compiler.analysis.free_axes import allowed, inputs_at
from netdef.compiler.layers.base import Weight
from netdef.compiler.net.net import BlobVersion, Net, Node
from netdef.compiler.schema.caffe import Filler
from netdef.compiler.weights.fillers import fill
from netdef.runtime.lower_net import lower
from netdef.runtime.verification.random_inputs import GREATEST_SCORE, by_pytorch, random_inputs, read_by_softmax

NOISE = 0.1
"""The deviation of what is added to constants: biases of 0, scales of 1, slopes of 0.25."""


def random_weights(net: Net, seed: int) -> dict[str, list[NDArray[np.float32]]]:
    """The fillers' numbers, but random where they are constant, and statistics such as a trained net has.

    A layer that makes scores for a soft-max is scaled down so that these stay in the range of trained ones.
    """
    refuse_empty_blobs(net)
    random = np.random.default_rng(seed)
    weights = {
        node.name: [_numbers(own.weight, (node.name, index), seed, random) for index, own in enumerate(node.weights)]
        for node in net.nodes
        if node.weights
    }
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


def _numbers(weight: Weight, key: tuple[str, int], seed: int, random: np.random.Generator) -> NDArray[np.float32]:
    if not weight.learned:  # BatchNorm's mean, variance and factor
        return random.uniform(0.5, 1.5, weight.shape).astype(np.float32)
    if weight.filler.type != "constant":
        return fill(weight, key, seed)
    if len(weight.shape) > 1:
        return fill(weight._replace(filler=Filler(type="msra")), key, seed)
    return fill(weight, key, seed) + NOISE * random.standard_normal(weight.shape, np.float32)


def _maker(net: Net, blob: BlobVersion) -> Node | None:
    """The convolution or InnerProduct that a blob comes from, through layers without such weights."""
    makers = {top.id: node for node in net.nodes for top in node.tops}
    node = makers[blob.id]
    while not node.layer.weight_layer:
        if not node.bottoms:
            return None
        node = makers[node.bottoms[0].id]
    return node
