"""ONNX of regions of interest."""

from typing import NamedTuple

import numpy as np
from onnx import TensorProto

from netdef.compiler.layers.rois import (
    GridROIAlign,
    MaskPooling,
    MaskResize,
    PSROIPooling,
    ROIAlign,
    ROIPooling,
    ROIWarping,
)
from netdef.compiler.net.net import BlobVersion, Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Array, Graph
from netdef.compiler.rules import SHAPES_ALONE

for _alone in (ROIAlign, ROIWarping):
    EXPORT.refuse(_alone, SHAPES_ALONE)


class _Regions(NamedTuple):
    """The numbers of regions, (R, 1) each: the image's, and the corners' in pixels."""

    image: str
    x1: str
    y1: str
    x2: str
    y2: str


@EXPORT.rule(ROIPooling)
def roi_pooling(layer: ROIPooling, node: Node, graph: Graph) -> None:
    """MaxRoiPool, whose corners ONNX Runtime rounds as Caffe does; composed where it has no such operator."""
    regions = _regions(node.bottoms[1], graph)
    if layer.pad_ratio:
        x1, x2 = _padded(regions.x1, regions.x2, layer.pad_ratio, graph)
        y1, y2 = _padded(regions.y1, regions.y2, layer.pad_ratio, graph)
        regions = _Regions(regions.image, x1, y1, x2, y2)
    if graph.opset >= _UNKNOWN_TO_ONNX_RUNTIME:
        _composed(layer, node, regions, graph)
        return
    graph.op(
        "MaxRoiPool",
        node.bottoms[0].id,
        graph.op("Concat", *regions, axis=1),
        into=node.tops[0].id,
        pooled_shape=layer.size(),
        spatial_scale=layer.spatial_scale,
    )


_UNKNOWN_TO_ONNX_RUNTIME = 22
"""The opset whose MaxRoiPool, which is the same for float32, ONNX Runtime doesn't have."""


def _regions(bottom: BlobVersion, graph: Graph) -> _Regions:
    """The first five numbers of each row: further ones don't count."""
    rows = graph.op("Flatten", bottom.id, axis=1)
    rows = graph.op("Slice", rows, *(graph.constant([number], np.int64) for number in (0, 5, 1)))
    return _Regions(*graph.ops("Split", rows, into=[None] * 5, axis=1, num_outputs=5))


def _padded(first: str, last: str, ratio: float, graph: Graph) -> tuple[str, str]:
    """Two sides, each moved out by a share of their distance."""
    size = graph.op("Add", graph.op("Sub", last, first), graph.constant(1))
    more = graph.op("Mul", size, graph.constant(ratio))
    return graph.op("Sub", first, more), graph.op("Add", last, more)


def _composed(layer: ROIPooling, node: Node, regions: _Regions, graph: Graph) -> None:
    """Region by region, the greatest of what masks of rows and of columns let through; a bin without any is 0."""
    x = node.bottoms[0].id
    heights, widths = (positions(x, axis, graph) for axis in (2, 3))
    rows = _bins((regions.y1, regions.y2), layer.pooled_h, layer.spatial_scale, heights, graph)
    columns = _bins((regions.x1, regions.x2), layer.pooled_w, layer.spatial_scale, widths, graph)
    least = graph.constant(np.finfo(np.float32).min)

    def greatest(values: str, mask: str, axes: list[int], along: int) -> str:
        mask = graph.op("Cast", graph.op("Unsqueeze", mask, graph.constant(axes, np.int64)), to=TensorProto.BOOL)
        seen = graph.op("Where", mask, values, least)
        return graph.op("ReduceMax", seen, graph.constant([along], np.int64), keepdims=0)

    def of_region(image: str, of_rows: str, of_columns: str) -> list[str]:
        number = graph.op("Cast", graph.op("Squeeze", image, graph.constant([0], np.int64)), to=TensorProto.INT64)
        maps = graph.op("Gather", x, number, axis=0)
        by_row = greatest(maps, of_rows, [1, 3], 2)  # (P, C, W)
        by_bin = greatest(by_row, of_columns, [1, 2], 3)  # (Q, P, C)
        return [graph.op("Transpose", by_bin, perm=[2, 1, 0])]

    body = graph.body(of_region, ["image", "rows", "columns"])
    (found,) = graph.ops("Scan", regions.image, rows, columns, into=[None], body=body, num_scan_inputs=3)
    some = [graph.op("ReduceMax", mask, graph.constant([2], np.int64), keepdims=0) for mask in (rows, columns)]
    of_rows, of_columns = (
        graph.op("Unsqueeze", each, graph.constant(axes, np.int64))
        for each, axes in zip(some, ([1, 3], [1, 2]), strict=True)
    )
    is_some = graph.op("Cast", graph.op("Mul", of_rows, of_columns), to=TensorProto.BOOL)
    graph.op("Where", is_some, found, graph.constant(0), into=node.tops[0].id)


