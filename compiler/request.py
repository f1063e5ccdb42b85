"""What is asked for, as values: made at a command's door or from a function's keywords, and passed on from there.

Laws: a request is frozen, and made of plain values, so that it can be stored, compared and laid over another. A field
at its default has not been said; one whose every value says something has None for that. Whoever makes one, numbers and
words that mean nothing are refused. Nothing here reads a file.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from os import PathLike, fspath
from pathlib import PurePath
from sys import float_info
from types import UnionType
from typing import Any, ClassVar, NamedTuple, Self, TypedDict, Union, Unpack, get_args, get_origin, get_type_hints

from netdef.compiler.bounds import MOST, shown
from netdef.compiler.frozen import Frozen
from netdef.compiler.override import override
from netdef.compiler.shape import Shape
from netdef.compiler.syntax.tree import DeclaredShapes, Value

PathName = str | PathLike[str]
"""A file or a folder, as functions of the library take it."""


class UsageError(ValueError):
    """What is asked for doesn't go together, whatever the files say; a command ends with status 2."""


class _Allowed(NamedTuple):
    """What a field may hold, and of a list each of its items, once something is said."""

    name: str
    holds: Callable[[Any], bool]
    may_be_empty: bool = False


class _Bounded(NamedTuple):
    """A field's default, and what else it may hold."""

    default: Any
    allowed: _Allowed


def count(default: Any = None, *, least: int = 1, most: int = MOST) -> Any:
    """A field of whole numbers from ``least`` to ``most``."""
    name = f"a whole number from {least} to {most:,}"

    def holds(value: Any) -> bool:
        from numbers import Integral  # numpy's count, too; most requests say no number

        return isinstance(value, Integral) and least <= int(value) <= most

    return _Bounded(default, _Allowed(name, holds))


def positive(default: Any = None, *, most: float = float_info.max) -> Any:
    """A field of numbers above 0, up to ``most``."""
    name = "a number above 0" if most == float_info.max else f"a number above 0, up to {most:g}"

    def holds(value: Any) -> bool:
        from numbers import Real

        number: Any = value  # a Real has no order that is typed
        return isinstance(value, Real) and bool(0 < number <= most)

    return _Bounded(default, _Allowed(name, holds))


def one_of(*words: str) -> Any:
    """A field that holds one of some words, or nothing."""
    return _Bounded(None, _Allowed(" or ".join(words), words.__contains__))


def some_of(*words: str, default: Any = ()) -> Any:
    """A field of any of some words, of none, or with nothing said of them."""
    allowed = _Allowed(f"among {', '.join(words)}", words.__contains__, may_be_empty=True)
    return _Bounded(default, allowed)


def within(numbers: range, default: int) -> Any:
    """A field of whole numbers from a range."""
    name = f"a whole number from {numbers[0]} to {numbers[-1]}"
    return _Bounded(default, _Allowed(name, numbers.__contains__))


def file_with(suffix: str) -> Any:
    """A field for a file's name, which has no other suffix, or nothing."""
    allowed = _Allowed(f"a file's name that ends in {suffix}", lambda name: PurePath(name).suffix in ("", suffix))
    return _Bounded(None, allowed)


class _Said(dict[str, Any]):
    """A mapping of a request: it stays as it was made, and can be copied and sent, as a proxy can't."""

    @override
    def __setitem__(self, name: str, value: Any) -> None:
        raise TypeError("a request stays as it is: replace() makes another")

    @override
    def __delitem__(self, name: str) -> None:
        self[name] = None

    @override
    def __reduce__(self) -> tuple[type[Self], tuple[dict[str, Any]]]:
        return type(self), (dict(self),)


EMPTY: Mapping[str, Any] = _Said()
"""The default of a mapping."""


class Request(Frozen):
    """What every request can do."""

    _allowed: ClassVar[dict[str, _Allowed]] = {}
    """What fields may hold, where not all that their types allow."""

    @override
    def __init_subclass__(cls) -> None:
        bounded = {name: value for name, value in cls.__dict__.items() if isinstance(value, _Bounded)}
        for name, value in bounded.items():
            setattr(cls, name, value.default)
        cls._allowed = {**cls._allowed, **{name: value.allowed for name, value in bounded.items()}}
        super().__init_subclass__()

    @override
    def __post_init__(self) -> None:
        """Refuse what means nothing, and keep mappings as they are now, whatever becomes of the caller's own.

        Raises:
            UsageError: which names the field.
        """
        mappings = {name: _Said(value) for name, value in self.__dict__.items() if isinstance(value, Mapping)}
        self.__dict__.update(mappings)
        for name, allowed in self._allowed.items():
            value = getattr(self, name)
            if value == self._defaults[name] or (allowed.may_be_empty and value in ((), None)):
                continue
            each = value if isinstance(value, tuple) else (value,)
            if not each or not all(map(allowed.holds, each)):
                raise UsageError(f"{name}: {shown(value)} is not {allowed.name}")

    def over(self, old: Self) -> Self:
        """This laid over an older one, field by field: what is not said here is as it was."""
        return self.replace(**{name: self._laid(old, name) for name in self._defaults})

    def _laid(self, old: Self, name: str) -> Any:
        own, before = getattr(self, name), getattr(old, name)
        if isinstance(own, Request):
            return own.over(before)
        return before if own == self._defaults[name] else own

    @property
    def as_data(self) -> dict[str, Any]:
        """What was said, as values for JSON; ``from_data`` reads it."""
        return dict(self._said())

    def _said(self) -> Iterator[tuple[str, Any]]:
        for name, default in self._defaults.items():
            value = getattr(self, name)
            if isinstance(value, Request):
                if inner := value.as_data:
                    yield name, inner
            elif value != default:
                yield name, _plain(value)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """A request from what ``as_data`` gave; fields that it doesn't name are not said.

        Raises:
            KeyError: if it names a field that isn't there.
            TypeError: if a value is of another kind than its field.
        """
        hints = get_type_hints(cls)
        kinds = {name: hints[name] for name in cls._defaults}
        return cls(**{name: _read(kinds[name], value) for name, value in data.items()})


