"""ONNX of normalisation."""

import numpy as np

from netdef.compiler.layers.normalization import LRN, BatchNorm, Region
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Array, Graph
from netdef.compiler.schema.caffe import Phase


@EXPORT.rule(LRN)
def lrn(layer: LRN, node: Node, graph: Graph) -> None:
    """LRN, whose alpha is divided by the size as Caffe's is; within a channel it is composed."""
    x, y = node.bottoms[0].id, node.tops[0].id
    n, alpha, beta = layer.local_size, layer.alpha, layer.beta
    if beta == 0:  # divided by 1, which ONNX Runtime's LRN refuses to do
        graph.op("Identity", x, into=y)
        return
    if layer.norm_region is Region.ACROSS_CHANNELS:
        graph.op("LRN", x, into=y, size=n, alpha=alpha, beta=beta, bias=layer.k)
        return
    pad = (n - 1) // 2
    squares = graph.op("Mul", x, x)
    energy = graph.op("AveragePool", squares, kernel_shape=[n, n], strides=[1, 1], pads=[pad] * 4, count_include_pad=1)
    # The layer's own k is not read here: lrn_layer.cpp adds 1 within a channel
    total = graph.op("Add", graph.op("Mul", energy, graph.constant(alpha)), graph.constant(1))
    graph.op("Mul", x, graph.op("Pow", total, graph.constant(-beta)), into=y)


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
    graph.op(
        "BatchNormalization",
        node.bottoms[0].id,
        graph.constant(np.ones(channels)),
        graph.constant(np.zeros(channels)),
        graph.computed("mean", channels, lambda: statistic(0)),
        graph.computed("variance", channels, lambda: statistic(1)),
        into=node.tops[0].id,
        epsilon=layer.eps,
    )


def _by_the_batch(layer: BatchNorm, node: Node, graph: Graph) -> None:
    x = node.bottoms[0].id
    rank = len(node.bottoms[0].shape)
    axes = graph.constant([axis for axis in range(rank) if axis != 1], np.int64)
    centred = graph.op("Sub", x, graph.op("ReduceMean", x, axes, keepdims=1))
    variance = graph.op("ReduceMean", graph.op("Mul", centred, centred), axes, keepdims=1)
    deviation = graph.op("Sqrt", graph.op("Add", variance, graph.constant(layer.eps)))
    graph.op("Div", centred, deviation, into=node.tops[0].id)
