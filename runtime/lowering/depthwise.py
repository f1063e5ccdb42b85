"""Convolutions of each channel alone."""

from netdef.compiler.layers.depthwise import ConvolutionDepthwise, DepthwiseConvolution
from netdef.compiler.net.net import Node
from netdef.runtime.lowering.base import Op, Setting, lower
from netdef.runtime.lowering.convolution import convolution

lower(DepthwiseConvolution)(convolution)


@lower(ConvolutionDepthwise)
def convolution_depthwise(layer: ConvolutionDepthwise, node: Node, setting: Setting) -> Op:
    """A group for each channel."""
    channels = node.bottoms[0].shape[layer.channels_axis(node.bottoms[0].shape)]
    return convolution(layer.grouped(channels), node, setting)
