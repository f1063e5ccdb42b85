"""An expanded net in the words of BVLC Caffe alone, which refuses a file with a field that it doesn't know.

A fork's field that BVLC has another word for is written in that; one that nobody here knows goes, as its effect is lost
already; so does a kernel that only a fork has. What changes a layer and has no word in BVLC Caffe stays: without it,
the net would be another one. So does all of a net with types of forks, which BVLC Caffe can't load at all.
"""

from collections.abc import Iterator, Mapping, Sequence

from netdef.compiler.expand.layer_type import meant_type
from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.origins import BVLC
from netdef.compiler.schema.caffe import Engine, LayerFrame, NetFrame
from netdef.compiler.schema.message import Message, Param
from netdef.compiler.syntax.tree import Field, Group, Plain, Text, Word

_ROUNDING = {"true": "CEIL", "1": "CEIL", "false": "FLOOR", "0": "FLOOR"}


def for_bvlc(body: Sequence[Plain]) -> list[Plain]:
    """The statements of an expanded net without mistakes, as far as BVLC Caffe knows their words."""
    kinds = [_kind(s) for s in body if isinstance(s, Group) and s.name == "layer"]
    if not all(kind is not None and kind.origin == BVLC for kind in kinds):
        return [*body]
    return [_layer(s) if isinstance(s, Group) else s for s in body if s.name == "layer" or s.name in NetFrame.fields]


def _kind(layer: Group) -> type[Layer] | None:
    name = next((s.value for s in layer.fields if isinstance(s, Field) and s.name == "type"), None)
    return meant_type(name.value, layer.fields).kind if isinstance(name, Text) else None


def _layer(group: Group) -> Group:
    kind = _kind(group) if group.name == "layer" else None
    if kind is None:
        return group
    fields = {**LayerFrame.fields, **kind.fields_beside}
    return group._replace(body=tuple(_known(group.fields, fields, kind)))


def _known(body: Sequence[Plain], fields: Mapping[str, Param], kind: type[Layer] | None = None) -> Iterator[Plain]:
    """The statements of a message that BVLC Caffe knows, and what it has for others."""
    for statement in body:
        param = fields.get(statement.name)
        if kind is not None and statement.name == kind.message and isinstance(statement, Group):
            yield statement._replace(body=tuple(_known(statement.fields, kind.own_fields)))
        elif kind is not None and param is None and catalogue.is_message(statement.name):
            yield statement
        elif param is None or _is_foreign_kernel(statement, param):
            continue
        elif statement.name == "ceil_mode" and isinstance(statement, Field):
            word = _ROUNDING[str(statement.value[0])]
            yield Field("round_mode", Word(word, statement.value.at), statement.at)
        elif isinstance(statement, Group) and issubclass(param.kind, Message):
            yield statement._replace(body=tuple(_known(statement.fields, param.kind.fields)))
        else:
            yield statement


def _is_foreign_kernel(statement: Plain, param: Param) -> bool:
    if param.kind is not Engine or not isinstance(statement, Field) or not isinstance(statement.value, Word):
        return False
    return statement.value.value not in Engine.__members__
