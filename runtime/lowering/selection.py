"""Which samples or positions of a blob go on, and how often."""

import torch
from torch import Tensor

from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.selection import BatchReindex, Crop, Filter, Tile
from netdef.compiler.net.net import Node
from netdef.runtime.lowering.base import Function, Op, Setting, Tops, lower, places, rank


@lower(Crop)
def crop(layer: Crop, node: Node, setting: Setting) -> Op:
    """A view of the piece."""
    axis, starts = find_axis(layer.axis, rank(node)), layer.starts(rank(node))

    def cut(whole: Tensor, wanted: Tensor) -> Tensor:
        for along, start in enumerate(starts, axis):
            whole = whole.narrow(along, start, wanted.shape[along])
        return whole

    return Function(node, cut)


@lower(BatchReindex)
def batch_reindex(layer: BatchReindex, node: Node, setting: Setting) -> Op:
    """Rows by number."""
    return Function(node, lambda samples, names: samples.index_select(0, places(names, len(samples), node, 1)))


@lower(Filter)
def filter_(layer: Filter, node: Node, setting: Setting) -> Op:
    """The rows that the selector names."""

    def kept(*bottoms: Tensor) -> tuple[Tensor, ...]:
        *blobs, selector = bottoms
        (chosen,) = torch.nonzero(selector.detach().reshape(-1), as_tuple=True)
        return tuple(blob.index_select(0, chosen) for blob in blobs)

    return Tops(node, kept)


@lower(Tile)
def tile(layer: Tile, node: Node, setting: Setting) -> Op:
    """Copies one behind the other."""
    axis = find_axis(layer.axis, rank(node))
    return Function(node, lambda x: torch.cat([x] * layer.tiles, axis))
