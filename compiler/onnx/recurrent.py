"""ONNX of layers that read sequences: a Scan over the steps, which may be any number.

A model begins each run with zeros where nothing comes in: what Caffe remembers from pass to pass is no part of it.
"""

from collections.abc import Callable, Sequence

import numpy as np

from netdef.compiler.layers.recurrent import LSTM, RNN, LSTMUnit
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph

Step = Callable[[Sequence[str], str, str], list[str]]
"""What is remembered (N, D) each, what comes in (N, ...), cont (N, 1) -> what is remembered then; h is the first."""


@EXPORT.rule(LSTM)
def lstm(layer: LSTM, node: Node, graph: Graph) -> None:
    """Gates at each step."""
    weight = _hidden_weight(layer, node, graph)

    def step(hidden: Sequence[str], entering: str, cont: str) -> list[str]:
        h, cell = hidden
        gates = graph.op("Add", entering, graph.op("MatMul", graph.op("Mul", cont, h), weight))
        return list(reversed(unit(graph, cell, gates, cont)))

    _scan(layer, node, graph, step, node.tops[0].id)


@EXPORT.rule(RNN)
def rnn(layer: RNN, node: Node, graph: Graph) -> None:
    """A tanh at each step, and one over all of them."""
    weight = _hidden_weight(layer, node, graph)

    def step(hidden: Sequence[str], entering: str, cont: str) -> list[str]:
        return [
            graph.op("Tanh", graph.op("Add", entering, graph.op("MatMul", graph.op("Mul", cont, hidden[0]), weight)))
        ]

    h = _scan(layer, node, graph, step, None)
    out = graph.op("MatMul", h, _transposed(graph, len(node.weights) - 2))
    graph.op("Tanh", graph.op("Add", out, graph.weight(len(node.weights) - 1)), into=node.tops[0].id)


@EXPORT.rule(LSTMUnit)
def lstm_unit(layer: LSTMUnit, node: Node, graph: Graph) -> None:
    """One step."""
    cell, gates, cont = (bottom.id for bottom in node.bottoms)
    behind = graph.op("Unsqueeze", cont, graph.constant([2], np.int64))
    unit(graph, cell, gates, behind, [top.id for top in node.tops])


def unit(
    graph: Graph, cell: str, gates: str, cont: str | None = None, into: Sequence[str | None] = (None, None)
) -> list[str]:
    """The next c and h; without ``cont`` no sequence begins."""
    enter, forget, leave, candidate = graph.ops("Split", gates, into=[None] * 4, axis=-1, num_outputs=4)
    kept = graph.op("Sigmoid", forget)
    if cont is not None:
        kept = graph.op("Mul", cont, kept)
    new = graph.op("Mul", graph.op("Sigmoid", enter), graph.op("Tanh", candidate))
    cell = graph.op("Add", graph.op("Mul", kept, cell), new, into=into[0])
    return [cell, graph.op("Mul", graph.op("Sigmoid", leave), graph.op("Tanh", cell), into=into[1])]


def _transposed(graph: Graph, index: int) -> str:
    return graph.op("Transpose", graph.weight(index), perm=[1, 0])


def _hidden_weight(layer: LSTM | RNN, node: Node, graph: Graph) -> str:
    """The weight of h, transposed: it stands behind that of a bottom for every step, if there is one."""
    return _transposed(graph, 3 if layer.has_static(len(node.bottoms)) else 2)


def _scan(layer: LSTM | RNN, node: Node, graph: Graph, step: Step, into: str | None) -> str:
    """H of every step, (T, N, D); exposed tops get what is remembered last."""
    x, cont, *others = (bottom.id for bottom in node.bottoms)
    rows = graph.reshape(x, [*graph.sizes(node.bottoms[0], 0, 2), node.weights[0].weight.shape[1]])
    entering = graph.op("Add", graph.op("MatMul", rows, _transposed(graph, 0)), graph.weight(1))
    if layer.has_static(len(node.bottoms)):
        static = graph.op("MatMul", graph.op("Flatten", others[0], axis=1), _transposed(graph, 2))
        entering = graph.op("Add", entering, static)
    marks = graph.op("Unsqueeze", cont, graph.constant([2], np.int64))
    one = graph.constant([0], np.int64)
    if layer.exposed:
        first = [graph.op("Squeeze", each, one) for each in others[-layer.exposed :]]
    else:
        num = graph.op("Shape", x, start=1, end=2)
        size = graph.op("Concat", num, graph.constant([layer.num_output], np.int64), axis=0)
        first = [graph.op("ConstantOfShape", size)] * layer.num_hidden
    length = len(first)

    def body(*inside: str) -> list[str]:
        hidden = step(inside[:length], *inside[length:])
        return [*hidden, graph.op("Identity", hidden[0])]

    inputs = ["remembered"] * length + ["entering", "cont"]
    made = graph.ops(
        "Scan",
        *first,
        entering,
        marks,
        into=[*[None] * length, into],
        body=graph.body(body, inputs),
        num_scan_inputs=2,
    )
    for last, top in zip(made, node.tops[1:], strict=False):
        graph.op("Unsqueeze", last, one, into=top.id)
    return made[-1]
