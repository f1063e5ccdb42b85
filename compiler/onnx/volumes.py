"""ONNX of C3D, whose windows lie as Caffe's do (see pooling)."""

from typing import Any, NamedTuple

import numpy as np
from onnx import TensorProto, numpy_helper

from netdef.compiler.layers.pooling import Reduce
from netdef.compiler.layers.volumes import (
    Convolution3D,
    Deconvolution3D,
    FlatConvolution3D,
    FlatDeconvolution3D,
    FlatPooling3D,
    Pooling3D,
    VoxelSoftmax,
    VoxelSoftmaxLoss,
)
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Array, Graph
from netdef.compiler.onnx.pooling import WIDEST, refuse_chance
from netdef.compiler.rules import SHAPES_ALONE
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import known

for _alone in (VoxelSoftmax, VoxelSoftmaxLoss):
    EXPORT.refuse(_alone, SHAPES_ALONE)

_Convolving = Convolution3D | FlatConvolution3D | Deconvolution3D | FlatDeconvolution3D


def convolution(layer: _Convolving, node: Node, graph: Graph) -> None:
    """Conv, or ConvTranspose, over three axes."""
    spreads = isinstance(layer, Deconvolution3D | FlatDeconvolution3D)
    weights = [graph.weight(0)]
    if layer.bias_term:
        weights.append(graph.weight(1, (layer.num_output,)))
    graph.op(
        "ConvTranspose" if spreads else "Conv",
        node.bottoms[0].id,
        *weights,
        into=node.tops[0].id,
        kernel_shape=layer.kernel,
        strides=layer.steps,
        pads=layer.pads * 2,
    )


EXPORT.rule(Convolution3D)(convolution)
EXPORT.rule(FlatConvolution3D)(convolution)
EXPORT.rule(Deconvolution3D)(convolution)
EXPORT.rule(FlatDeconvolution3D)(convolution)


class _Slide(NamedTuple):
    """How a window moves over frames, rows and columns."""

    kernel: Array
    steps: Array
    pads: Array


def pooling(layer: Pooling3D | FlatPooling3D, node: Node, graph: Graph) -> None:
    """MaxPool, or AveragePool over that of a mask, of a volume that is padded as far as windows reach.

    The mask is 1 on the volume and its border: what a last window has beyond doesn't count.
    """
    refuse_chance(layer.pool)
    x, top = node.bottoms[0].id, node.tops[0].id
    slide = _Slide(
        np.array((layer.kernel_depth, layer.kernel_size, layer.kernel_size)),
        np.array((layer.temporal_stride, layer.stride, layer.stride)),
        np.array((0, layer.pad, layer.pad)),
    )
    window: dict[str, Any] = {"kernel_shape": slide.kernel.tolist(), "strides": slide.steps.tolist()}
    if layer.pool is Reduce.AVE:
        _refuse_windows_of_nothing(slide, node, graph)
    pads = slide.pads.tolist()
    if all(isinstance(size, int) for size in graph.shape(node.bottoms[0])[2:]):
        behind = _behind(slide, node)
        if not any(pads) and not behind.any():
            graph.op("MaxPool" if layer.pool is Reduce.MAX else "AveragePool", x, into=top, **window)
            return
        ends = graph.constant(behind, np.int64)
    elif slide.steps.max() > WIDEST:
        message = "a last window may begin further behind the volume than a model's padding reaches"
        raise Refusal("N1011", message, at="stride", help="leave H and W out of --dynamic")
    else:
        ends = _ends(slide, x, graph)
    around = graph.op("Concat", graph.constant([0, 0, *pads, 0, 0], np.int64), ends, axis=0)
    if layer.pool is Reduce.MAX:
        least = graph.constant(np.finfo(np.float32).min)
        graph.op("MaxPool", graph.op("Pad", x, around, least), into=top, **window)
        return
    means = graph.op("AveragePool", graph.op("Pad", x, around), **window)
    sizes = graph.op("Add", graph.op("Shape", x, start=2), graph.constant([2 * pad for pad in pads], np.int64))
    one = numpy_helper.from_array(np.ones(1, np.float32))
    mask = graph.op("ConstantOfShape", graph.op("Concat", graph.constant([1, 1], np.int64), sizes, axis=0), value=one)
    beyond = graph.op("Sub", ends, graph.constant(pads, np.int64))
    around = graph.op("Concat", graph.constant([0] * 7, np.int64), beyond, axis=0)
    graph.op("Div", means, graph.op("AveragePool", graph.op("Pad", mask, around), **window), into=top)


EXPORT.rule(Pooling3D)(pooling)
EXPORT.rule(FlatPooling3D)(pooling)


def _refuse_windows_of_nothing(slide: _Slide, node: Node, graph: Graph) -> None:
    """Refuse means over windows that lie wholly behind the volume, which is only so without a border."""
    bottom, top = node.bottoms[0], node.tops[0]
    axes = zip(graph.shape(bottom)[2:], top.shape[2:], *(each.tolist() for each in slide), strict=True)
    for size, num, kernel, step, pad in axes:
        if pad:
            continue
        if not isinstance(size, int) and step > kernel:
            message = "at some sizes a last window lies wholly behind the volume, and has no mean"
            raise Refusal("N1011", message, at="pool", help="leave H and W out of --dynamic, or use MAX")
        if isinstance(size, int) and (known(num) - 1) * step >= size:
            message = "a last window lies wholly behind the volume, and has no mean"
            raise Refusal("N1011", message, at="pool", help="use MAX, or steps no longer than the window")


def _behind(slide: _Slide, node: Node) -> Array:
    """How far the last windows reach behind the volume."""
    size, num = (np.array([known(dim) for dim in blob.shape[2:]]) for blob in (node.bottoms[0], node.tops[0]))
    behind: Array = np.maximum((num - 1) * slide.steps + slide.kernel - size - slide.pads, 0)
    return behind


def _ends(slide: _Slide, x: str, graph: Graph) -> str:
    """The same of a volume whose size only a run knows; a window that begins behind the border is dropped."""
    size = graph.op("Shape", x, start=2)

    def number(op: str, value: str, numbers: Array) -> str:
        return graph.op(op, value, graph.constant(numbers, np.int64))

    last = number("Div", number("Add", size, 2 * slide.pads - slide.kernel + slide.steps - 1), slide.steps)
    start = number("Mul", last, slide.steps)
    is_behind = graph.op("GreaterOrEqual", start, number("Add", size, slide.pads))
    dropped = number("Mul", graph.op("Cast", is_behind, to=TensorProto.INT64), slide.steps * (slide.pads > 0))
    start = graph.op("Sub", start, dropped)
    return number("Max", graph.op("Sub", number("Add", start, slide.kernel - slide.pads), size), np.zeros(3))
