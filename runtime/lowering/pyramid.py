"""Pooling at several scales."""

import torch
from torch import Tensor

from netdef.compiler.layers.pyramid import SPP
from netdef.compiler.net.net import Node
from netdef.runtime.lowering.base import Function, Op, Setting, lower
from netdef.runtime.lowering.pooling import over_windows, refuse_chance


@lower(SPP)
def spp(layer: SPP, node: Node, setting: Setting) -> Op:
    """The levels one behind the other, each flattened."""
    refuse_chance(layer.pool)

    def levels(x: Tensor) -> Tensor:
        tops = [over_windows(level.pooling, node)(x)[0] for level in layer.levels(tuple(x.shape))]
        return tops[0] if len(tops) == 1 else torch.cat([top.flatten(1) for top in tops], 1)

    return Function(node, levels)
