"""What a declaration says of its fields, in words: one generator for a terminal, JSON, a page of the manual or a hover.

Law: whoever tells people of a field tells it by a ``FieldPage``; nobody else reads a ``Param`` for that.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from netdef.compiler.schema.message import Message, Param, ProtoEnum

_TYPES = {int: "integer", float: "number", bool: "boolean", str: "string"}


class FieldPage(NamedTuple):
    """What is said of a field.

    name      as a file says it
    halves    the ``_h`` and ``_w`` spellings that stand instead
    type      integer, number, boolean, string, word or message
    words     those of an enumeration
    default   the value of an absent field, as plain values; None if there is none
    absent    what an absent field comes to, where the default doesn't say it
    fields    those of the message that it holds
    """

    name: str
    halves: tuple[str, ...]
    type: str
    words: tuple[str, ...]
    repeated: bool
    required: bool
    default: Any
    least: float | None
    most: float | None
    doc: str
    absent: str
    fields: "tuple[FieldPage, ...]"

    @property
    def spelling(self) -> str:
        """``pad or pad_h and pad_w``."""
        return " or ".join([self.name, *([" and ".join(self.halves)] if self.halves else [])])

    @property
    def holds(self) -> str:
        """What it holds: ``integer >= 1, repeated``, or ``MAX|AVE``."""
        held = "|".join(self.words) or self.type
        if self.least is not None:
            held += f" >= {self.least:g}" if self.most is None else f" {self.least:g} to {self.most:g}"
        return f"{held}, repeated" if self.repeated else held

    @property
    def given(self) -> str:
        """Its default as it would be written; ``required`` or ``none`` where there is no such."""
        if self.required:
            return "required"
        if self.default in (None, [], ""):
            return self.absent or "none"
        if isinstance(self.default, dict):
            inner = " ".join(f"{name}: {json.dumps(value)}" for name, value in self.default.items())
            return f"{{ {inner} }}" if inner else "{ }"
        return str(self.default).lower() if isinstance(self.default, bool) else str(self.default)

    @property
    def as_data(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "name": self.name,
            "or": list(self.halves),
            "type": self.type,
            "words": list(self.words) or None,
            "repeated": self.repeated,
            "required": self.required,
            "default": self.default,
            "absent": self.absent or None,
            "least": self.least,
            "most": self.most,
            "doc": self.doc,
            "fields": [field.as_data for field in self.fields],
        }


def plain(value: Any) -> Any:
    """A value as a net's file would have it, for JSON; a size of equal sides is one number."""
    if isinstance(value, ProtoEnum):
        return value.name
    if isinstance(value, Message):
        said = {name: getattr(value, p.attribute) for name, p in value.fields.items()}
        return {name: plain(v) for name, v in said.items() if v != value.fields[name].default}
    if isinstance(value, tuple):
        sizes = [plain(item) for item in value]
        return sizes[0] if len(set(map(str, sizes))) == 1 else sizes
    return value


def field_pages(params: Iterable[Param], plain: Callable[[Any], Any] = plain) -> tuple[FieldPage, ...]:
    """A page for each field, once however many spellings it has; ``plain`` makes a default one of a file's values."""
    return tuple(field_page(param, plain) for param in dict.fromkeys(params))


def field_page(param: Param, plain: Callable[[Any], Any] = plain) -> FieldPage:
    """What is said of a field."""
    by_axis = {axis: name for name, (_, axis) in param.spellings.items()}
    holds_message = issubclass(param.kind, Message)
    return FieldPage(
        name=by_axis.pop(None),
        halves=tuple(by_axis.values()),
        type="word" if issubclass(param.kind, ProtoEnum) else _TYPES.get(param.kind, "message"),
        words=tuple(param.kind.__members__) if issubclass(param.kind, ProtoEnum) else (),
        repeated=param.repeated,
        required=param.required,
        default=None if param.required else plain(param.default),
        least=param.least,
        most=param.most,
        doc=param.doc,
        absent=param.absent,
        fields=field_pages(param.kind.params.values(), plain) if holds_message else (),
    )


def rows(pages: Iterable[FieldPage]) -> list[str]:
    """Lines for a terminal: spelling, what it holds, its default, and what it means, in columns."""
    cells = [(page.spelling, page.holds, page.given, page.doc) for page in pages]
    widths = [max(map(len, column)) for column in list(zip(*cells, strict=True))[:3]]
    return ["  " + "  ".join([*map(str.ljust, row, widths), row[3]]).rstrip() for row in cells]
