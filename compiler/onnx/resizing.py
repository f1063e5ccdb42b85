"""ONNX of images made larger or smaller."""

import numpy as np

from netdef.compiler.layers.resizing import (
    BilinearInterpolation,
    Interp,
    Reorg,
    UnpoolingUpsample,
    Upsample,
    UpsampleDarknet,
)
from netdef.compiler.net.net import BlobVersion, Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph
from netdef.compiler.schema.message import Refusal

INT64 = 7


@EXPORT.rule(Interp)
def interp(layer: Interp, node: Node, graph: Graph) -> None:
    """Resize, the corners of what is left of the image where they were."""
    bottom = node.bottoms[0]
    x = bottom.id
    if layer.pad_beg or layer.pad_end:
        ends = [layer.pad_end or np.iinfo(np.int64).max] * 2
        starts = [-layer.pad_beg] * 2
        x = graph.op("Slice", x, *(graph.constant(each, np.int64) for each in (starts, ends, [2, 3])))
    sizes = graph.op("Concat", graph.op("Shape", bottom.id, start=0, end=2), _sides(layer, node, graph), axis=0)
    graph.op(
        "Resize",
        x,
        "",
        "",
        sizes,
        into=node.tops[0].id,
        mode="linear",
        coordinate_transformation_mode="align_corners",
    )


def _sides(layer: Interp, node: Node, graph: Graph) -> str:
    """The top's height and width."""
    sides = graph.shape(node.tops[0])[2:]
    if all(isinstance(side, int) for side in sides):
        return graph.constant(sides, np.int64)
    if len(node.bottoms) == 2:
        return graph.op("Shape", node.bottoms[1].id, start=2, end=4)
    parts = [
        graph.constant([side], np.int64)
        if isinstance(side, int)
        else _side_of(layer, graph, graph.op("Shape", node.bottoms[0].id, start=axis, end=axis + 1))
        for axis, side in enumerate(sides, 2)
    ]
    return graph.op("Concat", *parts, axis=0)


def _side_of(layer: Interp, graph: Graph, side: str) -> str:
    """What becomes of one side whose size only a run knows."""
    number = Numbers(graph)
    side = number("Add", side, layer.pad_beg + layer.pad_end)
    if layer.shrink_factor is not None:
        side = number("Add", number("Div", number("Sub", side, 1), layer.shrink_factor), 1)
    return number("Add", number("Mul", number("Sub", side, 1), layer.zoom_factor or 1), 1)


@EXPORT.rule(BilinearInterpolation)
def bilinear_interpolation(layer: BilinearInterpolation, node: Node, graph: Graph) -> None:
    """Resize, the corners where they were."""
    x, top = node.bottoms[0].id, node.tops[0].id
    how = {"mode": "linear", "coordinate_transformation_mode": "align_corners"}
    if len(node.bottoms) == 2:
        sides = graph.op("Shape", node.bottoms[1].id, start=2, end=4)
    else:
        sides = Numbers(graph)("Mul", graph.op("Shape", x, start=2, end=4), layer.interpolation_factor or 1)
    sizes = graph.op("Concat", graph.op("Shape", x, start=0, end=2), sides, axis=0)
    graph.op("Resize", x, "", "", sizes, into=top, **how)


class Numbers:
    """Arithmetic on sizes that only a run knows: one whole number each."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __call__(self, op: str, size: str, number: int) -> str:
        """The size with a number added, and so on."""
        return self.graph.op(op, size, self.graph.constant([number], np.int64))


def _enlarged(node: Node, graph: Graph, factor: int) -> None:
    """A square for each pixel."""
    graph.op(
        "Resize",
        node.bottoms[0].id,
        "",
        graph.constant([1, 1, factor, factor]),
        into=node.tops[0].id,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


@EXPORT.rule(Upsample)
def upsample(layer: Upsample, node: Node, graph: Graph) -> None:
    """Resize to the nearest."""
    _enlarged(node, graph, layer.scale)


@EXPORT.rule(UpsampleDarknet)
def upsample_darknet(layer: UpsampleDarknet, node: Node, graph: Graph) -> None:
    """Resize to the nearest."""
    _enlarged(node, graph, layer.stride)


@EXPORT.rule(UnpoolingUpsample)
def unpooling(layer: UnpoolingUpsample, node: Node, graph: Graph) -> None:
    """ScatterElements into zeros, plane by plane."""
    bottom, mask = node.bottoms
    values = graph.reshape(bottom.id, [*graph.sizes(bottom, 0, 2), -1])
    places = graph.op("Cast", graph.reshape(mask.id, [*graph.sizes(mask, 0, 2), -1]), to=INT64)
    planes = graph.op("Shape", bottom.id, start=0, end=2)
    sides = [_unpooled_side(layer, node, graph, axis) for axis in (2, 3)]
    zeros = graph.op("Expand", graph.constant([0.0]), graph.op("Concat", planes, graph.op("Mul", *sides), axis=0))
    made = graph.op("ScatterElements", zeros, places, values, axis=2)
    graph.op("Reshape", made, graph.op("Concat", planes, *sides, axis=0), into=node.tops[0].id)


def _unpooled_side(layer: UnpoolingUpsample, node: Node, graph: Graph, axis: int) -> str:
    """The top's height or width."""
    side = graph.shape(node.tops[0])[axis]
    if isinstance(side, int):
        return graph.constant([side], np.int64)
    number = Numbers(graph)
    larger = number("Mul", graph.op("Shape", node.bottoms[0].id, start=axis, end=axis + 1), layer.scales[axis - 2])
    return number("Sub", larger, int((layer.pad_out_h, layer.pad_out_w)[axis - 2]))


@EXPORT.rule(Reorg)
def reorg(layer: Reorg, node: Node, graph: Graph) -> None:
    """Reshape to parts, Transpose, and Reshape."""
    bottom = node.bottoms[0]
    step = layer.stride
    (batch,), (_, channels, *_) = graph.sizes(bottom, 0, 1), graph.shape(bottom)
    if not isinstance(channels, int):
        raise Refusal("N1011", f"{node.type} needs to know how many channels it takes apart")
    fewer = channels // step**2
    height, width = graph.sizes(bottom, 2)
    if layer.reverse:
        parts = graph.reshape(bottom.id, [batch, step, step, fewer, height, width])
        moved = graph.op("Transpose", parts, perm=[0, 3, 4, 1, 5, 2])
        sizes = [fewer, *(_side(bottom, axis, graph, "Mul", step) for axis in (2, 3))]
    else:
        parts = graph.reshape(bottom.id, [batch, fewer, height, step, width, step])
        moved = graph.op("Transpose", parts, perm=[0, 3, 5, 1, 2, 4])
        sizes = [channels * step**2, *(_side(bottom, axis, graph, "Div", step) for axis in (2, 3))]
    first = graph.op("Shape", bottom.id, start=0, end=1)
    rest = [size if isinstance(size, str) else graph.constant([size], np.int64) for size in sizes]
    graph.op("Reshape", moved, graph.op("Concat", first, *rest, axis=0), into=node.tops[0].id)


def _side(value: BlobVersion, axis: int, graph: Graph, op: str, step: int) -> int | str:
    size = graph.shape(value)[axis]
    if isinstance(size, int):
        return size * step if op == "Mul" else size // step
    return Numbers(graph)(op, graph.op("Shape", value.id, start=axis, end=axis + 1), step)
