"""What is read off scores: no gradient goes back."""

from netdef.compiler.compare_sizes import is_below
from netdef.compiler.layers.base import Arity, Layer
from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.roles import V1, Makes
from netdef.compiler.layers.softmax import check_labels
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shape, Shapes, product


class Accuracy(
    Layer,
    message="accuracy_param",
    number=102,
    bottoms=2,
    tops=Arity(1, 2),
    v0="accuracy",
    v1=V1("ACCURACY", 1, 27),
    scores=0,
    labels=1,
    makes=Makes.MEASURE,
    keeps_positions=False,
):
    """The share of positions whose label is among the best scores; ties count against it.

    bottom   scores (N, classes, ...), labels: one number for each position
    top      the share, a scalar; a second top (classes) holds it class by class
    example  layer "top5" Accuracy { bottom: ["fc8", "label"] top_k: 5 }  # 8x1000, 8 -> scalar
    """

    top_k: int = param(1, default=1, least=1, doc="how many best scores count")
    axis: int = param(2, default=1, doc="the classes' axis")
    ignore_label: int | None = param(3, default=None, absent="none", doc="positions with this label don't count")

    @property
    @override
    def ignored(self) -> int | None:
        return self.ignore_label

    @override
    def classes_axis(self, rank: int) -> int:
        return find_axis(self.axis, rank)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        scores, labels = bottoms
        axis = self.classes_axis(len(scores))
        check_labels(scores, labels, axis)
        if is_below(scores[axis], self.top_k):
            message = f"the best {self.top_k} of {scores[axis]} classes"
            raise Refusal("N202", message, at="top_k", help=f"use at most {scores[axis]}")
        return ((), (scores[axis],))[:num_tops]


class ArgMax(Layer, message="argmax_param", number=103, v1=V1("ARGMAX", 30, 23), keeps_positions=False):
    """The positions, and perhaps the values, of the greatest.

    bottom   (N, ...)
    top      (N, 1, top_k), positions in the flattened sample; (N, 2, top_k) with the values beside them; and axes
             of 1 up to the bottom's number of axes; with ``axis``, the bottom's shape with top_k along it: positions,
             or values instead
    example  layer "best" ArgMax  # 8x10 -> 8x1x1
    """

    out_max_val: bool = param(1, default=False, doc="give the values: beside the positions, or with axis instead")
    top_k: int = param(2, default=1, least=1, doc="how many of the greatest")
    axis: int | None = param(3, default=None, absent="the whole sample", doc="the axis to search")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        shape = bottoms[0]
        if self.axis is None:
            find_axis(0, len(shape))  # there must be samples
            length = product(shape[1:])
            top: Shape = (shape[0], 2 if self.out_max_val else 1, self.top_k, *(1,) * (len(shape) - 3))
        else:
            axis = find_axis(self.axis, len(shape))
            length = shape[axis]
            top = (*shape[:axis], self.top_k, *shape[axis + 1 :])
        if is_below(length, self.top_k):
            raise Refusal("N202", f"the greatest {self.top_k} of {length}", at="top_k", help=f"use at most {length}")
        return (top,)
