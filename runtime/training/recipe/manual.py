"""What may stand in a recipe of ours, as text for people, made from the declarations."""

from collections.abc import Iterator, Mapping
from textwrap import wrap

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
        for inner, param in kind.params.items():
            yield from _line(f"  {_setting(inner, param)}", param.doc)
    else:
        yield from _line(_setting(name, declared), declared.doc)


def _settings(params: Mapping[str, Param]) -> str:
    needed = [name for name, declared in params.items() if declared.required]
    others = [_setting(name, declared) for name, declared in params.items() if not declared.required]
    return "; ".join(filter(None, [f"needs {', '.join(needed)}" if needed else "", ", ".join(others)]))


def _setting(name: str, declared: Param) -> str:
    """A key, with its default if it has one."""
    value = as_data(declared.default)
    if value in (None, []):
        return name
    return f"{name} = {str(value).lower() if isinstance(value, bool) else value}"


def _line(head: str, text: str) -> list[str]:
    """A key and what is said of it, whose lines begin one below the other."""
    first, *others = wrap(text, WIDTH - COLUMN - 2) or [""]
    shown = f"  {head:<{COLUMN}}{first}" if len(head) < COLUMN else f"  {head}  {first}"
    return [shown.rstrip(), *(" " * (COLUMN + 2) + other for other in others)]
