"""protobuf's message classes of a net, made from what netdef declares of BVLC's types: a strict reader of prototxt.

What BVLC Caffe's own caffe.proto lacks, this lacks too, as far as the declarations say so by the number 0.
"""

from enum import Enum
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from netdef.compiler.layers import catalogue
from netdef.compiler.schema.caffe import LayerFrame, NetFrame
from netdef.compiler.schema.message import Message, Param

FieldProto = descriptor_pb2.FieldDescriptorProto
SCALARS = {
    int: FieldProto.TYPE_INT64,
    float: FieldProto.TYPE_FLOAT,
    bool: FieldProto.TYPE_BOOL,
    str: FieldProto.TYPE_STRING,
}


class Schema:
    """A file of message types, which grows by what each of them holds."""

    def __init__(self) -> None:
        self.file = descriptor_pb2.FileDescriptorProto(name="net.proto", package="net", syntax="proto2")
        self.known: set[str] = set()

    def message(self, name: str, fields: dict[str, Param]) -> str:
        """Declare a message type; its full name."""
        if name not in self.known:
            self.known.add(name)
            made = self.file.message_type.add(name=name)
            for field, param in fields.items():
                number, axis = param.spellings[field]
                if number:
                    self.field(made, field, number, param.kind, repeated=param.repeated and axis is None)
        return f".net.{name}"

    def field(self, message: Any, name: str, number: int, kind: type, *, repeated: bool = False) -> None:
        """Declare a field of a message type."""
        label = FieldProto.LABEL_REPEATED if repeated else FieldProto.LABEL_OPTIONAL
        made = message.field.add(name=name, number=number, label=label)
        if issubclass(kind, Message):
            made.type, made.type_name = FieldProto.TYPE_MESSAGE, self.message(kind.__name__, kind.fields)
        elif issubclass(kind, Enum):
            made.type, made.type_name = FieldProto.TYPE_ENUM, self.words(kind)
        else:
            made.type = SCALARS[kind]

    def words(self, kind: type[Enum]) -> str:
        """Declare an enumeration, in a message of its own: two may have words in common."""
        if kind.__name__ not in self.known:
            self.known.add(kind.__name__)
            made = self.file.message_type.add(name=kind.__name__).enum_type.add(name="Word")
            for word in kind:
                made.value.add(name=word.name, number=word.value)
        return f".net.{kind.__name__}.Word"


@cache
def net_class() -> Any:
    """The class of nets whose types are BVLC's."""
    schema = Schema()
    kinds = [kind for kind in catalogue.every_type() if kind.origin == "bvlc"]
    messages = {kind.message: kind.number for kind in kinds if kind.message}
    messages |= {name: p.spellings[name][0] for kind in kinds for name, p in kind.fields_beside.items()}
    layer = schema.file.message_type.add(name="LayerParameter")
    for name, param in LayerFrame.fields.items():
        if param.spellings[name][0]:
            schema.field(layer, name, param.spellings[name][0], param.kind, repeated=param.repeated)
    fields: dict[str, dict[str, Param]] = {name: {} for name in messages}
    for kind in kinds:
        fields.setdefault(kind.message, {}).update(kind.own_fields)
        for name, param in kind.fields_beside.items():
            fields[name].update(param.kind.fields)
    for name, number in sorted(messages.items()):
        made = layer.field.add(name=name, number=number, label=FieldProto.LABEL_OPTIONAL)
        made.type, made.type_name = FieldProto.TYPE_MESSAGE, schema.message(f"{name}_message", fields[name])
    schema.message("NetParameter", dict(NetFrame.fields))
    net = next(each for each in schema.file.message_type if each.name == "NetParameter")
    layers = net.field.add(name="layer", number=100, label=FieldProto.LABEL_REPEATED)
    layers.type, layers.type_name = FieldProto.TYPE_MESSAGE, ".net.LayerParameter"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(schema.file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("net.NetParameter"))
