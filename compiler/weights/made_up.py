"""Weights for a net that nobody has trained: its fillers', and random ones where it has none.

Deploy files have no fillers, and Caffe's default is 0: every blob would be one number, and a model of zeros agrees with
anything. What is drawn keeps blobs at about 1 from the first layer to the last, so that a deep net neither dies out nor
overflows: a layer of K products per value, over a blob of mean square q, gets weights of deviation 1 / sqrt(K q), and
BatchNorm statistics of about 0 and q. (He et al. 2015 derive the first; q is an estimate, made layer by layer.)
"""

from functools import partial
from math import prod, sqrt
from typing import NamedTuple

from netdef.compiler.layers.base import Weight
from netdef.compiler.layers.roles import WeightRole
from netdef.compiler.memory import refuse_too_large
from netdef.compiler.net.net import Net, Node
from netdef.compiler.schema.caffe import Filler
from netdef.compiler.shape import known, product
from netdef.compiler.weights.fillers import fill
from netdef.compiler.weights.stored import LayerArrays, StoredArray

NOISE = 0.1
"""The deviation of what stands for constants: biases of 0, say."""

FACTOR = 2.0
"""What BatchNorm's stored sums are to be divided by."""

NOTHING = Filler()
"""The constant 0, which is what a weight without a filler begins with."""

IMAGE = 255**2 / 12
"""The mean square of an image's values, 0 to 255, about their mean."""


class MadeUp(NamedTuple):
    """Weights of a net, and the layers that have random ones for want of a filler."""

    weights: dict[str, LayerArrays]
    at_random: tuple[str, ...]


def made_up(net: Net, seed: int, *, vary_constants: bool = False) -> MadeUp:
    """The fillers' numbers, and random ones for layers that Caffe would leave at 0; each is drawn when it is asked for.

    ``vary_constants`` puts random numbers about every other constant, too, so that no two channels are alike.

    Raises:
        NetError: where one doesn't fit this machine.
    """
    squares: dict[str, float] = {}
    weights: dict[str, LayerArrays] = {}
    at_random: dict[str, None] = {}
    for node in net.nodes:
        before = squares[node.bottoms[0].id] if node.bottoms else 1.0
        fillers = _fillers(node, before, vary_constants)
        for own in node.weights:
            refuse_too_large(str(own.owner), own.weight.shape)
        if node.weights:
            if node.weights[0].weight.filler == NOTHING != fillers[0]:
                at_random[node.name] = None
            weights[node.name] = LayerArrays(
                StoredArray.computed(
                    own.weight.shape, partial(fill, own.weight._replace(filler=filler), own.owner, seed)
                )
                for own, filler in zip(node.weights, fillers, strict=True)
            )
        after = _mean_square(node, [squares[bottom.id] for bottom in node.bottoms], net)
        squares |= {top.id: after for top in node.tops}
    return MadeUp(weights, tuple(at_random))


def _fillers(node: Node, before: float, vary: bool) -> list[Filler]:
    """What a node's weights are filled with, over a bottom of the mean square ``before``."""
    own = [each.weight for each in node.weights]
    if _gathers(node):
        mean = Filler(type="gaussian", std=FACTOR * NOISE * sqrt(before))
        variance = Filler(type="uniform", min=FACTOR * before / 2, max=FACTOR * before * 1.5)
        known_ones = {"mean": mean, "variance": variance, "factor": Filler(value=FACTOR)}
        return [known_ones.get(weight.name, weight.filler) for weight in own]
    has_none = bool(own) and len(own[0].shape) > 1 and own[0].filler == NOTHING
    return [_varied(weight, node, before) if vary or has_none else weight.filler for weight in own]


def _gathers(node: Node) -> bool:
    """Whether its weights are statistics of what it has seen, as BatchNorm's are."""
    return bool(node.weights) and all(own.weight.role is WeightRole.STATISTIC for own in node.weights)


def _varied(weight: Weight, node: Node, before: float) -> Filler:
    """A weight's filler; where that is a constant, one that gives no two numbers alike."""
    filler = weight.filler
    if filler.type != "constant":
        return filler
    if len(weight.shape) > 1:
        return Filler(type="gaussian", std=1 / sqrt(_products(node, weight) * before))
    return Filler(type="gaussian", mean=filler.value, std=NOISE)


def _products(node: Node, weight: Weight) -> float:
    """How many products are added for one value that a node makes."""
    values = sum(known(product(top.shape)) for top in node.tops)
    each = known(node.macs) / values if values else 0
    return max(each or prod(weight.shape) / weight.shape[0], 1.0)


def _mean_square(node: Node, bottoms: list[float], net: Net) -> float:
    """About the mean square of what a node makes of bottoms with theirs: their sum, where no weights set it right."""
    if not bottoms:
        scale = 1.0 if net.preprocess is None else net.preprocess.scale
        return IMAGE * scale**2 if any(len(top.shape) == 4 for top in node.tops) else 1.0
    return 1.0 if node.layer.weight_layer or _gathers(node) else sum(bottoms)
