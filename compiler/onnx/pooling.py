"""ONNX of Pooling, window for window as Caffe has it.

Caffe divides an AVE window by its size up to H + pad: padding counts, but not what a last window has beyond it. And a
last window may lie wholly behind an image without padding: the least float for MAX, nothing over nothing for AVE.
Where sizes are known, pads are written out for ceil_mode 0, and a constant corrects divisors. Where H or W is free,
ceil_mode 1 has the same windows, but never a window wholly behind; and the same divisors from opset 19 on, before which
those are worked out from a mask.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, numpy_helper

from netdef.compiler.layers.pooling import Pooling, Reduce, Rounding
from netdef.compiler.net.net import BlobVersion, Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Array, Graph
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shape, known, show


@EXPORT.rule(Pooling)
def pooling(layer: Pooling, node: Node, graph: Graph) -> None:
    """MaxPool or AveragePool, or their global forms."""
    refuse_chance(layer.pool)
    if layer.global_pooling:
        _global(layer, node, graph)
    elif all(isinstance(size, int) for size in graph.shape(node.bottoms[0])[2:]):
        fixed_windows(layer, node.bottoms[0], node.tops[0].shape, [top.id for top in node.tops], graph)
    else:
        _free(layer, node, graph)


def refuse_chance(pool: Reduce) -> None:
    """Refuse STOCHASTIC."""
    if pool is Reduce.STOCHASTIC:
        raise Refusal("N1011", "STOCHASTIC pooling is random", at="pool", help="use MAX or AVE")


def _global(layer: Pooling, node: Node, graph: Graph) -> None:
    x, tops = node.bottoms[0].id, node.tops
    graph.op("GlobalMaxPool" if layer.pool is Reduce.MAX else "GlobalAveragePool", x, into=tops[0].id)
    if len(tops) > 1:
        rows = graph.reshape(x, [*graph.sizes(node.bottoms[0], 0, 2), -1, 1])
        graph.op("Cast", graph.op("ArgMax", rows, axis=2, keepdims=1), into=tops[1].id, to=TensorProto.FLOAT)


def fixed_windows(
    layer: Pooling, bottom: BlobVersion, top: Shape, into: Sequence[str | None], graph: Graph
) -> list[str]:
    """Pads for Caffe's windows; one behind the image, which Caffe has only without padding, is added afterwards.

    Returns what the values made are called: ``into``, or new names for None.
    """
    kernel, stride, pad = layer.fitted(bottom.shape)
    sizes = [known(size) for size in bottom.shape[2:]]
    counts = [known(count) for count in top[2:]]
    along = list(zip(sizes, counts, kernel, stride, pad, layer.after, strict=True))
    behind = [int((count - 1) * s - p >= size) for size, count, _, s, p, _ in along]
    ends = [
        max(after, (count - out - 1) * s + k - size - p)
        for out, (size, count, k, s, p, after) in zip(behind, along, strict=True)
    ]
    window: dict[str, Any] = {"kernel_shape": kernel, "strides": stride, "pads": [*pad, *ends]}
    if layer.pool is Reduce.MAX:
        if not any(behind):
            return _max(graph, bottom.id, window, into)
        inside = _max(graph, bottom.id, window, [None] * len(into))
        whole = zip(inside, _EMPTY, into, strict=False)
        return [_add_behind(graph, made, behind, empty, into=name) for made, empty, name in whole]
    has_border = any(pad) or any(layer.after)
    extents = [_extents(axis) if layer.counts_border else _pixels(axis) for axis in along]
    correction = _correction(extents, kernel.h * kernel.w if has_border else None)
    is_exact = bool((correction == 1).all())
    mean = graph.op(
        "AveragePool", bottom.id, into=into[0] if is_exact else None, count_include_pad=int(has_border), **window
    )
    if is_exact:
        return [mean]
    filled = _add_behind(graph, mean, behind, 0) if any(behind) else mean
    return [graph.op("Mul", filled, graph.constant(correction), into=into[0])]


_EMPTY = (float(np.finfo(np.float32).min), -1.0)
"""What Caffe leaves as maximum, and as its position, where a window lies behind the image."""


def _add_behind(graph: Graph, value: str, behind: list[int], empty: float, into: str | None = None) -> str:
    """Windows behind the image: a row, a column or both."""
    pads = graph.constant([0, 0, 0, 0, 0, 0, *behind], np.int64)
    return graph.op("Pad", value, pads, graph.constant(empty), into=into)


Along = tuple[int, int, int, int, int, int]
"""How windows lie along an axis: its size, their number, kernel and stride, the border before and after."""


def _extents(along: Along) -> Array:
    """How long Caffe takes each window of an axis to be: up to H + pad, and perhaps nothing or less."""
    size, count, kernel, stride, pad, after = along
    starts = np.arange(count) * stride - pad
    return (np.minimum(starts + kernel, size + after) - starts).astype(np.float32)


def _pixels(along: Along) -> Array:
    """How much of each window of an axis is the image."""
    size, count, kernel, stride, pad, _ = along
    starts = np.arange(count) * stride - pad
    return (np.minimum(starts + kernel, size) - np.maximum(starts, 0)).astype(np.float32)


def _correction(extents: list[Array], area: int | None) -> Array:
    """What turns means over ``area``, or over the part within the image if None, into Caffe's; infinite for 0 / 0."""
    heights, widths = np.ix_(*extents)
    divisors = heights * widths
    divided = np.float32(area) if area else np.where((heights > 0) & (widths > 0), divisors, np.float32(1))
    with np.errstate(divide="ignore"):
        correction: Array = divided / divisors
    return correction


