"""Many values to one."""

from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.checks import find_axis
from netdef.compiler.override import override
from netdef.compiler.schema.message import ProtoEnum, param
from netdef.compiler.shape import Shapes


class Sum(ProtoEnum):
    """What becomes of the values: their sum, that of their sizes or squares, or their mean."""

    SUM = 1
    ASUM = 2
    SUMSQ = 3
    MEAN = 4


class Reduction(Layer, message="reduction_param", number=136, keeps_positions=False):
    """Sum up all axes from one on.

    bottom   any shape
    top      the sizes before ``axis``; a scalar where that is 0
    example  layer "energy" Reduction { operation: SUMSQ axis: 1 }  # 2x3x7x9 -> 2
    """

    operation: Sum = param(1, default=Sum.SUM, doc="what is summed: x, |x| (ASUM), x^2 (SUMSQ), or the mean of x")
    axis: int = param(2, default=0, doc="the first axis that is summed up")
    coeff: float = param(3, default=1.0, doc="times the sum")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        return (bottoms[0][: find_axis(self.axis, len(bottoms[0]))],)
