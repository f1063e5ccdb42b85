"""ONNX of which samples or positions of a blob go on, and how often."""

import numpy as np
from onnx import TensorProto

from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.selection import BatchReindex, Crop, Filter, Tile
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph


@EXPORT.rule(Crop)
def crop(layer: Crop, node: Node, graph: Graph) -> None:
    """Slice, its ends worked out from the second bottom's sizes where they are free."""
    whole, wanted = node.bottoms
    rank = len(whole.shape)
    axis, starts = find_axis(layer.axis, rank), layer.starts(rank)
    sizes = graph.shape(wanted)[axis:rank]
    begin = graph.constant(starts, np.int64)
    ends = [start + size for start, size in zip(starts, sizes, strict=True)]
    if all(isinstance(size, int) for size in ends):
        end = graph.constant(ends, np.int64)
    else:
        end = graph.op("Add", graph.op("Shape", wanted.id, start=axis, end=rank), begin)
    axes = graph.constant(range(axis, rank), np.int64)
    graph.op("Slice", whole.id, begin, end, axes, into=node.tops[0].id)


@EXPORT.rule(BatchReindex)
def batch_reindex(layer: BatchReindex, node: Node, graph: Graph) -> None:
    """Gather along the batch."""
    samples, names = node.bottoms
    places = graph.op("Cast", names.id, to=TensorProto.INT64)
    graph.op("Gather", samples.id, places, into=node.tops[0].id, axis=0)


@EXPORT.rule(Filter)
def filter_(layer: Filter, node: Node, graph: Graph) -> None:
    """Compress along the batch."""
    *blobs, selector = node.bottoms
    chosen = graph.reshape(graph.op("Cast", selector.id, to=TensorProto.BOOL), [-1])
    for blob, top in zip(blobs, node.tops, strict=True):
        graph.op("Compress", blob.id, chosen, into=top.id, axis=0)


@EXPORT.rule(Tile)
def tile(layer: Tile, node: Node, graph: Graph) -> None:
    """Tile."""
    rank = len(node.bottoms[0].shape)
    axis = find_axis(layer.axis, rank)
    times = graph.constant([layer.tiles if at == axis else 1 for at in range(rank)], np.int64)
    graph.op("Tile", node.bottoms[0].id, times, into=node.tops[0].id)
