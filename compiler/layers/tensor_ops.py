"""Operators of TensorFlow that a fork for accelerators has as layers, under their names there and with their fields."""

from collections.abc import Iterator

from netdef.compiler.compare_sizes import Comparison, compare, may_divide, simplest
from netdef.compiler.counted import counted
from netdef.compiler.layers.base import Arity, Layer, Weight
from netdef.compiler.layers.checks import is_empty, need_rank
from netdef.compiler.layers.roles import Colour
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Filler
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shape, Shapes, product, show
from netdef.compiler.size import Dim

FORK = "synopsys"
LAST = "NHWC"
"""The format in which the channels are the last axis; it is what the operators take where a file says nothing."""


def broadcast(first: Shape, second: Shape, at: str = "bottom 1") -> Shape:
    """The shape of two operands' values, their axes aligned at the end: an axis of 1 is repeated as often as needed.

    Raises:
        Refusal: where they don't fit, ``at`` what says the second's shape.
    """
    rank = max(len(first), len(second))
    ours, theirs = ((1,) * (rank - len(shape)) + shape for shape in (first, second))
    return tuple(_along(axis, *sizes, at=at) for axis, sizes in enumerate(zip(ours, theirs, strict=True)))


def _along(axis: int, first: Dim, second: Dim, *, at: str) -> Dim:
    if first == 1 or second == 1:
        return second if first == 1 else first
    if compare(first, second) is Comparison.DIFFERENT:
        message = f"along axis {axis} one operand has {first}, the other {second}"
        raise Refusal("N206", message, at=at, help="both must be equal, or one of them 1")
    return simplest((first, second))


class Mul(Layer, origin=FORK, message="mul_param", bottoms=Arity(1, 2), colour=Colour.YELLOW):
    """The product of two blobs, or of a blob and a stored one; axes are aligned at the end, those of 1 are repeated.

    bottom   any shape; a second one that fits
    top      the greater size of each axis
    weights  factor (mul_shape), if there is one bottom
    example  layer "scaled" Mul { bottom: ["x", "gate"] }  # 1x64x28x28, 1x64x1x1 -> 1x64x28x28
    """

    mul_shape: tuple[int, ...] = param(0, default=(), least=1, doc="the stored factor's shape; a number if empty")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if len(bottoms) == 2:
            return (broadcast(bottoms[0], bottoms[1]),)
        return (broadcast(bottoms[0], self.mul_shape, at="mul_shape"),)

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        return (Weight("factor", self.mul_shape, Filler()),) if len(bottoms) == 1 else ()


class Add(Layer, origin=FORK, bottoms=2, colour=Colour.YELLOW):
    """The sum of two blobs; axes are aligned at the end, those of 1 are repeated.

    bottom   two blobs of any shapes that fit
    top      the greater size of each axis
    example  layer "moved" Add { bottom: ["x", "bias"] }  # 1x28x28x64, 64 -> 1x28x28x64
    """

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        return (broadcast(bottoms[0], bottoms[1]),)


class Pad(Layer, origin=FORK, message="pad_param", number=224, keeps_positions=False):
    """Values of one kind around a blob, along any axes.

    bottom   any shape
    top      each axis longer by its two paddings
    example  layer "framed" Pad { paddings: [0, 0, 1, 1, 1, 1, 0, 0] }  # 1x28x28x64 -> 1x30x30x64
    """

    paddings: tuple[int, ...] = param(1, default=(), least=0, doc="what is added before and behind each axis in turn")
    constant_values: float = param(2, default=0.0, doc="what is added")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        (bottom,) = bottoms
        if len(self.paddings) != 2 * len(bottom):
            axes = counted(len(bottom), "axis", "axes")
            message = f"Pad needs two numbers for each of the bottom's {axes}, and has {len(self.paddings)}"
            raise Refusal("N205", message, at="paddings", help="write 0 and 0 for an axis that stays as it is")
        return (tuple(size + sum(ends) for size, ends in zip(bottom, pairs(self.paddings), strict=True)),)


class DepthToSpace(
    Layer, origin=FORK, message="depth_to_space_param", number=208, keeps_positions=False, colour=Colour.PINK
):
    """The channels of each position dealt out over a square of positions.

    bottom   (N, H, W, C), or (N, C, H, W) where data_format says so
    top      (N, H b, W b, C / b^2), or the same with the channels in front: b is block_size
    example  layer "up" DepthToSpace { block_size: 2 data_format: "NCHW" }  # 1x64x14x14 -> 1x16x28x28

    Which channel comes where: row, column, channel of the top, the first of them slowest; CRD has the channel slowest.
    """

    block_size: int = param(1, least=1, doc="how much longer each side becomes")
    data_format: str = param(2, default=LAST, doc="NHWC, NCHW (or DCR, which is the same), or CRD")

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.data_format not in (LAST, "NCHW", "DCR", "CRD"):
            message = f'data_format is NHWC, NCHW, DCR or CRD, and not "{self.data_format}"'
            yield Refusal("N202", message, at="data_format")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "DepthToSpace")
        n, *rest = bottoms[0]
        b = self.block_size
        h, w, c = rest if self.data_format == LAST else (*rest[1:], rest[0])
        if not may_divide(b * b, c):
            message = f"{c} channels can't be dealt out over {b}x{b} positions"
            help = f"the channels must be a multiple of {b * b}; is data_format right?"
            raise Refusal("N208", message, at="block_size", help=help)
        sides, channels = (h * b, w * b), c // (b * b)
        return ((n, *sides, channels) if self.data_format == LAST else (n, channels, *sides),)


