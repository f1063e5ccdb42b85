"""ONNX of Pooling, window for window as Caffe has it.

Where sizes are known, pads are written out for ceil_mode 0. Caffe divides an AVE window by its size up to H + pad:
by the padding, but not by what a last window has beyond it. Where H or W is free, ceil_mode 1 has the same windows
and divisors (from opset 19 on), except for windows wholly outside, which Caffe has without padding and ONNX never.
"""

from typing import Any

import numpy as np
from onnx import TensorProto

from netdef.compiler.layers.pooling import Pooling, Reduce, Rounding
from netdef.compiler.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Array, Graph
from netdef.compiler.schema import Refusal
from netdef.compiler.shape import known


@EXPORT.rule(Pooling)
def pooling(layer: Pooling, node: Node, graph: Graph) -> None:
    """MaxPool or AveragePool, or their global forms."""
    if layer.pool is Reduce.STOCHASTIC:
        raise Refusal("N801", "STOCHASTIC pooling is random", at="pool", help="use MAX or AVE")
    if layer.global_pooling:
        _global(layer, node, graph)
    elif all(isinstance(size, int) for size in graph.shape(node.bottoms[0])[2:]):
        _fixed(layer, node, graph)
    else:
        _free(layer, node, graph)


def _global(layer: Pooling, node: Node, graph: Graph) -> None:
    x, tops = node.bottoms[0].id, node.tops
    graph.op("GlobalMaxPool" if layer.pool is Reduce.MAX else "GlobalAveragePool", x, into=tops[0].id)
    if len(tops) > 1:
        rows = graph.reshape(x, [*graph.sizes(node.bottoms[0], 0, 2), -1, 1])
        graph.op("Cast", graph.op("ArgMax", rows, axis=2, keepdims=1), into=tops[1].id, to=TensorProto.FLOAT)


def _fixed(layer: Pooling, node: Node, graph: Graph) -> None:
    """Pads so that the windows are Caffe's, and no divisor counts more than Caffe's does."""
    bottom, top = node.bottoms[0], node.tops[0]
    kernel, stride, pad = layer.over(bottom.shape)
    sizes = [known(size) for size in bottom.shape[2:]]
    counts = [known(count) for count in top.shape[2:]]
    along = list(zip(sizes, counts, kernel, stride, pad, strict=True))
    overhangs = [max(0, (count - 1) * s + k - size - 2 * p) for size, count, k, s, p in along]
    x, pads = bottom.id, [*pad, *(p + over for p, over in zip(pad, overhangs, strict=True))]
    if any(end >= k for end, k in zip(pads[2:], kernel, strict=True)):  # a window wholly outside; runtimes refuse it
        empty = -np.finfo(np.float32).max if layer.pool is Reduce.MAX else 0
        if len(node.tops) > 1:
            raise Refusal("N801", "a window lies wholly outside the image and has no position", at="top 1")
        x = graph.op("Pad", x, graph.constant([0, 0, *pads[:2], 0, 0, *pads[2:]], np.int64), graph.constant(empty))
        pads = [0, 0, 0, 0]
    window: dict[str, Any] = {"kernel_shape": kernel, "strides": stride, "pads": pads}
    if layer.pool is Reduce.MAX:
        _max(node, graph, x, window)
        return
    if not any(overhangs) or (not any(pad) and any(pads)):
        # Without padding all that sticks out is overhang, which count_include_pad 0 leaves out
        graph.op("AveragePool", x, into=top.id, count_include_pad=int(any(pad)), **window)
        return
    mean = graph.op("AveragePool", x, count_include_pad=1, **window)
    extents = [_extents(*axis) for axis in along]
    divisors = extents[0][:, None] * extents[1][None, :]
    with np.errstate(divide="ignore"):
        correction = np.float32(kernel.h * kernel.w) / divisors
    graph.op("Mul", mean, graph.constant(correction), into=top.id)


def _extents(size: int, count: int, kernel: int, stride: int, pad: int) -> Array:
    """How long Caffe takes each window of an axis to be: up to H + pad, and perhaps nothing or less."""
    starts = np.arange(count) * stride - pad
    return (np.minimum(starts + kernel, size + pad) - starts).astype(np.float32)


def _free(layer: Pooling, node: Node, graph: Graph) -> None:
    """The same windows at any size, by ceil_mode."""
    kernel, stride, pad = layer.over(node.bottoms[0].shape)
    ceil = layer.round_mode is Rounding.CEIL
    if ceil and not any(pad) and (stride.h > kernel.h or stride.w > kernel.w):
        message = "at some sizes a last window lies wholly outside the image, and ONNX has none there"
        raise Refusal("N801", message, at="stride", help="keep height and width fixed, or use round_mode: FLOOR")
    window: dict[str, Any] = {"kernel_shape": kernel, "strides": stride, "pads": [*pad, *pad], "ceil_mode": int(ceil)}
    if layer.pool is Reduce.MAX:
        _max(node, graph, node.bottoms[0].id, window)
    else:
        x, top = node.bottoms[0].id, node.tops[0].id
        graph.op("AveragePool", x, into=top, count_include_pad=int(any(pad)), **window)


def _max(node: Node, graph: Graph, x: str, window: dict[str, Any]) -> None:
    """MaxPool; ONNX's positions count over the whole batch, Caffe's within each channel, as floats."""
    if len(node.tops) == 1:
        graph.op("MaxPool", x, into=node.tops[0].id, **window)
        return
    _, positions = graph.ops("MaxPool", x, into=[node.tops[0].id, None], **window)
    area = graph.op("ReduceProd", graph.op("Shape", x, start=2), keepdims=1)
    graph.op("Cast", graph.op("Mod", positions, area), into=node.tops[1].id, to=TensorProto.FLOAT)
