"""ONNX of layers that work outside of the net."""

from netdef.compiler.layers.outside import HDF5Output, Python
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph


@EXPORT.rule(HDF5Output)
def hdf5_output(layer: HDF5Output, node: Node, graph: Graph) -> None:
    """Nothing: a model writes no file."""


EXPORT.refuse(Python, "runs code that is not here")
