"""What may stand in a recipe of ours, as text for people, made from the declarations."""

from collections.abc import Iterator, Mapping
from textwrap import wrap

from netdef.compiler.schema.manual import FieldPage, field_page, field_pages
from netdef.compiler.schema.message import Message, Param
from netdef.runtime.training.recipe.recipe import CHOICES, OF_A_FILE, OF_A_STAGE, Recipe, as_data

WIDTH = 120
COLUMN = 20
"""Where the meanings begin."""


def manual() -> str:
    """Every key with its meaning, and the value that it has if it is left out."""
    lines = ["keys of a recipe in YAML, each with the value that it has if it is left out:"]
    for name, declared in Recipe.params.items():
        lines += _entry(name, declared)
    for name, doc in OF_A_FILE.items():
        lines += _line(name, doc)
    for name, doc in OF_A_STAGE.items():
        lines += _line(f"  {name}", doc)
    return "\n".join(lines)


def _entry(name: str, declared: Param) -> Iterator[str]:
    kind = declared.kind
    if kind in CHOICES:
        key, words, _ = CHOICES[kind]
        yield from _line(f"{name} = {as_data(declared.default)[key]}", declared.doc)
        yield from _line(f"  {key}: any", _settings(kind.params))
        for word, chosen in words.items():
            own = {name: p for name, p in chosen.params.items() if name not in kind.params}
            yield from _line(f"  {key}: {word}", _settings(own))
    elif issubclass(kind, Message):
        yield from _line(name, declared.doc)
        for page in field_pages(kind.params.values(), as_data):
            yield from _line(f"  {_setting(page)}", page.doc)
    else:
        yield from _line(_setting(field_page(declared, as_data)), declared.doc)


def _settings(params: Mapping[str, Param]) -> str:
    pages = field_pages(params.values(), as_data)
    needed = [page.name for page in pages if page.required]
    others = [_setting(page) for page in pages if not page.required]
    return "; ".join(filter(None, [f"needs {', '.join(needed)}" if needed else "", ", ".join(others)]))


def _setting(page: FieldPage) -> str:
    """A key, with its default if it has one."""
    return page.name if page.given == "none" else f"{page.name} = {page.given}"


def _line(head: str, text: str) -> list[str]:
    """A key and what is said of it, whose lines begin one below the other."""
    first, *others = wrap(text, WIDTH - COLUMN - 2) or [""]
    shown = f"  {head:<{COLUMN}}{first}" if len(head) < COLUMN else f"  {head}  {first}"
    return [shown.rstrip(), *(" " * (COLUMN + 2) + other for other in others)]
