"""ONNX of data layers: what they read becomes the model's inputs."""

from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.data import Data, HDF5Data, ImageData, MemoryData, WindowData
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph


def data(layer: Layer, node: Node, graph: Graph) -> None:
    """An input for each top; labels come as floats, as in Caffe."""
    for top in node.tops:
        graph.input(top)


for _kind in (Data, ImageData, MemoryData, HDF5Data, WindowData):
    EXPORT.rule(_kind)(data)
