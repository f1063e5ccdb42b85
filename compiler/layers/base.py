"""What a layer type declares.

A layer type is a class. Its attributes are the fields of its own message (``pooling_param``); attributes that
hold a message with a ``_param`` name are messages beside it. The methods say what the parameters mean: what is
wrong with them, the shapes, the weights and the cost. A layer type knows nothing of files, spans or back ends.
"""

from enum import Enum
from typing import ClassVar, NamedTuple

from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Filler
from netdef.compiler.schema.message import Message, Param, Refusal
from netdef.compiler.shape import Pair, Shape, Shapes, agreed, differ
from netdef.compiler.size import Dim, is_below


class Arity(NamedTuple):
    """How many bottoms or tops a layer takes; ``most`` is None where there is no limit."""

    least: int
    most: int | None

    @override
    def __str__(self) -> str:
        if self.most is None:
            return f"at least {self.least}"
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"


class Weight(NamedTuple):
    """One stored blob of a layer; their order is that of the ``.caffemodel``.

    learned   whether training changes it by gradients (BatchNorm's statistics are not)
    """

    name: str
    shape: tuple[int, ...]
    filler: Filler
    learned: bool = True


class Window(NamedTuple):
    """What one output position sees of its bottom, in positions of the bottom: extents (dilated) and steps."""

    extent: Pair
    stride: Pair


class Divisor(Enum):
    """What a loss is divided by, which decides how the losses of a batch's parts make that of the whole batch.

    NOTHING   a plain sum: so what is not a loss by itself counts, too
    SAMPLES   the number of samples, or of all their positions
    COUNTED   the number of labels (the second bottom) that are not ``ignored``
    """

    NOTHING = "nothing"
    SAMPLES = "samples"
    COUNTED = "counted"


LAYERS: "dict[str, type[Layer]]" = {}
"""Layer types by name. A class registers itself when it is made; one with a leading underscore is only shared."""

POINTWISE = Window(Pair(1, 1), Pair(1, 1))


class Layer(Message):
    """A layer type; its name is the class's name."""

    block: ClassVar[str] = ""
    """The field of a layer that holds this type's own message; empty if it has none."""
    number: ClassVar[int] = 0
    """The block's wire number."""
    bottoms: ClassVar[Arity]
    tops: ClassVar[Arity]
    in_place: ClassVar[bool] = False
    """Whether Caffe's users write it with ``top`` equal to ``bottom``; then the short form does."""
    fed: ClassVar[bool] = False
    """Whether its tops come from outside the net: an input or a data set."""
    is_loss: ClassVar[bool] = False
    """Whether its first top counts 1 in the loss unless the file says otherwise; Caffe: a type named ``...Loss``."""
    counts_as_weight_layer: ClassVar[bool] = False
    """Whether papers count it ("16 weight layers")."""
    block_fields: ClassVar[dict[str, Param]] = {}
    """The fields of its own message."""
    messages: ClassVar[dict[str, Param]] = {}
    """The messages beside it, by field name (``transform_param``)."""

    @override
    def __init_subclass__(
        cls,
        *,
        block: str | None = None,
        number: int | None = None,
        bottoms: int | Arity = 1,
        tops: int | Arity = 1,
        in_place: bool = False,
        fed: bool = False,
        weight_layer: bool = False,
    ) -> None:
        super().__init_subclass__()
        cls.block = cls.block if block is None else block
        cls.number = cls.number if number is None else number
        cls.bottoms = Arity(bottoms, bottoms) if isinstance(bottoms, int) else bottoms
        cls.tops = Arity(tops, tops) if isinstance(tops, int) else tops
        cls.in_place = in_place
        cls.fed = fed
        cls.is_loss = cls.__name__.endswith("Loss")
        cls.counts_as_weight_layer = weight_layer
        cls.messages = {name: p for name, p in cls.fields.items() if name.endswith("_param")}
        if not cls.__name__.startswith("_"):
            LAYERS[cls.__name__] = cls
        cls.block_fields = {name: p for name, p in cls.fields.items() if name not in cls.messages}

    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        """The shape of each top; raises ``Refusal`` where the bottoms don't fit. Here: that of the first bottom."""
        return bottoms[:1] * num_tops

    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        """The stored blobs, in the order of the ``.caffemodel``."""
        return ()

    def macs(self, bottoms: Shapes, tops: Shapes) -> Dim:
        """Multiply-adds of one forward pass over these shapes (one is two FLOPs)."""
        return 0

    @property
    def divisor(self) -> Divisor:
        """What its first top is divided by, where that counts in the loss."""
        return Divisor.NOTHING

    @property
    def ignored(self) -> int | None:
        """The label whose positions don't count, if there is one."""
        return None

    def window(self, bottoms: Shapes) -> Window | None:
        """What one output position sees; None where positions lose their meaning (a reshape, a loss)."""
        return POINTWISE


def need_rank(bottoms: Shapes, rank: int, why: str) -> None:
    """Refuse a first bottom without ``rank`` axes; ``why`` says what the layer does with them."""
    if len(bottoms[0]) != rank:
        message = f"{why} needs {rank} axes, and the bottom has {len(bottoms[0])}"
        raise Refusal("N203", message, at="bottom 0", help="a Reshape layer can add axes")


def same_shapes(bottoms: Shapes, what: str) -> Shape:
    """The one shape that all bottoms have; refuse those that differ, for Caffe never broadcasts."""
    for index, shape in enumerate(bottoms[1:], start=1):
        if differ(shape, bottoms[0]):
            help = "nothing is broadcast: look at the strides, padding and channels of what makes them"
            raise Refusal("N206", f"{what} needs bottoms of one shape", at=f"bottom {index}", help=help)
    return agreed(bottoms)


def find_axis(axis: int, rank: int, at: str = "axis", *, end: bool = False) -> int:
    """An axis as a number from 0; negative ones count from the end. ``end`` allows the place behind the last."""
    found = axis + rank + (1 if end else 0) if axis < 0 else axis
    if not 0 <= found < rank + (1 if end else 0):
        raise Refusal(
            "N205", f"the bottom has {rank} axes, and no axis {axis}", at=at, help=f"use {-rank} to {rank - 1}"
        )
    return found


def is_empty(sizes: Shape) -> bool:
    """Whether there is no position along some of these axes, whatever a run finds."""
    return any(is_below(size, 1) for size in sizes)


def whole_image(bottom: Shape) -> Window | None:
    """The window that takes in a whole image (N, C, H, W); None where only a run knows its size."""
    h, w = bottom[2:]
    return Window(Pair(h, w), Pair(1, 1)) if isinstance(h, int) and isinstance(w, int) else None


def known_sizes(*dims: Dim) -> tuple[int, ...]:
    """Sizes that a weight's shape needs, so that only a run's knowledge is refused."""
    for dim in dims:
        if not isinstance(dim, int):
            message = f"a weight's shape depends on {dim}, which only a run can tell"
            raise Refusal("N207", message, at="bottom 0", help="declare it as a number, if it is one")
    return tuple(dim for dim in dims if isinstance(dim, int))