def positions(x: str, axis: int, graph: Graph) -> str:
    """0, 1, ... along an axis."""
    size = graph.op("Squeeze", graph.op("Shape", x, start=axis, end=axis + 1), graph.constant([0], np.int64))
    limits = (graph.constant(0), graph.op("Cast", size, to=TensorProto.FLOAT), graph.constant(1))
    return graph.op("Range", *limits)


def _bins(sides: tuple[str, str], num: int, scale: float, positions: str, graph: Graph) -> str:
    """Which positions each bin of each region covers, as 1 and 0: (R, num, positions)."""
    factor, one = graph.constant(scale), graph.constant(1)
    start, end = (_rounded(graph.op("Mul", side, factor), graph) for side in sides)
    length = graph.op("Max", graph.op("Add", graph.op("Sub", end, start), one), one)
    each = graph.op("Div", length, graph.constant(num))
    low = graph.op("Floor", graph.op("Mul", each, graph.constant(np.arange(num))))
    high = graph.op("Ceil", graph.op("Mul", each, graph.constant(np.arange(num) + 1)))
    low, high = (
        graph.op("Unsqueeze", graph.op("Add", edge, start), graph.constant([2], np.int64)) for edge in (low, high)
    )
    inside = graph.op("And", graph.op("GreaterOrEqual", positions, low), graph.op("Less", positions, high))
    return graph.op("Cast", inside, to=TensorProto.FLOAT)


def _rounded(x: str, graph: Graph) -> str:
    """C's ``round``: halves away from 0, where ONNX's Round goes to the even number."""
    size = graph.op("Abs", x)
    whole = graph.op("Floor", size)
    is_half = graph.op("GreaterOrEqual", graph.op("Sub", size, whole), graph.constant(0.5))
    return graph.op("Mul", graph.op("Sign", x), graph.op("Add", whole, graph.op("Cast", is_half, to=TensorProto.FLOAT)))


@EXPORT.rule(PSROIPooling)
def psroi_pooling(layer: PSROIPooling, node: Node, graph: Graph) -> None:
    """Sums of bins as differences of sums of all above and left, in double precision, over their areas."""
    x, num = node.bottoms[0].id, layer.group_size
    regions = _regions(node.bottoms[1], graph)
    sizes = [graph.op("Shape", x, start=axis, end=axis + 1) for axis in (2, 3)]
    (top, bottom), (left, right) = (
        tuple(graph.reshape(edge, shape) for edge in _edges(sides, layer, size, graph))
        for sides, size, shape in (
            ((regions.y1, regions.y2), sizes[0], [-1, 1, num, 1]),
            ((regions.x1, regions.x2), sizes[1], [-1, 1, 1, num]),
        )
    )
    sums = graph.op("Cast", x, to=TensorProto.DOUBLE)
    for axis in (2, 3):
        sums = graph.op("CumSum", sums, graph.constant(axis, np.int64))
    sums = graph.reshape(graph.op("Pad", sums, graph.constant([0, 0, 1, 1, 0, 0, 0, 0], np.int64)), [-1])
    channels = np.arange(layer.output_dim * num * num).reshape(layer.output_dim, num, num)
    image = graph.reshape(graph.op("Cast", regions.image, to=TensorProto.INT64), [-1, 1, 1, 1])
    maps = graph.op("Mul", image, graph.constant(channels.size, np.int64))
    maps = graph.op("Add", maps, graph.constant(channels, np.int64))
    height, width = (graph.op("Add", size, graph.constant([1], np.int64)) for size in sizes)

    def at(rows: str, columns: str) -> str:
        places = graph.op("Add", graph.op("Mul", maps, height), rows)
        return graph.op("Gather", sums, graph.op("Add", graph.op("Mul", places, width), columns))

    total = graph.op("Add", graph.op("Sub", at(bottom, right), at(top, right)), at(top, left))
    total = graph.op("Sub", total, at(bottom, left))
    none, one = (graph.constant(number, np.int64) for number in (0, 1))
    extents = [graph.op("Max", graph.op("Sub", *ends), none) for ends in ((bottom, top), (right, left))]
    area = graph.op("Mul", *extents)
    mean = graph.op("Div", total, graph.op("Cast", graph.op("Max", area, one), to=TensorProto.DOUBLE))
    mean = graph.op("Cast", mean, to=TensorProto.FLOAT)
    graph.op("Where", graph.op("Greater", area, none), mean, graph.constant(0), into=node.tops[0].id)


