"""ONNX of TensorFlow's two ways to resize an image."""

import numpy as np

from netdef.compiler.layers.tensor_resizing import ResizeBilinear, ResizeNearestNeighbor
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph

Resizing = ResizeNearestNeighbor | ResizeBilinear


@EXPORT.rule(ResizeNearestNeighbor)
def nearest(layer: ResizeNearestNeighbor, node: Node, graph: Graph) -> None:
    """Resize to the nearest: rounded down, or half up, which at centres is TensorFlow's way."""
    down = layer.half_pixel_onnx or not (layer.half_pixel_centers or layer.align_corners)
    _resized(layer, node, graph, mode="nearest", nearest_mode="floor" if down else "round_prefer_ceil")


@EXPORT.rule(ResizeBilinear)
def bilinear(layer: ResizeBilinear, node: Node, graph: Graph) -> None:
    """Resize, linear."""
    _resized(layer, node, graph, mode="linear")


def _resized(layer: Resizing, node: Node, graph: Graph, **how: str) -> None:
    """Between two Transposes where the channels come last."""
    bottom, top = node.bottoms[0], node.tops[0]
    sides = [_side(layer, node, graph, number) for number in range(2)]
    is_last = layer.axes == (1, 2)
    x = graph.op("Transpose", bottom.id, perm=[0, 3, 1, 2]) if is_last else bottom.id
    around = graph.op("Shape", x, start=0, end=2)
    sizes = graph.op("Concat", around, *sides, axis=0)
    corners, *centres = (getattr(layer, name) for name in layer.rules)
    where = "align_corners" if corners else "half_pixel" if any(centres) else "asymmetric"
    into = None if is_last else top.id
    made = graph.op("Resize", x, "", "", sizes, into=into, coordinate_transformation_mode=where, **how)
    if is_last:
        graph.op("Transpose", made, into=top.id, perm=[0, 2, 3, 1])


def _side(layer: Resizing, node: Node, graph: Graph, number: int) -> str:
    """The top's height or width, which may be known only when the model runs."""
    axis, scale = layer.axes[number], layer.scales[number]
    side = graph.shape(node.tops[0])[axis]
    if isinstance(side, int):
        return graph.constant([side], np.int64)
    size = graph.op("Shape", node.bottoms[0].id, start=axis, end=axis + 1)
    larger = graph.op("Mul", size, graph.constant([scale.numerator], np.int64))
    return graph.op("Div", larger, graph.constant([scale.denominator], np.int64))