WIDEST = 2**24
"""Beyond this many pixels ONNX Runtime may lose count of where a window ends."""


def _free(layer: Pooling, node: Node, graph: Graph) -> None:
    """The same windows at any size, by ceil_mode."""
    kernel, stride, pad = layer.over(node.bottoms[0].shape)
    ceil = layer.rounding is Rounding.CEIL
    if ceil and not any(pad) and (stride.h > kernel.h or stride.w > kernel.w):
        message = "at some sizes a last window lies wholly behind the image, which a model has only at a fixed size"
        raise Refusal("N1011", message, at="stride", help="leave H and W out of --dynamic, or use round_mode: FLOOR")
    if max(*kernel, *stride) > WIDEST:
        message = f"a {show(kernel)} window is wider than any image, which a model can have only at a fixed size"
        raise Refusal("N1011", message, at="kernel", help="leave H and W out of --dynamic, or use global_pooling")
    window: dict[str, Any] = {
        "kernel_shape": kernel,
        "strides": stride,
        "pads": [*pad, *layer.after],
        "ceil_mode": int(ceil),
    }
    if layer.pool is Reduce.MAX:
        _max(graph, node.bottoms[0].id, window, [top.id for top in node.tops])
        return
    x, top = node.bottoms[0].id, node.tops[0].id
    is_forks = layer.sides is not None or not layer.counts_border
    if (graph.opset >= _COUNTS_RIGHT or not ceil) and not is_forks:
        graph.op("AveragePool", x, into=top, count_include_pad=int(any(pad)), **window)
    else:
        _free_average(layer, node, graph)


_COUNTS_RIGHT = 19
"""The first opset whose AveragePool divides a last window, with ceil_mode, by what it has up to H + pad."""


def _free_average(layer: Pooling, node: Node, graph: Graph) -> None:
    """Means over windows of an image that is padded as far as windows reach, over those of a mask.

    The mask is 1 up to H + pad, or on the image alone where its border doesn't count.

    Caffe drops a last window that begins at H + pad or behind it where there is any padding, so that the image needs
    kernel - 1 more pixels at most; and stride - 1 more make a partial window whole.
    """
    bottom = node.bottoms[0]
    kernel, stride, pad = layer.over(bottom.shape)
    after, partial = layer.after, [s - 1 if layer.rounding is Rounding.CEIL else 0 for s in stride]
    has_border = any(pad) or any(after)
    behind = [min(k - 1, a + p) if has_border else p for k, p, a in zip(kernel, partial, after, strict=True)]
    window: dict[str, Any] = {"kernel_shape": kernel, "strides": stride}
    around = graph.constant([0, 0, *pad, 0, 0, *behind], np.int64)
    means = graph.op("AveragePool", graph.op("Pad", bottom.id, around), **window)
    sizes = graph.op("Shape", bottom.id, start=2)
    if layer.counts_border:
        sizes = graph.op("Add", sizes, graph.constant([p + a for p, a in zip(pad, after, strict=True)], np.int64))
        around = graph.constant([0] * 6 + [end - a for end, a in zip(behind, after, strict=True)], np.int64)
    size = graph.op("Concat", graph.constant([1, 1], np.int64), sizes, axis=0)
    one = numpy_helper.from_array(np.ones(1, np.float32))
    mask = graph.op("Pad", graph.op("ConstantOfShape", size, value=one), around)
    graph.op("Div", means, graph.op("AveragePool", mask, **window), into=node.tops[0].id)


def _max(graph: Graph, x: str, window: dict[str, Any], into: Sequence[str | None]) -> list[str]:
    """MaxPool; ONNX's positions count over the whole batch, Caffe's within each channel, as floats."""
    if len(into) == 1:
        return [graph.op("MaxPool", x, into=into[0], **window)]
    values, positions = graph.ops("MaxPool", x, into=[into[0], None], **window)
    area = graph.op("ReduceProd", graph.op("Shape", x, start=2), keepdims=1)
    return [values, graph.op("Cast", graph.op("Mod", positions, area), into=into[1], to=TensorProto.FLOAT)]
