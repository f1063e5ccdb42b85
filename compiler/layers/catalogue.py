"""Every layer type, found by name when it is asked for.

A type is declared once, in a family: a file of this folder. A family is imported when one of its types or messages is
asked for, so a summary imports what its net uses and no more. ``index.py`` says which family that is; it only saves
time: what it lacks is looked for in all of them. Other packages bring types by entry points.

Nothing here is a copy: a type that is registered later is found as any other. Forks of Caffe mean different things by
one name (Upsample, BN, Normalize); then several classes bear it, and ``choose`` asks which is meant.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path

from netdef.compiler.layers import entry_points
from netdef.compiler.layers.base import MESSAGES, TYPES, Layer, register
from netdef.compiler.layers.index import MESSAGE_FAMILIES, TYPE_FAMILIES
from netdef.compiler.layers.roles import Written
from netdef.compiler.schema.message import Param, Refusal

_OTHER_MODULES = {"base", "catalogue", "checks", "entry_points", "flaws", "foreign", "index", "make_index", "roles"}


@cache
def families() -> tuple[str, ...]:
    """The families' names; back ends have their rules in files of the same names."""
    return tuple(sorted({path.stem for path in Path(__file__).parent.glob("[a-z]*.py")} - _OTHER_MODULES))


def family_of(kind: type[Layer]) -> str | None:
    """The family that declares a type; None for one from outside."""
    package, _, family = kind.__module__.rpartition(".")
    return family if package == __package__ else None


# ---- types
def names() -> list[str]:
    """What layer types are called, in alphabetical order; none of them is imported."""
    return sorted({*TYPE_FAMILIES, *TYPES, *entry_points.names()})


def find(name: str) -> type[Layer] | None:
    """The type that a name means where nothing else is known of the layer; None if there is none."""
    return next(iter(variants(name)), None)


def choose(name: str, written: Written, origin: str = "") -> type[Layer] | None:
    """The type that a name means in a layer; those of ``origin``, a fork that somebody names, come first."""
    found = sorted(variants(name), key=lambda kind: kind.origin != origin)
    return next((kind for kind in found if kind.is_meant(written)), find(name))


def variants(name: str) -> tuple[type[Layer], ...]:
    """All types of a name, those first that say when they are meant."""
    _import(TYPE_FAMILIES.get(name, ()))
    if name not in TYPES:
        _import(families())
    if name not in TYPES and name not in _asked and name in entry_points.names():
        _asked[name] = None
        try:
            with all_or_nothing():
                entry_points.load(name)
        except Refusal as refusal:
            _asked[name] = refusal
    return TYPES.get(name, ())


def why_not(name: str) -> Refusal | None:
    """Why a name's type can't be had, though another package brings it."""
    return _asked.get(name)


def every_type() -> list[type[Layer]]:
    """All layer types, each once, in alphabetical order."""
    _import(families())
    kinds = {kind: None for name in names() for kind in variants(name)}
    return sorted(kinds, key=lambda kind: (kind.type_name, kind.origin))


# ---- messages
def is_message(field: str) -> bool:
    """Whether a field of a layer holds some type's own message, or one beside it."""
    return field in MESSAGE_FAMILIES or field in MESSAGES


def message_fields(field: str) -> Mapping[str, Param] | None:
    """What may stand in a layer's message, whichever types have it; None if none has."""
    _import(MESSAGE_FAMILIES.get(field, ()))
    return MESSAGES.get(field)


# ---- types that come and go
@contextmanager
def all_or_nothing() -> Iterator[None]:
    """If anything is raised inside, forget the types from outside that were registered there."""
    before = dict(TYPES)
    try:
        yield
    except BaseException:
        _restore(before)
        raise


@contextmanager
def restored() -> Iterator[None]:
    """Forget, at the end, the types from outside that were registered inside: for tests."""
    before = dict(TYPES)
    try:
        yield
    finally:
        _restore(before)
        _asked.clear()


def _restore(before: Mapping[str, tuple[type[Layer], ...]]) -> None:
    """Families that were imported since then stay: they would not register their types again."""
    kept = {kind: None for kinds in before.values() for kind in kinds}
    kept |= {kind: None for kinds in TYPES.values() for kind in kinds if family_of(kind)}
    TYPES.clear()
    MESSAGES.clear()
    for kind in kept:
        register(kind)


_imported: set[str] = set()
_asked: dict[str, Refusal | None] = {}
"""Names for which other packages were asked, and what keeps their types out."""


def _import(wanted: Iterable[str]) -> None:
    for family in wanted:
        if family not in _imported:
            import_module(f"{__package__}.{family}")
            _imported.add(family)
