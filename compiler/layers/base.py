"""What a layer type declares.

A layer type is a class. Its attributes are the fields of its own message (``pooling_param``), or messages beside it
(``beside``). Its class line says its names, its origin and its roles. The methods say what the parameters mean: what is
wrong with them, the shapes, the weights and the cost. A layer type knows nothing of files, spans or back ends.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import ClassVar, NamedTuple, Self, TypedDict, Unpack

from netdef.compiler.layers.origins import BVLC, ORIGINS, OWN, rank
from netdef.compiler.layers.roles import V1, Colour, Holds, Makes, WeightRole, Written
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Filler
from netdef.compiler.schema.message import Beside, Message, Param, Refusal
from netdef.compiler.shape import Pair, Shape, Shapes
from netdef.compiler.size import Dim


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

    filler   what it holds before training
    role     what changes it
    """

    name: str
    shape: tuple[int, ...]
    filler: Filler
    role: WeightRole = WeightRole.LEARNED

    @property
    def learned(self) -> bool:
        """Whether training changes it by gradients."""
        return self.role is WeightRole.LEARNED


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


TYPES: "dict[str, tuple[type[Layer], ...]]" = {}
"""Layer types by name and alias, as far as they are imported; several where forks mean different things by a name."""
MESSAGES: dict[str, dict[str, Param]] = {}
"""The fields of the messages that stand in layers, by the layer's field (``pooling_param``, ``transform_param``)."""

POINTWISE = Window(Pair(1, 1), Pair(1, 1))


class Arithmetic(NamedTuple):
    """How the size of a top along an axis comes of a bottom's.

    formula  in numbers, before anything is rounded: ``(25 - 2) / 2 + 1``
    exact    what it is worth
    top      the size that becomes of it
    """

    formula: str
    exact: float
    top: int

    @property
    def is_rounded(self) -> bool:
        """Whether the size is not what the formula is worth."""
        return self.exact != self.top

    @property
    def way(self) -> str:
        """``up`` or ``down``."""
        return "up" if self.top > self.exact else "down"


class NameTaken(Exception):
    """Two layer types of one name, and nothing that tells them apart."""

    def __init__(self, name: str, other: "type[Layer]") -> None:
        super().__init__(name, other)
        self.name = name
        self.other = other

    @override
    def __str__(self) -> str:
        return f"there is a layer type {self.name} already, of {self.other.origin}, in {self.other.__module__}"


class _Words(TypedDict, total=False):
    """The words of a class line that a class hands down."""

    message: str
    number: int
    bottoms: int | Arity
    tops: int | Arity
    in_place: bool
    fed: bool
    brings_data: bool
    sized_by_data: bool
    usual_sample: Shape
    scores: int
    labels: int
    holds: Mapping[int, Holds]
    makes: Makes
    default_loss_weight: float
    keeps_positions: bool
    weight_layer: bool
    kernel_weight: bool
    flattens: bool
    drops: bool
    opaque: bool
    colour: Colour


