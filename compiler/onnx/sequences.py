"""ONNX of forks' recurrent layers: a Scan over the steps, as of BVLC's (see recurrent)."""

from collections.abc import Sequence

import numpy as np
from onnx import TensorProto

from netdef.compiler.layers.sequences import ConvLSTM, Lstm, TimeMajorLstm
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph
from netdef.compiler.onnx.recurrent import unit
from netdef.compiler.rules import SHAPES_ALONE

EXPORT.refuse(ConvLSTM, SHAPES_ALONE)


@EXPORT.rule(Lstm)
def lstm(layer: Lstm, node: Node, graph: Graph) -> None:
    """Rows of steps, sequences side by side; those of a marker that isn't 0 go on."""
    rows = graph.reshape(node.bottoms[0].id, [-1, layer.batch_size, node.weights[0].weight.shape[1]])
    zero = graph.constant(np.zeros((layer.batch_size, layer.num_output)))
    marks = None
    if len(node.bottoms) > 1:
        flat = graph.reshape(node.bottoms[1].id, [-1, layer.batch_size, 1])
        is_first = graph.op("Equal", flat, graph.constant(0))
        marks = graph.op("Cast", graph.op("Not", is_first), to=TensorProto.FLOAT)
    outputs = _scan(rows, zero, marks, graph)
    graph.reshape(outputs, [*graph.sizes(node.bottoms[0], 0, 1), layer.num_output], into=node.tops[0].id)


@EXPORT.rule(TimeMajorLstm)
def time_major_lstm(layer: TimeMajorLstm, node: Node, graph: Graph) -> None:
    """Steps, then sequences."""
    bottom = node.bottoms[0]
    rows = graph.reshape(bottom.id, [*graph.sizes(bottom, 0, 2), node.weights[0].weight.shape[1]])
    num = graph.op("Shape", bottom.id, start=1, end=2)
    size = graph.op("Concat", num, graph.constant([layer.num_output], np.int64), axis=0)
    _scan(rows, graph.op("ConstantOfShape", size), None, graph, node.tops[0].id)


def _scan(rows: str, zero: str, marks: str | None, graph: Graph, into: str | None = None) -> str:
    """Outputs (T, N, H) of steps (T, N, I), and perhaps of markers (T, N, 1)."""
    weight, recurrent = (graph.op("Transpose", graph.weight(index), perm=[1, 0]) for index in (0, 1))
    entering = graph.op("Add", graph.op("MatMul", rows, weight), graph.weight(2))
    read = [entering] if marks is None else [entering, marks]

    def step(h: str, cell: str, gates: str, *cont: str) -> Sequence[str]:
        for mark in cont:
            h = graph.op("Mul", mark, h)
        gates = graph.op("Add", gates, graph.op("MatMul", h, recurrent))
        cell, h = unit(graph, cell, gates, *cont)
        return [h, cell, graph.op("Identity", h)]

    names = ["h", "cell", "entering", "cont"][: 2 + len(read)]
    made = graph.ops(
        "Scan",
        zero,
        zero,
        *read,
        into=[None, None, into],
        body=graph.body(step, names),
        num_scan_inputs=len(read),
    )
    return made[-1]
