"""ONNX of convolution and its transpose."""

from math import prod
from typing import Any

import numpy as np

from netdef.compiler.layers.convolution import Convolution, Deconvolution, Im2col
from netdef.compiler.net.net import BlobVersion, Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import AxisOf, Graph
from netdef.compiler.schema.message import Refusal


@EXPORT.rule(Convolution)
def convolution(layer: Convolution, node: Node, graph: Graph) -> None:
    """Conv, once for each bottom."""
    for bottom, top in zip(node.bottoms, node.tops, strict=True):
        window = _sliding(layer, graph, bottom, _kernel(node))
        if layer.sides is not None:
            above, below, left, right = layer.sides
            window["pads"] = [above, left, below, right]
        _convolve("Conv", layer, graph, bottom, top, **window)


@EXPORT.rule(Im2col)
def im2col(layer: Im2col, node: Node, graph: Graph) -> None:
    """Conv of each channel by itself, with a weight for each point of the window that is 1 there and 0 elsewhere."""
    bottom, top = node.bottoms[0], node.tops[0]
    axis = layer.channels_axis(bottom.shape)
    if len(bottom.shape) == axis + 1:
        graph.op("Identity", bottom.id, into=top.id)
        return
    kernel = layer.over(len(bottom.shape) - axis - 1)[0]
    points = prod(kernel)
    weight = graph.constant(np.eye(points).reshape(points, 1, *kernel))
    each = graph.reshape(bottom.id, [-1, 1, *graph.sizes(bottom, axis + 1)])
    columns = graph.op("Conv", each, weight, kernel_shape=kernel, **_sliding(layer, graph, bottom, kernel))
    behind = [
        size if isinstance(size, int) else AxisOf(columns, 2 + index)
        for index, size in enumerate(graph.shape(top)[axis + 1 :])
    ]
    graph.reshape(columns, [*graph.sizes(bottom, 0, axis), -1, *behind], into=top.id)


def _sliding(layer: Convolution | Im2col, graph: Graph, bottom: BlobVersion, kernel: tuple[int, ...]) -> dict[str, Any]:
    """How a window moves over a bottom, as Conv's attributes."""
    _, stride, pad, dilation = layer.over(max(1, len(layer.spatial(bottom.shape))))
    sizes = layer.spatial(bottom.shape) or (1,)
    # A window that sticks out by less than a stride still has one position, and sees zeros out there
    out = [
        max(0, d * (k - 1) + 1 - size - 2 * p) if isinstance(size, int) else 0
        for size, k, p, d in zip(sizes, kernel, pad, dilation, strict=True)
    ]
    if any(out) and not all(isinstance(size, int) for size in layer.spatial(graph.shape(bottom))):
        message = "its window is larger than the image, which a model can have only at a fixed height and width"
        raise Refusal("N1011", message, at="kernel", help="leave H and W out of --dynamic")
    ends = [p + more for p, more in zip(pad, out, strict=True)]
    return {"pads": [*pad, *ends], "strides": stride, "dilations": dilation}


@EXPORT.rule(Deconvolution)
def deconvolution(layer: Deconvolution, node: Node, graph: Graph) -> None:
    """ConvTranspose, once for each bottom."""
    for bottom, top in zip(node.bottoms, node.tops, strict=True):
        _, stride, pad, dilation = layer.over(max(1, len(layer.spatial(bottom.shape))))
        pads = [*pad, *pad]
        _convolve("ConvTranspose", layer, graph, bottom, top, pads=pads, strides=stride, dilations=dilation)


def _kernel(node: Node) -> tuple[int, ...]:
    """The window; a single point where there is no axis to move over."""
    return node.weights[0].weight.shape[2:] or (1,)


def _convolve(
    kind: str,
    layer: Convolution | Deconvolution,
    graph: Graph,
    bottom: BlobVersion,
    top: BlobVersion,
    **attributes: Any,
) -> None:
    """The operator; axes before the channels' go into the batch, and a missing spatial axis is added."""
    node = graph.node
    axis = layer.channels_axis(bottom.shape)
    has_space = len(bottom.shape) > axis + 1
    is_plain = axis == 1 and has_space
    x = bottom.id
    if not is_plain:
        behind = graph.sizes(bottom, axis) if has_space else [*graph.sizes(bottom, axis), 1]
        x = graph.reshape(x, [-1, *behind])
    kernel = _kernel(node)
    weights = [graph.weight(0, (*node.weights[0].weight.shape[:2], *kernel))]
    if layer.bias_term:
        weights.append(graph.weight(1))
    y = graph.op(
        kind, x, *weights, into=top.id if is_plain else None, kernel_shape=kernel, group=layer.group, **attributes
    )
    if not is_plain:
        behind = [
            dim if isinstance(dim, int) else AxisOf(y, 1 + index) for index, dim in enumerate(graph.shape(top)[axis:])
        ]
        graph.reshape(y, [*graph.sizes(bottom, 0, axis), *behind], into=top.id)