class Layer(Message):
    """A layer type, known by the name of its class.

    Its class line may say, beside ``bottoms`` and ``tops`` (a number, or ``Arity(least, most)``), what stands below. It
    inherits all that from its base, but for names and origin. A class with a leading underscore is only shared.
    """

    type_name: ClassVar[str] = ""
    """``name=``: Caffe's, where it is not the class's."""
    aliases: ClassVar[tuple[str, ...]] = ()
    """What other forks of Caffe call the same type."""
    origin: ClassVar[str] = ""
    """The fork that declares it, a word of ``origins``; ``own`` for a user's."""
    v0: ClassVar[str] = ""
    """Its name in the oldest format, V0."""
    v1: ClassVar[V1 | None] = None
    """Its name and numbers in V1."""

    message: ClassVar[str] = ""
    """The field of a layer that holds this type's own message; empty if it has none."""
    number: ClassVar[int] = 0
    """That field's wire number."""
    own_fields: ClassVar[dict[str, Param]] = {}
    """The fields of its own message."""
    fields_beside: ClassVar[dict[str, Beside]] = {}
    """The messages beside it, by field name (``transform_param``)."""

    bottoms: ClassVar[Arity] = Arity(1, 1)
    tops: ClassVar[Arity] = Arity(1, 1)
    in_place: ClassVar[bool] = False
    """Whether Caffe's users write it with ``top`` equal to ``bottom``; then the short form does."""
    fed: ClassVar[bool] = False
    """Whether its tops come from outside the net: an input or a data set."""
    brings_data: ClassVar[bool] = False
    """Whether it names a data set."""
    sized_by_data: ClassVar[bool] = False
    """Whether data decide its tops' sizes; then its implied bottoms are one sample for each top, an image first."""

    usual_sample: ClassVar[Shape] = (3, 256, 256)
    """What stands in for an image of data that are absent."""

    scores: ClassVar[int | None] = None
    """The bottom that holds class scores, or what is made of them."""
    labels: ClassVar[int | None] = None
    """The bottom that holds labels: for each position of the scores, the number of its class."""
    holds: ClassVar[Mapping[int, Holds]] = {}
    """What other bottoms hold, by number, where numbers of any kind won't do."""
    makes: ClassVar[Makes] = Makes.VALUES
    """What its first top is."""
    default_loss_weight: ClassVar[float] = 1.0
    """What its first top counts in the loss where the file doesn't say, if it makes one: 0 where its setup forgets."""
    keeps_positions: ClassVar[bool] = True
    """Whether an image's positions mean in the top what they mean in the bottom: not behind a reshape, or a loss."""
    weight_layer: ClassVar[bool] = False
    """Whether papers count it ("16 weight layers")."""
    kernel_weight: ClassVar[bool] = False
    """Whether its weight may be read as a convolution's: (num_output, channels / group, height, width)."""
    flattens: ClassVar[bool] = False
    """Whether it takes all positions at once; ``as_convolution`` takes them window by window, in images of any size."""
    drops: ClassVar[bool] = False
    """Whether it sets values to 0 at random in training."""
    opaque: ClassVar[bool] = False
    """Whether only a layer's author knows what it makes: then the file must say it, with the construct ``opaque``."""
    colour: ClassVar[Colour] = Colour.WHITE
    """What drawings fill its box with."""

    @override
    def __init_subclass__(
        cls,
        *,
        name: str = "",
        aliases: tuple[str, ...] = (),
        origin: str = "",
        v0: str = "",
        v1: V1 | None = None,
        **words: Unpack[_Words],
    ) -> None:
        super().__init_subclass__()
        cls.type_name, cls.aliases, cls.v0, cls.v1 = name or cls.__name__, aliases, v0, v1
        cls.origin = origin or (BVLC if cls.__module__.startswith(f"{__package__}.") else OWN)
        for word, value in words.items():
            if word not in _Words.__annotations__:
                raise TypeError(
                    f"the class line of {cls.__name__} says {word}; it may say {', '.join(_Words.__annotations__)}"
                )
            setattr(cls, word, Arity(value, value) if word in ("bottoms", "tops") and isinstance(value, int) else value)
        cls.fields_beside = {name: p for name, p in cls.fields.items() if isinstance(p, Beside)}
        cls.own_fields = {name: p for name, p in cls.fields.items() if not isinstance(p, Beside)}
        if not cls.__name__.startswith("_"):
            register(cls)

    @classmethod
    def is_meant(cls, written: Written) -> bool:
        """Whether a layer may mean this type, by what it says; to be overridden where several types bear one name."""
        return True

    @property
    def run_sizes(self) -> tuple[str, ...]:
        """Names of sizes that only a run of the layer can tell: ``infer`` gives ``symbol("K")`` for them.

        In a net each layer's are its own, whatever others are called.
        """
        return ()

    @property
    def code(self) -> str:
        """Of an opaque layer, whose code it runs, as people would name it: ``module.Class``."""
        return ""

    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        """The shape of each top; raises ``Refusal`` where the bottoms don't fit. Here: that of the first bottom."""
        return bottoms[:1] * num_tops

    def doubts(self, bottoms: Shapes) -> Iterator[Refusal]:
        """What Caffe takes and hardly anybody means, where the bottoms fit; each becomes a warning."""
        return iter(())

    def arithmetic(self, bottom: Shape, axis: int) -> Arithmetic | None:
        """How the size of a top along an axis comes of a bottom's, where a formula of numbers tells."""
        return None

    def lints(self, bottoms: Shapes) -> Iterator[Refusal]:
        """What is right at these sizes and perhaps not meant; each has its row in ``lints.levels``."""
        return iter(())

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

    @property
    def scale_and_shift(self) -> tuple[float, float]:
        """What its tops' values are its bottom's times, and what is added; those of others, or none such, are 1, 0."""
        return 1.0, 0.0

    def classes_axis(self, rank: int) -> int:
        """The axis of the scores along which the classes lie, from 0; ``rank`` is how many axes they have."""
        return 1

    @property
    def weight_is_kernel(self) -> bool:
        """Whether its weight may be read as a convolution's, as its parameters stand."""
        return self.kernel_weight

    def numbers(self, bottoms: Shapes) -> Mapping[int, Dim]:
        """Bottoms beside the labels that hold whole numbers from 0, by place, and how many numbers there are."""
        return {}

    def as_convolution(self, bottom: Shape) -> "Layer":
        """Of a type that ``flattens``, the convolution of the same numbers; raises ``Refusal`` where there is none."""
        raise NotImplementedError(f"{self.type_name} does not flatten")

    def for_any_batch(self, bottoms: Shapes, tops: Shapes) -> Self:
        """The same for other batches than that of these shapes, where its parameters hold the batch's size."""
        return self

    def window(self, bottoms: Shapes) -> Window | None:
        """What one output position sees; None where positions lose their meaning (a reshape, a loss)."""
        return POINTWISE if self.keeps_positions else None


def register(kind: type[Layer]) -> None:
    """Make a layer type known by its names; a class that was made anew takes the place of its old self.

    Two types may share a name if one of them says when it is meant, or if each is of a fork that a user can name.

    Raises:
        NameTaken: if nothing tells a type from another of its name.
    """
    names = (kind.type_name, *kind.aliases)
    for name in names:
        for other in TYPES.get(name, ()):
            if not _is_same(other, kind) and not (asks(other) or asks(kind) or _are_of_two_forks(other, kind)):
                raise NameTaken(name, other)
    for name in names:
        others = [other for other in TYPES.get(name, ()) if not _is_same(other, kind)]
        TYPES[name] = tuple(sorted([*others, kind], key=lambda each: rank(each.origin)))
    if kind.message:
        MESSAGES[kind.message] = {**MESSAGES.get(kind.message, {}), **kind.own_fields}
    for name, param in kind.fields_beside.items():
        MESSAGES[name] = {**MESSAGES.get(name, {}), **param.kind.fields}


def _are_of_two_forks(one: type[Layer], other: type[Layer]) -> bool:
    return one.origin != other.origin and {one.origin, other.origin} <= ORIGINS.keys() - {BVLC}


def _is_same(one: type[Layer], other: type[Layer]) -> bool:
    return (one.__module__, one.__qualname__) == (other.__module__, other.__qualname__)


def asks(kind: type[Layer]) -> bool:
    """Whether a type says when it is meant."""
    return kind.is_meant.__func__ is not Layer.is_meant.__func__  # type: ignore[attr-defined]  # bound to each class
