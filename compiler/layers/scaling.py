"""Multiply by, or add, a learned or a given blob, broadcast from an axis."""

from netdef.compiler.layers.base import Arity, Layer, Weight
from netdef.compiler.layers.checks import find_axis, known_sizes
from netdef.compiler.layers.roles import Colour
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Filler
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shape, Shapes, differ


class _Broadcasting(Layer):
    """What both share: which axes the other operand has."""

    axis: int = param(1, default=1, doc="the first axis of the bottom that the operand has")
    num_axes: int = param(2, default=1, least=-1, doc="how many axes the operand has; -1 for all the rest")

    def start(self, bottom: Shape) -> int:
        """The axis at which the operand begins."""
        return find_axis(self.axis, len(bottom))

    def operand(self, bottoms: Shapes) -> Shape:
        """The shape of what is multiplied or added: the second bottom's, or the weight's."""
        if len(bottoms) == 2:
            return bottoms[1]
        first, rank = self.start(bottoms[0]), len(bottoms[0])
        last = rank if self.num_axes == -1 else first + self.num_axes
        if last > rank:
            message = f"{self.num_axes} axes from axis {first} on, and the bottom has {rank}"
            raise Refusal("N205", message, at="num_axes", help="use -1 for all the rest")
        return bottoms[0][first:last]

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        first, operand = self.start(bottoms[0]), self.operand(bottoms)
        if differ(bottoms[0][first : first + len(operand)], operand):
            message = f"the second bottom must have the first one's sizes from axis {first} on"
            raise Refusal("N206", message, at="bottom 1")
        return bottoms[:1]


class Scale(_Broadcasting, message="scale_param", number=142, bottoms=Arity(1, 2), in_place=True, colour=Colour.YELLOW):
    """Multiply by a learned scale (or the second bottom), and add a learned bias if asked.

    bottom   any shape; a second bottom is the scale
    top      the shape of the first bottom
    weights  scale (the operand's shape), if there is one bottom; bias (the same)
    example  layer "scale1" Scale { bias_term: true }  # 1x64x56x56 -> 1x64x56x56
    """

    filler: Filler = param(3, default=Filler(value=1.0), doc="fills the scale before training")
    bias_term: bool = param(4, default=False, doc="add a learned bias")
    bias_filler: Filler = param(5, default=Filler(), doc="fills the bias before training")

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        learned = {"scale": self.filler} if len(bottoms) == 1 else {}
        if self.bias_term:
            learned["bias"] = self.bias_filler
        return tuple(Weight(name, known_sizes(*self.operand(bottoms)), filler) for name, filler in learned.items())


class Bias(_Broadcasting, message="bias_param", number=141, bottoms=Arity(1, 2), in_place=True, colour=Colour.YELLOW):
    """Add a learned bias, or the second bottom.

    bottom   any shape; a second bottom is the bias
    top      the shape of the first bottom
    weights  bias (the operand's shape), if there is one bottom
    example  layer "bias1" Bias  # 1x64x56x56 -> 1x64x56x56
    """

    filler: Filler = param(3, default=Filler(), doc="fills the bias before training")

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        return (Weight("bias", known_sizes(*self.operand(bottoms)), self.filler),) if len(bottoms) == 1 else ()
