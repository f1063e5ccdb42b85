"""ONNX of convolutions of each channel alone."""

from netdef.compiler.layers.depthwise import ConvolutionDepthwise, DepthwiseConvolution
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.convolution import convolution
from netdef.compiler.onnx.graph import Graph

EXPORT.rule(DepthwiseConvolution)(convolution)


@EXPORT.rule(ConvolutionDepthwise)
def convolution_depthwise(layer: ConvolutionDepthwise, node: Node, graph: Graph) -> None:
    """Conv with a group for each channel."""
    channels = node.bottoms[0].shape[layer.channels_axis(node.bottoms[0].shape)]
    convolution(layer.grouped(channels), node, graph)