class SpaceToBatchND(Layer, origin=FORK, message="space_to_batch_nd_param", number=236, keeps_positions=False):
    """The positions of each block as images of their own: what comes before a dilated convolution in TensorFlow.

    bottom   (N, S1, ..., SM, ...), with an S for each number of block_shape
    top      (N b1 ... bM, (S1 + paddings) / b1, ..., (SM + paddings) / bM, ...)
    example  layer "apart" SpaceToBatchND { block_shape: [2, 2] paddings: [1, 1, 1, 1] }  # 1x28x28x64 -> 4x15x15x64
    """

    block_shape: tuple[int, ...] = param(1, default=(), least=1, doc="the block's sides, from axis 1 on")
    paddings: tuple[int, ...] = param(2, default=(), least=0, doc="zeros before and behind each of these axes in turn")

    @override
    def problems(self) -> Iterator[Refusal]:
        yield from _two_of_each("paddings", self.paddings, self.block_shape)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        batch, sides, rest = _parts(bottoms[0], self.block_shape)
        padded = [side + sum(ends) for side, ends in zip(sides, pairs(self.paddings), strict=True)]
        for side, block in zip(padded, self.block_shape, strict=True):
            if not may_divide(block, side):
                message = f"a padded side of {side} does not come apart in blocks of {block}"
                raise Refusal("N208", message, at="block_shape", help=f"pad to a multiple of {block}")
        shorter = (side // block for side, block in zip(padded, self.block_shape, strict=True))
        return ((batch * product(self.block_shape), *shorter, *rest),)


class BatchToSpaceND(Layer, origin=FORK, message="batch_to_space_nd_param", number=235, keeps_positions=False):
    """Images of a batch dealt out over the positions of blocks: undoes SpaceToBatchND.

    bottom   (N, S1, ..., SM, ...), with an S for each number of block_shape
    top      (N / (b1 ... bM), S1 b1 - crops, ..., SM bM - crops, ...)
    example  layer "whole" BatchToSpaceND { block_shape: [2, 2] crops: [1, 1, 1, 1] }  # 4x15x15x64 -> 1x28x28x64
    """

    block_shape: tuple[int, ...] = param(1, default=(), least=1, doc="the block's sides, from axis 1 on")
    crops: tuple[int, ...] = param(2, default=(), least=0, doc="what is cut off before and behind each of these axes")

    @override
    def problems(self) -> Iterator[Refusal]:
        yield from _two_of_each("crops", self.crops, self.block_shape)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        batch, sides, rest = _parts(bottoms[0], self.block_shape)
        block = product(self.block_shape)
        if isinstance(block, int) and not may_divide(block, batch):
            message = f"a batch of {batch} does not come apart in blocks of {show(self.block_shape)}"
            raise Refusal("N208", message, at="block_shape", help=f"the batch must be a multiple of {block}")
        whole = [side * b for side, b in zip(sides, self.block_shape, strict=True)]
        left = tuple(side - sum(ends) for side, ends in zip(whole, pairs(self.crops), strict=True))
        if is_empty(left):
            raise Refusal("N204", f"cropping leaves nothing of a {show(tuple(whole))} image", at="crops")
        return ((batch // block, *left, *rest),)


def pairs(numbers: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """What stands before and behind each axis."""
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _two_of_each(name: str, ends: tuple[int, ...], block: tuple[int, ...]) -> Iterator[Refusal]:
    if len(ends) != 2 * len(block):
        message = f"{name} needs two numbers for each of block_shape, and has {len(ends)} for {len(block)}"
        yield Refusal("N202", message, at=name if ends else "", help="write 0 and 0 for a side that stays as it is")


def _parts(bottom: Shape, block: tuple[int, ...]) -> tuple[Dim, Shape, Shape]:
    """The batch, the sides that blocks are of, and the other axes."""
    if len(bottom) <= len(block):
        message = f"block_shape names {counted(len(block), 'side')}, and behind its batch the bottom has fewer"
        raise Refusal("N203", message, at="bottom 0")
    return bottom[0], bottom[1 : 1 + len(block)], bottom[1 + len(block) :]
