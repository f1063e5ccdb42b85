"""Pooling at several scales."""

import torch
from torch import Tensor
from torch.nn import functional

from netdef.compiler.layers.pyramid import SPP, ICNetSubgraph, SpatialPyramidParts, SpatialPyramidPooling
from netdef.compiler.net.net import Node
from netdef.compiler.rules import SHAPES_ALONE
from netdef.runtime.lowering.base import Function, Op, Setting, lower, refuse, wide
from netdef.runtime.lowering.pooling import over_windows, refuse_chance

refuse(SpatialPyramidParts, SHAPES_ALONE)


@lower(SPP)
def spp(layer: SPP, node: Node, setting: Setting) -> Op:
    """The levels one behind the other, each flattened."""
    refuse_chance(layer.pool)

    def levels(x: Tensor) -> Tensor:
        tops = _pooled(layer, node, x)
        return tops[0] if len(tops) == 1 else torch.cat([top.flatten(1) for top in tops], 1)

    return Function(node, levels)


@lower(SpatialPyramidPooling)
def spatial_pyramid_pooling(layer: SpatialPyramidPooling, node: Node, setting: Setting) -> Op:
    """The levels one behind the other, as channels of one pixel."""

    def levels(x: Tensor) -> Tensor:
        tops = _pooled(layer, node, x)
        return tops[0] if len(tops) == 1 else torch.cat([top.flatten(1) for top in tops], 1)[..., None, None]

    return Function(node, levels)


@lower(ICNetSubgraph)
def icnet_subgraph(layer: ICNetSubgraph, node: Node, setting: Setting) -> Op:
    """The levels made as large as the image, added to it."""

    def summed(x: Tensor) -> Tensor:
        size = x.shape[2:]
        for top in _pooled(layer, node, x):
            x = x + functional.interpolate(wide(top), size, mode="bilinear", align_corners=True).to(x.dtype)
        return x

    return Function(node, summed)


def _pooled(layer: SPP | SpatialPyramidPooling | ICNetSubgraph, node: Node, x: Tensor) -> list[Tensor]:
    return [over_windows(level.pooling, node)(x)[0] for level in layer.levels(tuple(x.shape))]
