"""Writes ``index.py`` from the classes, after a type was added: ``python -m netdef.compiler.layers.make_index``."""

from collections.abc import Iterable
from pathlib import Path

from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.index import MESSAGE_FAMILIES, TYPE_FAMILIES

HOME = Path(__file__).with_name("index.py")
HEAD = '''"""Which families declare what, so that no other one is imported.

Made from the classes, and held to them by a test: ``python -m netdef.compiler.layers.make_index`` makes it anew.
"""
'''


def index() -> str:
    """The text of ``index.py``."""
    kinds = [(kind, catalogue.family_of(kind)) for kind in catalogue.every_type()]
    own = [(kind, family) for kind, family in kinds if family is not None]
    types = [(name, family) for kind, family in own for name in (kind.type_name, *kind.aliases)]
    messages = [(name, family) for kind, family in own for name in (kind.message, *kind.fields_beside) if name]
    tables = [
        _table("TYPE_FAMILIES", types),
        _table("MESSAGE_FAMILIES", messages),
        *_old_names([kind for kind, _ in own]),
    ]
    return "\n".join([HEAD, "\n\n".join("\n".join(table) for table in tables), ""])


def _old_names(kinds: Iterable[type[Layer]]) -> Iterable[Iterable[str]]:
    """What the types are called in Caffe's older formats; numbers are BVLC's, as forks gave theirs to other types."""
    words = {kind.v1.word: kind.type_name for kind in kinds if kind.v1}
    numbers = {kind.v1.number: kind.type_name for kind in kinds if kind.v1 and kind.origin == "bvlc"}
    names = {kind.v0: kind.type_name for kind in kinds if kind.v0}
    yield _names("V1_TYPES: dict[str, str]", [(f'"{word}"', name) for word, name in sorted(words.items())])
    yield _names("V1_NUMBERS: dict[int, str]", [(str(number), name) for number, name in sorted(numbers.items())])
    yield _names("V0_TYPES: dict[str, str]", [(f'"{old}"', name) for old, name in sorted(names.items())])


def _names(title: str, pairs: Iterable[tuple[str, str]]) -> Iterable[str]:
    yield f"{title} = {{"
    yield from (f'    {old}: "{name}",' for old, name in pairs)
    yield "}"


def _table(title: str, pairs: Iterable[tuple[str, str]]) -> Iterable[str]:
    families: dict[str, list[str]] = {}
    for name, family in sorted({*pairs}):
        families.setdefault(name, []).append(family)
    yield f"{title}: dict[str, tuple[str, ...]] = {{"
    for name, declaring in families.items():
        listed = ", ".join(f'"{family}"' for family in declaring)
        yield f'    "{name}": ({listed}{"," if len(declaring) == 1 else ""}),'
    yield "}"


if __name__ == "__main__":
    TYPE_FAMILIES.clear()  # it may name families that are gone
    MESSAGE_FAMILIES.clear()
    HOME.write_text(index(), "utf-8")
