"""Convolution and its transpose, over PyTorch's for one to three axes."""

from collections.abc import Callable, Sequence

from torch import Tensor
from torch.nn import functional

from netdef.compiler.layers.checks import Sides
from netdef.compiler.layers.convolution import Convolution, Deconvolution, Im2col
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal
from netdef.runtime.lowering.base import Function, Op, Setting, lower, rank

ByAxes = dict[int, Callable[..., Tensor]]
"""PyTorch's functions by the number of axes that the window moves over."""
CONVOLUTIONS: ByAxes = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
TRANSPOSED: ByAxes = {
    1: functional.conv_transpose1d,
    2: functional.conv_transpose2d,
    3: functional.conv_transpose3d,
}


class _Convolving(Op):
    """What both share: the channels may lie on any axis, and bottoms may be several."""

    returns_fresh_memory = True
    sides: Sides | None = None
    """Zeros around an image, where opposite sides have not the same."""

    def __init__(self, layer: Convolution | Deconvolution, node: Node, functions: ByAxes) -> None:
        super().__init__(node)
        self.axis = layer.channels_axis(node.bottoms[0].shape)
        num_axes = rank(node) - self.axis - 1
        if num_axes not in functions:
            message = f"{node.type} over {num_axes} axes; PyTorch has it over 1, 2 and 3"
            raise Refusal("N1001", message, at="bottom 0")
        self.kernel, self.stride, self.pad, self.dilation = layer.over(num_axes)
        self.group = layer.group
        self.function = functions[num_axes]

    @override
    def forward(self, *bottoms: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.convolved(bottom) for bottom in bottoms)

    def convolved(self, bottom: Tensor) -> Tensor:
        """One bottom; whatever lies before the channels is taken as the batch."""
        if self.sides is not None:
            above, below, left, right = self.sides
            bottom = functional.pad(bottom, (left, right, above, below))
        if self.axis == 1:
            return self.slide(bottom)
        before, sample = bottom.shape[: self.axis], bottom.shape[self.axis :]
        top = self.slide(bottom.reshape(-1, *sample))
        return top.reshape(*before, *top.shape[1:])

    def slide(self, bottom: Tensor) -> Tensor:
        """The window over a batch (N, C, ...)."""
        raise NotImplementedError


class _Slide(_Convolving):
    """Cross-correlation with the weight."""

    @override
    def slide(self, bottom: Tensor) -> Tensor:
        windows = zip(bottom.shape[2:], self.kernel, self.pad, self.dilation, strict=True)
        missing = [d * (k - 1) + 1 - 2 * p - size for size, k, p, d in windows]
        if any(short > 0 for short in missing):  # a window that sticks out reads zeros (see the layer's size())
            bottom = padded(bottom, [0] * len(missing), missing)
        weight, bias = self.stored("weight"), self.stored_or_none("bias")
        return self.function(bottom, weight, bias, self.stride, self.pad, self.dilation, self.group)


class _Spread(_Convolving):
    """The gradient of cross-correlation."""

    @override
    def slide(self, bottom: Tensor) -> Tensor:
        weight, bias = self.stored("weight"), self.stored_or_none("bias")
        return self.function(bottom, weight, bias, self.stride, self.pad, 0, self.group, self.dilation)


def padded(bottom: Tensor, before: Sequence[int], behind: Sequence[int]) -> Tensor:
    """Zeros before and behind the last axes; numbers below 0 are none."""
    both = reversed(list(zip(before, behind, strict=True)))
    return functional.pad(bottom, [max(side, 0) for pair in both for side in pair])


@lower(Convolution)
def convolution(layer: Convolution, node: Node, setting: Setting) -> Op:
    """Cross-correlation with the weight."""
    if layer.sides is None:
        return _Slide(layer, node, CONVOLUTIONS)
    op = _Slide(layer.over_padded(), node, CONVOLUTIONS)
    op.sides = layer.sides
    return op


@lower(Deconvolution)
def deconvolution(layer: Deconvolution, node: Node, setting: Setting) -> Op:
    """The gradient of a cross-correlation by its input."""
    return _Spread(layer, node, TRANSPOSED)


@lower(Im2col)
def im2col(layer: Im2col, node: Node, setting: Setting) -> Op:
    """Windows as columns, over any number of axes."""
    axis = layer.channels_axis(node.bottoms[0].shape)
    first, num_axes = axis + 1, rank(node) - axis - 1
    window = list(zip(*layer.over(num_axes), strict=True))

    def columns(x: Tensor) -> Tensor:
        extents = [dilation * (kernel - 1) + 1 for kernel, _, _, dilation in window]
        pads = [pad for _, _, pad, _ in window]
        short = [extent - 2 * pad - size for extent, pad, size in zip(extents, pads, x.shape[first:], strict=True)]
        x = padded(x, pads, [pad + max(missing, 0) for pad, missing in zip(pads, short, strict=True)])
        for along, (extent, (_, stride, _, dilation)) in enumerate(zip(extents, window, strict=True), first):
            x = x.unfold(along, extent, stride)[..., ::dilation]  # positions stay, the window's points go behind
        x = x.movedim(tuple(range(-num_axes, 0)), tuple(range(first, first + num_axes))) if num_axes else x
        return x.flatten(axis, first + num_axes - 1)

    return Function(node, columns)
