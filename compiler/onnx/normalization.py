"""ONNX of normalisation."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from netdef.compiler.layers.normalization import LRN, MVN, BatchNorm, Region
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Array, Graph
from netdef.compiler.schema.caffe import Phase
from netdef.compiler.shape import Shape


@EXPORT.rule(LRN)
def lrn(layer: LRN, node: Node, graph: Graph) -> None:
    """LRN, whose alpha is divided by the size as Caffe's is; composed within a channel, and where it lacks a number."""
    bottom, top = node.bottoms[0].id, node.tops[0].id
    shape = graph.shape(node.bottoms[0])
    if layer.norm_region is Region.WITHIN_CHANNEL:  # the layer's own k is not read: lrn_layer.cpp adds 1 here
        _compose(layer.replace(k=1.0), node, graph, shape[2:])
        return
    n, alpha = layer.neighbours(shape[1:2])
    if 0 < alpha < _LARGE and 0 < layer.beta < _LARGE:
        graph.op("LRN", bottom, into=top, size=n, alpha=alpha, beta=layer.beta, bias=layer.k)
    else:
        _compose(layer, node, graph, shape[1:2])


_LARGE = 1e30
"""ONNX Runtime's LRN refuses an alpha or beta that isn't above 0, and overflows elsewhere than Caffe's where large."""


def _compose(layer: LRN, node: Node, graph: Graph, sizes: Shape) -> None:
    """Times (k + alpha E)^-beta: E is the mean of neighbours' squares along one axis or two, 0 beyond the ends."""
    x = node.bottoms[0].id
    n, alpha = layer.neighbours(sizes)
    along_channels = len(sizes) == 1
    energy = graph.op("Mul", x, x)
    if along_channels:  # they become the first of three axes that a window can move over
        energy = graph.op("Unsqueeze", energy, graph.constant([1], np.int64))
    kernel = [n, 1, 1] if along_channels else [n, n]
    pads = [(size - 1) // 2 for size in kernel] * 2
    window: dict[str, Any] = {"kernel_shape": kernel, "strides": [1] * len(kernel), "pads": pads}
    energy = graph.op("AveragePool", energy, count_include_pad=1, **window)
    if along_channels:
        energy = graph.op("Squeeze", energy, graph.constant([1], np.int64))
    total = graph.op("Add", graph.op("Mul", energy, graph.constant(alpha)), graph.constant(layer.k))
    graph.op("Mul", x, graph.op("Pow", total, graph.constant(-layer.beta)), into=node.tops[0].id)


@EXPORT.rule(BatchNorm)
def batch_norm(layer: BatchNorm, node: Node, graph: Graph) -> None:
    """BatchNormalization with the stored sums divided by their factor, or the batch's own statistics composed."""
    uses_stored = graph.phase is Phase.TEST if layer.use_global_stats is None else layer.use_global_stats
    if not uses_stored:
        _by_the_batch(layer, node, graph)
        return

    def statistic(index: int) -> Array:
        factor = graph.stored(node, 2).reshape(-1)[0]
        return graph.stored(node, index) * np.float32(0 if factor == 0 else 1 / factor)

    channels = node.weights[0].weight.shape
    scale = graph.weight(3) if layer.scale_bias else graph.constant(np.ones(channels))
    bias = graph.weight(4) if layer.scale_bias else graph.constant(np.zeros(channels))
    graph.op(
        "BatchNormalization",
        node.bottoms[0].id,
        scale,
        bias,
        graph.computed("mean", channels, lambda: statistic(0)),
        graph.computed("variance", channels, lambda: statistic(1)),
        into=node.tops[0].id,
        epsilon=layer.eps,
    )


def _by_the_batch(layer: BatchNorm, node: Node, graph: Graph) -> None:
    if not layer.scale_bias:
        deviation_from_batch(node, graph, layer.eps, top=node.tops[0].id)
        return
    shape = (*node.weights[3].weight.shape, *(1,) * (len(node.bottoms[0].shape) - 2))
    product = graph.op("Mul", deviation_from_batch(node, graph, layer.eps), graph.weight(3, shape))
    graph.op("Add", product, graph.weight(4, shape), into=node.tops[0].id)


def deviation_from_batch(
    node: Node, graph: Graph, eps: float, *, top: str | None = None, into: Sequence[str] = ()
) -> str:
    """Each value less its channel's mean, over the root of the variance + eps; ``into`` takes both, (1, C, 1, 1)."""
    x = node.bottoms[0].id
    rank = len(node.bottoms[0].shape)
    axes = graph.constant([axis for axis in range(rank) if axis != 1], np.int64)
    mean = graph.op("ReduceMean", x, axes, keepdims=1)
    centred = graph.op("Sub", x, mean)
    variance = graph.op("ReduceMean", graph.op("Mul", centred, centred), axes, keepdims=1)
    for statistic, name in zip((mean, variance), into, strict=False):
        graph.reshape(statistic, [1, -1, 1, 1], into=name)
    deviation = graph.op("Sqrt", graph.op("Add", variance, graph.constant(eps)))
    return graph.op("Div", centred, deviation, into=top)


@EXPORT.rule(MVN)
def mvn(layer: MVN, node: Node, graph: Graph) -> None:
    """Means over rows, a channel's or a sample's, composed: ONNX's own operators have eps inside of the root."""
    bottom, top = node.bottoms[0], node.tops[0].id
    rank = len(bottom.shape)
    first = layer.first_axis(rank)
    if first == rank:  # one value by itself
        _single(layer, bottom.id, top, graph)
        return
    axes = graph.constant(range(first, rank), np.int64)
    mean = graph.op("ReduceMean", bottom.id, axes, keepdims=1)
    if not layer.normalize_variance:
        graph.op("Sub", bottom.id, mean, into=top)
        return
    centred = graph.op("Sub", bottom.id, mean)
    variance = graph.op("ReduceMean", graph.op("Mul", centred, centred), axes, keepdims=1)
    deviation = graph.op("Add", graph.op("Sqrt", variance), graph.constant(layer.eps))
    graph.op("Div", centred, deviation, into=top)


def _single(layer: MVN, x: str, top: str, graph: Graph) -> None:
    """0, or 0 over eps."""
    nothing = graph.op("Sub", x, x)
    deviation = graph.constant(layer.eps if layer.normalize_variance else 1.0)
    graph.op("Div", nothing, deviation, into=top)
