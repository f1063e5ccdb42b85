"""ONNX of operators of TensorFlow."""

from itertools import product

import numpy as np

from netdef.compiler.layers.tensor_ops import (
    LAST,
    Add,
    BatchToSpaceND,
    DepthToSpace,
    Mul,
    Pad,
    SpaceToBatchND,
    pairs,
)
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import AxisOf, Graph

_END = np.iinfo(np.int64).max


@EXPORT.rule(Mul)
def mul(layer: Mul, node: Node, graph: Graph) -> None:
    """Mul."""
    factor = graph.weight(0) if node.weights else node.bottoms[1].id
    graph.op("Mul", node.bottoms[0].id, factor, into=node.tops[0].id)


@EXPORT.rule(Add)
def add(layer: Add, node: Node, graph: Graph) -> None:
    """Add."""
    graph.op("Add", *(bottom.id for bottom in node.bottoms), into=node.tops[0].id)


@EXPORT.rule(Pad)
def pad(layer: Pad, node: Node, graph: Graph) -> None:
    """Pad; a single number has no axis to pad, and ONNX Runtime's Pad refuses it."""
    if not node.bottoms[0].shape:
        graph.op("Identity", node.bottoms[0].id, into=node.tops[0].id)
        return
    _padded(node.bottoms[0].id, pairs(layer.paddings), graph, layer.constant_values, into=node.tops[0].id)


def _padded(
    value: str, ends: tuple[tuple[int, int], ...], graph: Graph, constant: float = 0.0, into: str | None = None
) -> str:
    numbers = [before for before, _ in ends] + [behind for _, behind in ends]
    return graph.op("Pad", value, graph.constant(numbers, np.int64), graph.constant(constant), into=into)


@EXPORT.rule(DepthToSpace)
def depth_to_space(layer: DepthToSpace, node: Node, graph: Graph) -> None:
    """DepthToSpace, whose channels are the second axis."""
    x, top = node.bottoms[0].id, node.tops[0].id
    mode = "CRD" if layer.data_format == "CRD" else "DCR"
    if layer.data_format != LAST:
        graph.op("DepthToSpace", x, into=top, blocksize=layer.block_size, mode=mode)
        return
    dealt = graph.op("DepthToSpace", graph.op("Transpose", x, perm=[0, 3, 1, 2]), blocksize=layer.block_size, mode=mode)
    graph.op("Transpose", dealt, into=top, perm=[0, 2, 3, 1])


@EXPORT.rule(SpaceToBatchND)
def space_to_batch(layer: SpaceToBatchND, node: Node, graph: Graph) -> None:
    """Pad, a Slice for each place in a block, and Concat."""
    bottom = node.bottoms[0]
    others = len(bottom.shape) - len(layer.block_shape) - 1
    padded = _padded(bottom.id, ((0, 0), *pairs(layer.paddings), *((0, 0),) * others), graph)
    axes = [*range(1, len(layer.block_shape) + 1)]
    apart = []
    for place in product(*map(range, layer.block_shape)):
        ends = (place, [_END] * len(place), axes, layer.block_shape)
        apart.append(graph.op("Slice", padded, *(graph.constant(end, np.int64) for end in ends)))
    graph.op("Concat", *apart, into=node.tops[0].id, axis=0)


@EXPORT.rule(BatchToSpaceND)
def batch_to_space(layer: BatchToSpaceND, node: Node, graph: Graph) -> None:
    """For each side Reshape, Transpose and Reshape; and a Slice."""
    bottom = node.bottoms[0]
    x, rank = bottom.id, len(bottom.shape)
    for axis, block in enumerate(layer.block_shape, 1):
        parts = graph.reshape(x, [block, -1, *(AxisOf(x, each) for each in range(1, rank))])
        order = [*range(1, axis + 2), 0, *range(axis + 2, rank + 1)]
        moved = graph.op("Transpose", parts, perm=order)
        before, behind = range(axis), range(axis + 2, rank + 1)
        x = graph.reshape(
            moved, [*(AxisOf(moved, each) for each in before), -1, *(AxisOf(moved, each) for each in behind)]
        )
    starts, ends = zip(*pairs(layer.crops), strict=True) if layer.crops else ((), ())
    limits = (starts, [-end or _END for end in ends], [*range(1, len(starts) + 1)])
    graph.op("Slice", x, *(graph.constant(each, np.int64) for each in limits), into=node.tops[0].id)
