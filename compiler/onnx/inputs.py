"""ONNX of tops from nowhere."""

import numpy as np
from onnx import numpy_helper

from netdef.compiler.layers.inputs import DummyData, Input, Parameter
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph
from netdef.compiler.schema.message import Refusal


@EXPORT.rule(Input)
def input_(layer: Input, node: Node, graph: Graph) -> None:
    """An input for each top."""
    for top in node.tops:
        graph.input(top)


@EXPORT.rule(DummyData)
def dummy_data(layer: DummyData, node: Node, graph: Graph) -> None:
    """ConstantOfShape for each top."""
    for index, top in enumerate(node.tops):
        filler = layer.filler(index)
        if filler.type != "constant":
            message = f"data made anew at each pass ({filler.type}) can't be part of a model"
            raise Refusal("N1011", message, at="data_filler", help="make it an Input, or constant")
        value = numpy_helper.from_array(np.asarray([filler.value], np.float32))
        graph.op("ConstantOfShape", graph.constant(top.shape, np.int64), into=top.id, value=value)


@EXPORT.rule(Parameter)
def parameter(layer: Parameter, node: Node, graph: Graph) -> None:
    """The weight, under the top's name."""
    graph.op("Identity", graph.weight(0), into=node.tops[0].id)
