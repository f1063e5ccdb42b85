"""Where blobs come together and part."""

from functools import reduce

import torch
from torch import Tensor

from netdef.compiler.layers.branching import Combine, Concat, Eltwise, Silence, Slice, Split
from netdef.compiler.net.net import Node
from netdef.runtime.lowering.base import Function, Op, Setting, Tops, lower, rank


@lower(Concat)
def concat(layer: Concat, node: Node, setting: Setting) -> Op:
    """Joined along an axis."""
    axis = layer.along(rank(node))
    return Function(node, lambda *bottoms: torch.cat(bottoms, axis))


@lower(Slice)
def slice_(layer: Slice, node: Node, setting: Setting) -> Op:
    """Views of the pieces."""
    axis = layer.along(rank(node))
    if layer.slice_point:
        return Tops(node, lambda x: x.tensor_split(layer.slice_point, axis))
    return Tops(node, lambda x: x.tensor_split(len(node.tops), axis))


@lower(Split)
def split(layer: Split, node: Node, setting: Setting) -> Op:
    """The bottom itself, under each name."""
    return Tops(node, lambda x: (x,) * len(node.tops))


@lower(Silence)
def silence(layer: Silence, node: Node, setting: Setting) -> Op:
    """Nothing."""
    return Tops(node, lambda *bottoms: ())


@lower(Eltwise)
def eltwise(layer: Eltwise, node: Node, setting: Setting) -> Op:
    """Value by value."""
    if layer.operation is Combine.PROD:
        return Function(node, lambda *bottoms: reduce(torch.mul, bottoms))
    if layer.operation is Combine.MAX:
        return Function(node, _greatest)
    if layer.coeff:
        return Function(node, lambda *bottoms: _weighted(bottoms, layer.coeff))
    return Function(node, lambda *bottoms: reduce(torch.add, bottoms))


def _greatest(first: Tensor, second: Tensor, *others: Tensor) -> Tensor:
    """The greatest, value by value.

    Where two are equal one of them gets the gradient, as in eltwise_layer.cpp: of the first two the second, and from
    then on the earlier one. (``torch.maximum`` would halve it.)
    """
    greatest = torch.where(first > second, first, second)
    for other in others:
        greatest = torch.where(other > greatest, other, greatest)
    return greatest


def _weighted(bottoms: tuple[Tensor, ...], coeff: tuple[float, ...]) -> Tensor:
    total = bottoms[0] * coeff[0]
    for bottom, factor in zip(bottoms[1:], coeff[1:], strict=True):
        total = torch.add(total, bottom, alpha=factor)
    return total