def _edges(sides: tuple[str, str], layer: PSROIPooling, size: str, graph: Graph) -> tuple[str, str]:
    """First and last positions (R, bins) of each region's bins, the last one excluded, cut to the map."""
    scale, one = graph.constant(layer.spatial_scale), graph.constant(1)
    first, last = (_rounded(side, graph) for side in sides)
    start, end = graph.op("Mul", first, scale), graph.op("Mul", graph.op("Add", last, one), scale)
    length = graph.op("Max", graph.op("Sub", end, start), graph.constant(0.1))
    each = graph.op("Div", length, graph.constant(layer.group_size))
    limit, none = graph.op("Cast", size, to=TensorProto.FLOAT), graph.constant(0)
    steps = np.arange(layer.group_size)

    def cut(rounding: str, numbers: Array) -> str:
        edge = graph.op("Add", graph.op("Mul", each, graph.constant(numbers)), start)
        edge = graph.op("Min", graph.op("Max", graph.op(rounding, edge), none), limit)
        return graph.op("Cast", edge, to=TensorProto.INT64)

    return cut("Floor", steps), cut("Ceil", steps + 1)


@EXPORT.rule(MaskPooling)
def mask_pooling(layer: MaskPooling, node: Node, graph: Graph) -> None:
    """Mul."""
    graph.op("Mul", *(bottom.id for bottom in node.bottoms), into=node.tops[0].id)


@EXPORT.rule(MaskResize)
def mask_resize(layer: MaskResize, node: Node, graph: Graph) -> None:
    """Products with what each row and each column of the bottom counts."""
    x = node.bottoms[0].id

    def shares(axis: int, num: int) -> str:
        size = graph.op("Cast", graph.op("Shape", x, start=axis, end=axis + 1), to=TensorProto.FLOAT)
        step = graph.op("Div", size, graph.constant(num))
        return _shares(graph.op("Mul", graph.constant(np.arange(num)[:, None]), step), x, axis, graph)

    rows = shares(2, layer.output_height)
    columns = graph.op("Transpose", shares(3, layer.output_width), perm=[1, 0])
    graph.op("MatMul", graph.op("MatMul", rows, x), columns, into=node.tops[0].id)


@EXPORT.rule(GridROIAlign)
def grid_roi_align(layer: GridROIAlign, node: Node, graph: Graph) -> None:
    """Region by region, products with what each row and each column of its map counts."""
    x = node.bottoms[0].id
    regions = _regions(node.bottoms[1], graph)
    rows = _shares(_samples((regions.y1, regions.y2), layer.pooled_h, layer, graph), x, 2, graph)
    columns = _shares(_samples((regions.x1, regions.x2), layer.pooled_w, layer, graph), x, 3, graph)

    def of_region(image: str, of_rows: str, of_columns: str) -> list[str]:
        number = graph.op("Cast", graph.op("Squeeze", image, graph.constant([0], np.int64)), to=TensorProto.INT64)
        by_row = graph.op("MatMul", of_rows, graph.op("Gather", x, number, axis=0))
        found = graph.op("MatMul", by_row, graph.op("Transpose", of_columns, perm=[1, 0]))
        return [graph.reshape(found, [-1, *layer.size()])]  # ONNX Runtime asks for its rank, and doesn't find it

    body = graph.body(of_region, ["image", "rows", "columns"])
    graph.ops("Scan", regions.image, rows, columns, into=[node.tops[0].id], body=body, num_scan_inputs=3)


def _samples(sides: tuple[str, str], num: int, layer: GridROIAlign, graph: Graph) -> str:
    """Where samples lie, (R, num + 1, 1): at even steps between the sides; outside where these have no distance."""
    first, last = _padded(*sides, layer.pad_ratio, graph)
    factor, half = graph.constant(layer.spatial_scale), graph.constant(0.5)
    start, end = (graph.op("Sub", graph.op("Mul", side, factor), half) for side in (first, last))
    step = graph.op("Div", graph.op("Sub", end, start), graph.constant(num))
    at = graph.op("Add", start, graph.op("Mul", graph.constant(np.arange(num + 1)), step))
    at = graph.op("Where", graph.op("Greater", end, start), at, graph.constant(-1))
    return graph.op("Unsqueeze", at, graph.constant([2], np.int64))


def _shares(samples: str, x: str, axis: int, graph: Graph) -> str:
    """What each position along an axis counts (..., num, size) for bilinear samples at places (..., num, 1).

    A sample is at the border where it lies up to half a position outside, and nothing beyond.
    """
    size = graph.op("Cast", graph.op("Shape", x, start=axis, end=axis + 1), to=TensorProto.FLOAT)
    none, half, one = (graph.constant(number) for number in (0, 0.5, 1))
    at = graph.op("Min", graph.op("Max", samples, none), graph.op("Sub", size, one))
    distance = graph.op("Abs", graph.op("Sub", at, positions(x, axis, graph)))
    share = graph.op("Relu", graph.op("Sub", one, distance))
    from_start = graph.op("GreaterOrEqual", samples, graph.constant(-0.5))
    to_end = graph.op("LessOrEqual", samples, graph.op("Sub", size, half))
    return graph.op("Mul", share, graph.op("Cast", graph.op("And", from_start, to_end), to=TensorProto.FLOAT))
