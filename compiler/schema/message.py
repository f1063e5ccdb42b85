"""Messages declared once: a class's attributes are the fields that a file may hold.

    class Pooling(Layer, ...):
        pool: Reduce = param(1, default=Reduce.MAX, doc="how a window becomes one value")
        stride: Pair = pair((3, "stride"), (7, "stride_h"), (8, "stride_w"), default=Pair(1, 1), least=1)

The reader, the defaults, the range checks, the manual and (by the numbers, which are Caffe's wire numbers) the
binary format all come from such a declaration. The annotation says what a field holds: ``int``, ``float``,
``bool``, ``str``, a ``ProtoEnum`` or a ``Message``; ``tuple[T, ...]`` is a repeated field, ``T | None`` one that may
be absent. Annotations are read as objects, so modules that declare messages don't postpone theirs.

"""

from collections.abc import Iterator, Mapping
from enum import Enum
from types import UnionType
from typing import Any, ClassVar, dataclass_transform, get_args

from netdef.compiler.frozen import REQUIRED, Frozen
from netdef.compiler.override import override
from netdef.compiler.shape import Pair


class Refusal(Exception):
    """A layer's or message's no: what is wrong, said without knowing of files.

    ``at`` names an attribute, or ``"bottom"`` or ``"top"`` (with an index, ``"bottom 1"``), or is empty for the
    whole layer; whoever read the file turns it into a place. ``subject`` tells refusals of one code at one place
    apart: of two settings that are missing, which.
    """

    def __init__(self, code: str, message: str, *, at: str = "", help: str | None = None, subject: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.at = at
        self.help = help
        self.subject = subject or at


def bottom_of(at: str) -> int | None:
    """The number of the bottom that a refusal's ``at`` names; None where it names something else."""
    name, _, index = at.partition(" ")
    return int(index or 0) if name == "bottom" else None


class ProtoEnum(Enum):
    """The words of an enumeration; a member's name is the word, its value Caffe's number."""


class Param:
    """One attribute of a message: what it holds, and the fields that it is read from.

    attribute   its name in Python
    spellings   field name -> (wire number, axis): axis is None for the attribute's own field, and 0 (height) or
                1 (width) for the ``_h`` and ``_w`` spellings, which exclude the own field
    rivals      the spellings that exclude each: ``kernel_h`` and ``kernel_w`` exclude ``kernel_size``
    kind        the type of one value; ``holds_message`` whether that is a message
    repeated    whether the field may stand several times (the attribute is then a tuple)
    is_pair     whether the attribute is a ``Pair``
    default     the value of an absent field; ``REQUIRED`` if there is none
    least, most the range of a number, both included
    truncates   an integer field that takes the whole part of a fraction (``pad: k / 2``)
    absent      what an absent field comes to, where its default doesn't say so: for people
    alone       of a pair, what one axis has where only the other's spelling stands; None where both must
    bits        of an integer: 32 as most of Caffe's have, or 64 as sizes and what is no field of Caffe's
    """

    __slots__ = (
        "absent",
        "alone",
        "attribute",
        "bits",
        "default",
        "doc",
        "holds_message",
        "is_pair",
        "kind",
        "least",
        "most",
        "repeated",
        "rivals",
        "spellings",
        "truncates",
    )

    def __init__(
        self,
        spellings: Mapping[str, tuple[int, int | None]],
        *,
        default: Any,
        least: float | None,
        most: float | None,
        doc: str,
        truncates: bool,
        alone: int | None = None,
        absent: str = "",
        bits: int = 32,
    ) -> None:
        self.attribute = ""
        self.spellings = dict(spellings)
        self.kind: Any = object
        self.rivals: dict[str, frozenset[str]] = {}
        self.holds_message = False
        self.repeated = False
        self.is_pair = False
        self.default = default
        self.least = least
        self.most = most
        self.doc = doc
        self.truncates = truncates
        self.alone = alone
        self.absent = absent
        self.bits = bits

    def bind(self, attribute: str, annotation: Any) -> None:
        """Learn name and type from the class body."""
        self.attribute = attribute
        if "" in self.spellings:
            self.spellings[attribute] = self.spellings.pop("")
        if isinstance(annotation, UnionType):  # T | None
            annotation = next(arg for arg in get_args(annotation) if arg is not type(None))
        if annotation is Pair:
            self.kind, self.is_pair = int, True
        elif args := get_args(annotation):  # tuple[T, ...]
            self.kind, self.repeated = args[0], True
        else:
            self.kind = annotation
        axes = {name: axis for name, (_, axis) in self.spellings.items()}
        self.rivals = {
            name: frozenset(other for other in axes if (axes[other] is None) != (axis is None))
            for name, axis in axes.items()
        }
        self.holds_message = isinstance(self.kind, type) and issubclass(self.kind, Message)

    @property
    def required(self) -> bool:
        """Whether a file must give it."""
        return self.default is REQUIRED


class Beside(Param):
    """A message that stands beside a layer type's own, in the layer itself (``transform_param``).

    v1_number   its wire number in a layer of Caffe's format V1; 0 where it has none there
    """

    __slots__ = ("v1_number",)

    def __init__(self, name: str, number: int, v1_number: int, *, default: Any, doc: str) -> None:
        super().__init__({name: (number, None)}, default=default, least=None, most=None, doc=doc, truncates=False)
        self.v1_number = v1_number

    @override
    def bind(self, attribute: str, annotation: Any) -> None:
        """The same, and refuse what is no message."""
        super().bind(attribute, annotation)
        if not (isinstance(self.kind, type) and issubclass(self.kind, Message)):
            raise TypeError(f"{attribute} stands beside a type's own message, and must be a Message itself")


def param(
    number: int,
    *,
    default: Any = REQUIRED,
    name: str = "",
    least: float | None = None,
    most: float | None = None,
    doc: str = "",
    absent: str = "",
    bits: int | None = None,
) -> Any:
    """An attribute read from one field; ``name`` where the file's word isn't the attribute's.

    ``bits`` of an integer are 32, and 64 where ``number`` is 0: it is no field of Caffe's.
    """
    return Param(
        {name: (number, None)},
        default=default,
        least=least,
        most=most,
        doc=doc,
        truncates=False,
        absent=absent,
        bits=bits or (32 if number else 64),
    )


def pair(
    own: tuple[int, str],
    h: tuple[int, str],
    w: tuple[int, str],
    *,
    default: Any = REQUIRED,
    least: int | None = None,
    doc: str = "",
    truncates: bool = False,
    alone: int | None = None,
    absent: str = "",
) -> Any:
    """Sizes of an image's axes, read from one field (``stride``) or from two (``stride_h`` and ``stride_w``).

    Annotated ``Pair`` it holds both; annotated ``tuple[int, ...]`` the own field is repeated, one value for every
    axis or one for each, and the attribute holds what was written. ``alone`` and ``absent`` are as ``Param`` has them.
    """
    spellings = {own[1]: (own[0], None), h[1]: (h[0], 0), w[1]: (w[0], 1)}
    return Param(
        spellings, default=default, least=least, most=None, doc=doc, truncates=truncates, alone=alone, absent=absent
    )


def beside(number: int, name: str, *, default: Any = REQUIRED, v1: int = 0, doc: str = "") -> Any:
    """An attribute of a layer type that holds a message beside the type's own, by the layer's field ``name``."""
    return Beside(name, number, v1, default=default, doc=doc)


@dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=True, field_specifiers=(param, pair, beside))
class Message(Frozen):
    """A value with declared attributes."""

    params: ClassVar[dict[str, Param]] = {}
    """By attribute."""
    fields: ClassVar[dict[str, Param]] = {}
    """By the file's field name."""
    required: ClassVar[tuple[Param, ...]] = ()
    """Those that have no default."""

    @override
    def __init_subclass__(cls) -> None:
        own: dict[str, Param] = {}
        for attribute, annotation in cls.__annotations__.items():
            declared = cls.__dict__.get(attribute)
            if isinstance(declared, Param):
                declared.bind(attribute, annotation)
                own[attribute] = declared
                delattr(cls, attribute)
        cls.params = {**cls.params, **own}
        cls.fields = {name: p for p in cls.params.values() for name in p.spellings}
        cls.required = tuple(p for p in cls.params.values() if p.required)
        super().__init_subclass__()
        cls._declare({attribute: declared.default for attribute, declared in cls.params.items()})

    @override
    def __repr__(self) -> str:
        changed = {k: v for k, v in self.__dict__.items() if v != self.params[k].default}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in changed.items())})"

    def problems(self) -> Iterator[Refusal]:
        """What is wrong with the values as they stand together; each becomes a diagnostic at its field."""
        return iter(())