def _plain(value: Any) -> Any:
    """A field's value as JSON has it."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return value.value if isinstance(value, Enum) else value


def _read(kind: Any, value: Any) -> Any:
    """A value of JSON as a field of some kind has it."""
    field_kind = kind
    if get_origin(kind) in (Union, UnionType):
        if value is None:
            return None
        (kind, *_) = (each for each in get_args(kind) if each is not type(None))
    if isinstance(kind, type) and issubclass(kind, Request):
        return kind.from_data(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    frozen = _frozen(value)
    if not _is_of(field_kind, frozen):
        raise TypeError(f"{value!r} is no {field_kind}")
    return frozen


def _is_of(kind: Any, value: Any) -> bool:
    """Whether a value of JSON, with tuples for lists, is of a field's kind; of kinds that JSON lacks anything is."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return any(_is_of(each, value) for each in inner)
    if origin is tuple and inner[1:] == (...,):
        return isinstance(value, tuple) and all(_is_of(inner[0], each) for each in value)
    if kind in (str, bool, int, float):
        return type(value) is kind or (kind is float and type(value) is int)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(_is_of(inner[1], each) for each in value.values())
    return True


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _frozen(inner) for name, inner in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


class NetRequest(Request):
    """Which net, and in what state.

    file        a ``.net`` or ``.prototxt`` file; empty where something else names it, as a recipe may
    phase       TRAIN or TEST
    stages      those that layers' rules may ask for; ``level`` likewise
    set         values for the file's ``let`` variables
    sizes       shapes of input blobs, instead of the file's
    data_size   the shape of a sample of data layers whose data set is absent, by ``LAYER`` or ``LAYER.TOP``; an empty
                name is for all
    dense       whether InnerProducts become convolutions
    opaque      layer types that only their author can run, and the shapes of their tops
    layer_files Python files that declare layer types of the user's own
    origin      the fork whose layer types are meant where a name has several, and the net doesn't tell
    """

    file: str = ""
    phase: str = "TEST"
    stages: tuple[str, ...] = ()
    level: int = 0
    set: Mapping[str, Value] = EMPTY
    sizes: Mapping[str, Shape] = EMPTY
    data_size: Mapping[str, Shape] = EMPTY
    dense: bool = False
    opaque: DeclaredShapes = EMPTY
    layer_files: tuple[str, ...] = ()
    origin: str = ""

    def of(self, file: str, phase: str | None = None) -> Self:
        """The same of another file, or in another phase."""
        return self.replace(file=file, phase=phase or self.phase)


class NetState(TypedDict, total=False):
    """The keywords by which functions of the library take the state of a net: the fields of ``NetRequest``."""

    stages: Sequence[str]
    level: int
    set: Mapping[str, Value]
    sizes: Mapping[str, Shape]
    data_size: Shape | Mapping[str, Shape]
    dense: bool
    opaque: DeclaredShapes
    layer_files: PathName | Sequence[PathName]
    origin: str


class NetStateInPhase(NetState, total=False):
    """The same where either phase makes sense."""

    phase: str


def net_request(file: PathName, **state: Unpack[NetStateInPhase]) -> NetRequest:
    """A request from the keywords of a function.

    Raises:
        TypeError: if nothing of a net has such a name.
        UsageError: if what is given for one means nothing.
    """
    from netdef.compiler.keywords import WrongKeyword, plain_state  # commands have words instead

    for name in state:
        if name not in NetStateInPhase.__annotations__:
            raise TypeError(f"there is no keyword {name}")
    try:
        given = plain_state(state)
    except WrongKeyword as wrong:
        raise UsageError(str(wrong)) from None
    return NetRequest(file=file_of(file), **{**given, "layer_files": paths_of(state.get("layer_files", ()))})


def file_of(name: PathName) -> str:
    """A file's name as a request has it.

    Raises:
        UsageError: if it is none, such as a net that was loaded already.
    """
    if not isinstance(name, str | PathLike):
        told = "a net that is loaded" if hasattr(name, "definition") else f"a {type(name).__name__}"
        raise UsageError(f"this takes the name of a file, not {told}")
    return fspath(name)


def path_of(name: PathName | None) -> str | None:
    """A path as a request has it."""
    return None if name is None else file_of(name)


def paths_of(names: PathName | Sequence[PathName]) -> tuple[str, ...]:
    """One path or word, or several, as a request has them."""
    return (fspath(names),) if isinstance(names, str | PathLike) else tuple(map(file_of, names))


def numbers_of(numbers: int | Sequence[int]) -> tuple[int, ...]:
    """One number, or several, as a request has them."""
    return tuple(numbers) if isinstance(numbers, Iterable) else (numbers,)
