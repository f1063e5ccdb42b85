"""ONNX of BN of forks of Caffe."""

import numpy as np

from netdef.compiler.layers.batch_normalization import BNMode, HistoryBN, PyramidBN, SegmentBN, SegNetBN, WindowsBN
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph
from netdef.compiler.onnx.normalization import deviation_from_batch
from netdef.compiler.schema.caffe import Phase

SEGNET_EPS = 1e-9


def slope_bn(layer: SegmentBN | PyramidBN | WindowsBN, node: Node, graph: Graph) -> None:
    """BatchNormalization by the running statistics, or the batch's own composed."""
    if layer.frozen or graph.phase is Phase.TEST:
        _by_running(node, graph, layer.eps)
    else:
        _by_the_batch(node, graph, layer.eps)


for _kind in (SegmentBN, PyramidBN, WindowsBN):
    EXPORT.rule(_kind)(slope_bn)  # type: ignore[arg-type]  # their common base


@EXPORT.rule(HistoryBN)
def history_bn(layer: HistoryBN, node: Node, graph: Graph) -> None:
    """The same; TEST takes the running statistics only if it is told to."""
    if layer.moving_average and graph.phase is Phase.TEST:
        _by_running(node, graph, layer.var_eps)
    else:
        _by_the_batch(node, graph, layer.var_eps)


@EXPORT.rule(SegNetBN)
def segnet_bn(layer: SegNetBN, node: Node, graph: Graph) -> None:
    """A product and a sum; of the batch's normalised values where it learns."""
    if layer.bn_mode is BNMode.INFERENCE:
        _scaled(node.bottoms[0].id, node, graph)
        for top in node.tops[1:]:
            graph.op("Identity", graph.constant(np.zeros((1, _channels(node), 1, 1))), into=top.id)
    else:
        _by_the_batch(node, graph, SEGNET_EPS)


def _by_running(node: Node, graph: Graph, eps: float) -> None:
    channels = (_channels(node),)
    scale, shift, mean = (graph.weight(index, channels) for index in range(3))
    if node.weights[3].weight.name == WindowsBN.spread:
        scale = graph.computed("scale", channels, lambda: (graph.stored(node, 0) * graph.stored(node, 3)).reshape(-1))
        variance, eps = graph.constant(np.ones(channels)), 0.0
    else:
        variance = graph.weight(3, channels)
    graph.op("BatchNormalization", node.bottoms[0].id, scale, shift, mean, variance, into=node.tops[0].id, epsilon=eps)


def _by_the_batch(node: Node, graph: Graph, eps: float) -> None:
    further = [top.id for top in node.tops[1:]]
    _scaled(deviation_from_batch(node, graph, eps, into=further), node, graph)


def _scaled(value: str, node: Node, graph: Graph) -> None:
    shape = (1, _channels(node), *(1,) * (len(node.bottoms[0].shape) - 2))
    product = graph.op("Mul", value, graph.weight(0, shape))
    graph.op("Add", product, graph.weight(1, shape), into=node.tops[0].id)


def _channels(node: Node) -> int:
    return max(node.weights[0].weight.shape)
