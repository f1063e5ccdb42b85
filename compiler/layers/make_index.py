"""Writes ``index.py`` from the classes, after a type was added: ``python -m netdef.compiler.layers.make_index``."""

from collections.abc import Iterable
from pathlib import Path

from netdef.compiler.layers import catalogue

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
    return "\n".join([HEAD, *_table("TYPE_FAMILIES", types), "", *_table("MESSAGE_FAMILIES", messages), ""])


def _table(title: str, pairs: Iterable[tuple[str, str]]) -> Iterable[str]:
    families: dict[str, list[str]] = {}
    for name, family in sorted({*pairs}):
        families.setdefault(name, []).append(family)
    yield f"{title}: dict[str, tuple[str, ...]] = {{"
    for name, declaring in families.items():
        listed = ", ".join(f'"{family}"' for family in declaring)
        yield f'    "{name}": ({listed},),'
    yield "}"


if __name__ == "__main__":
    HOME.write_text(index(), "utf-8")
