"""What became of a layer, or of a message: field by field, in the file's words."""

from collections.abc import Iterator
from enum import Enum
from typing import Any, NamedTuple

from netdef.compiler.schema.message import Message, Param
from netdef.compiler.syntax.literals import quoted


class Change(NamedTuple):
    """One value that is another now; ``before`` or ``after`` is empty where there is none."""

    what: str
    """A field's name, with the messages that it stands in: ``weight_filler.std``."""
    before: str
    after: str


def changes_of(old: Message, new: Message, *, without: frozenset[str] = frozenset()) -> Iterator[Change]:
    """The fields of a message that differ, those with their defaults too; ``without`` some attributes."""
    if type(old) is not type(new):
        return
    for attribute, declared in new.params.items():
        before, after = getattr(old, attribute), getattr(new, attribute)
        if before != after and attribute not in without:
            yield from _changes(_name(declared), before, after, declared)


def _changes(name: str, before: Any, after: Any, declared: Param) -> Iterator[Change]:
    if isinstance(before, Message) and isinstance(after, Message):
        yield from (each._replace(what=f"{name}.{each.what}") for each in changes_of(before, after))
    elif _holds_messages(before) and _holds_messages(after) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from (each._replace(what=f"{name}[{number}].{each.what}") for each in changes_of(one, other))
    else:
        yield Change(name, _text(before, declared), _text(after, declared))


def _holds_messages(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and all(isinstance(item, Message) for item in value)


def _name(declared: Param) -> str:
    """The field that an attribute is read from."""
    return next(iter(declared.spellings), declared.attribute)


def _text(value: Any, declared: Param) -> str:
    """A value as a file has it; of an absent one what it comes to, if that is known."""
    if value is None or value == ():
        return declared.absent
    if isinstance(value, tuple):
        items = [_text(item, _PLAIN) for item in value]
        is_of_axes = len(declared.spellings) > 1  # one size may stand for all of them
        return items[0] if len({*items}) == 1 and is_of_axes else f"[{', '.join(items)}]"
    if isinstance(value, Message):
        fields = ((each, getattr(value, each.attribute)) for each in value.params.values())
        inner = " ".join(f"{_name(each)}: {_text(own, each)}" for each, own in fields if own != each.default)
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bool):
        return str(value).lower()
    return quoted(value) if isinstance(value, str) else repr(value).removesuffix(".0")


_PLAIN = Param({}, default=None, least=None, most=None, doc="", truncates=False)
