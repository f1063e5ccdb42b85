"""Where statements run: what names mean there, what may stand there, and by what call they came."""

from collections.abc import Mapping
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.expand.scope import Mistake, Scope
from netdef.compiler.layers import catalogue
from netdef.compiler.schema.caffe import LayerFrame, NetFrame
from netdef.compiler.schema.message import Message, Param, ProtoEnum
from netdef.compiler.source import Span
from netdef.compiler.syntax.tree import Literal, Number, Text, Value, Word

Fields = Mapping[str, Param]

NET: Fields = NetFrame.fields
LAYER: Fields = LayerFrame.fields
UNKNOWN: Fields = {}


class Place(NamedTuple):
    """Where statements run."""

    scope: Scope
    fields: Fields
    """What may stand here; the fields of the net, of a layer, or of a message."""
    via: Span | None
    """The call that brought them here."""

    def here(self, span: Span) -> Span:
        """A span of the text as one that remembers the call."""
        return span if self.via is None else span._replace(via=self.via)

    def within(self, fields: Fields) -> "Place":
        """The same, inside a message."""
        return self._replace(fields=fields)

    def deeper(self) -> "Place":
        """The same, with names of its own."""
        return self._replace(scope=Scope(self.scope))

    def through(self, diagnostic: Diagnostic) -> Diagnostic:
        """A diagnostic whose place remembers the call that it came by."""
        primary = diagnostic.primary
        if self.via is None or primary is None or primary.span.via is not None:
            return diagnostic
        return diagnostic._replace(primary=primary._replace(span=self.here(primary.span)))


def inner(fields: Fields, group: str) -> Fields:
    """The fields that stand in a group, as far as somebody knows it."""
    if fields is NET and group == "layer":
        return LAYER
    param = fields.get(group)
    if param is None:
        return catalogue.message_fields(group) or UNKNOWN
    return param.kind.fields if issubclass(param.kind, Message) else UNKNOWN


def literal_of(value: Value, at: Span, param: Param | None) -> Literal:
    """A value as it would be written; a string in an enum's field is one of its words."""
    if isinstance(value, bool):
        return Word("true" if value else "false", at)
    if isinstance(value, str):
        is_word = param is not None and issubclass(param.kind, ProtoEnum)
        return Word(value, at) if is_word else Text(value, at)
    if isinstance(value, tuple):
        raise Mistake("N309", "a list can't stand in a list here", at)
    return Number(value, at)
