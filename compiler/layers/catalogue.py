"""Every layer type, found by name when it is asked for.

A type is declared once, in a family: a file of this folder. A family is imported when one of its types or messages is
asked for, so a summary imports what its net uses and no more. ``index.py`` says which family that is; it only saves
time: what it lacks is looked for in all of them. Other packages bring types by entry points.

Nothing here is a copy: a type that is registered later is found as any other. Forks of Caffe mean different things by
one name (Upsample, BN, Normalize); then several classes bear it, and ``choose`` says which is meant.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from netdef.compiler.layers import entry_points
from netdef.compiler.layers.base import MESSAGES, TYPES, Layer, asks, register
from netdef.compiler.layers.index import MESSAGE_FAMILIES, TYPE_FAMILIES, V0_TYPES, V1_NUMBERS, V1_TYPES
from netdef.compiler.layers.origins import BVLC, ORIGINS, is_of
from netdef.compiler.layers.roles import Written
from netdef.compiler.schema.message import Param, Refusal

_OTHER_MODULES = {
    "anchors",
    "base",
    "catalogue",
    "checks",
    "entry_points",
    "flaws",
    "foreign",
    "index",
    "make_index",
    "origins",
    "prior_boxes",
    "roles",
}


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


Kinds = tuple[type[Layer], ...]


class Meant(NamedTuple):
    """What a name means in a layer: a type, or several that nothing tells apart, of which the first is taken."""

    kinds: Kinds

    @property
    def kind(self) -> type[Layer] | None:
        """The type; None if there is none of the name."""
        return self.kinds[0] if self.kinds else None


def choose(found: Kinds, written: Written, origins: Iterable[str] = ()) -> Meant:
    """What a layer means, of the types that have its name.

    1. Types that say that they are meant (``is_meant``) come before those that say nothing, and these before those
       that say they are not.
    2. A user's own type comes before ours.
    3. Of those left, the ones of an origin stay: ``origins`` are forks that somebody names, or that other types of
       the net are of, the surest first.
    """
    if len(found) < 2:
        return Meant(found)
    meant = tuple(kind for kind in found if asks(kind) and kind.is_meant(written))
    left = meant or tuple(kind for kind in found if not asks(kind)) or found
    if left[0].origin not in ORIGINS:
        return Meant(left[:1])
    for origin in origins:
        left = of_origin(left, origin) or left
    return Meant(left)


def of_origin(kinds: Kinds, origin: str) -> Kinds:
    """Those of some types that a fork has: its own, or else those of forks that it was made from."""
    own = tuple(kind for kind in kinds if kind.origin == origin)
    return own or tuple(kind for kind in kinds if is_of(origin, kind.origin))


def is_origin(word: str) -> bool:
    """Whether a fork is called so, or types that somebody declared are of it."""
    return word in ORIGINS or any(kind.origin == word for kinds in TYPES.values() for kind in kinds)


def variants(name: str) -> Kinds:
    """All types of a name; a user's own come first, then those of the forks in the order of ``ORIGINS``."""
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


def may_be_declared(name: str) -> bool:
    """Whether a file may say what layers of a type make.

    It may where nobody knows the type, where only each layer's author does, and where forks have it, as Caffe has not.
    """
    kinds = variants(name)
    return any(kind.opaque for kind in kinds) or all(kind.origin in ORIGINS and kind.origin != BVLC for kind in kinds)


def why_not(name: str) -> Refusal | None:
    """Why a name's type can't be had, though another package brings it."""
    return _asked.get(name)


def every_type() -> list[type[Layer]]:
    """All layer types, each once, in alphabetical order."""
    _import(families())
    kinds = {kind: None for name in names() for kind in variants(name)}
    return sorted(kinds, key=lambda kind: (kind.type_name, kind.origin))


# ---- what older formats call them
def named_in_v1(word: str | int) -> str | None:
    """The type that V1 calls so, by word or number; None where there is none.

    Forks gave types of V2 words of V1, too, which say the same in capitals: ROI_POOLING.
    """
    if isinstance(word, int):
        return V1_NUMBERS.get(word)
    of_others = (kind for kinds in TYPES.values() for kind in kinds if kind.v1 and kind.v1.word == word)
    known = V1_TYPES.get(word) or next((kind.type_name for kind in of_others), None)
    if known is not None or word != word.upper():
        return known
    bare = word.replace("_", "").lower()
    return next((name for name in names() if name.lower() == bare), None)


def named_in_v0(name: str) -> str | None:
    """The type that V0 calls so; None where nobody says that it does."""
    of_others = (kind for kinds in TYPES.values() for kind in kinds if kind.v0 == name)
    return V0_TYPES.get(name) or next((kind.type_name for kind in of_others), None)


def v1_words() -> list[str]:
    """What layer types are called in V1, in alphabetical order."""
    return sorted({*V1_TYPES, *(kind.v1.word for kinds in TYPES.values() for kind in kinds if kind.v1)})


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
