"""protobuf's own reader of Caffe's binary files, as an oracle: the fields that tests need, with Caffe's numbers."""

from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

FLOAT, INT, BOOL, STRING, MESSAGE, BYTES, DOUBLE = 2, 5, 8, 9, 11, 12, 1
OPTIONAL, REPEATED = 1, 3

MESSAGES: dict[str, list[tuple[str, int, int, int, str]]] = {
    "BlobShape": [("dim", 1, 3, REPEATED, "packed")],
    "BlobProto": [
        *((name, number, INT, OPTIONAL, "") for number, name in enumerate(("num", "channels", "height", "width"), 1)),
        ("data", 5, FLOAT, REPEATED, "packed"),
        ("shape", 7, MESSAGE, OPTIONAL, "BlobShape"),
        ("double_data", 8, DOUBLE, REPEATED, "packed"),
        ("raw_data_type", 10, INT, OPTIONAL, ""),
        ("raw_data", 12, BYTES, OPTIONAL, ""),
        ("loose_data", 105, FLOAT, REPEATED, ""),
    ],
    "Datum": [
        ("channels", 1, INT, OPTIONAL, ""),
        ("height", 2, INT, OPTIONAL, ""),
        ("width", 3, INT, OPTIONAL, ""),
        ("data", 4, BYTES, OPTIONAL, ""),
        ("label", 5, INT, OPTIONAL, ""),
        ("float_data", 6, FLOAT, REPEATED, ""),
        ("encoded", 7, BOOL, OPTIONAL, ""),
    ],
    "ConvolutionParameter": [("num_output", 1, INT, OPTIONAL, ""), ("kernel_size", 4, INT, REPEATED, "")],
    "LayerParameter": [
        ("name", 1, STRING, OPTIONAL, ""),
        ("type", 2, STRING, OPTIONAL, ""),
        ("bottom", 3, STRING, REPEATED, ""),
        ("top", 4, STRING, REPEATED, ""),
        ("loss_weight", 5, FLOAT, REPEATED, ""),
        ("blobs", 7, MESSAGE, REPEATED, "BlobProto"),
        ("convolution_param", 106, MESSAGE, OPTIONAL, "ConvolutionParameter"),
    ],
    "V0LayerParameter": [("name", 1, STRING, OPTIONAL, ""), ("blobs", 50, MESSAGE, REPEATED, "BlobProto")],
    "V1LayerParameter": [
        ("layer", 1, MESSAGE, OPTIONAL, "V0LayerParameter"),
        ("name", 4, STRING, OPTIONAL, ""),
        ("blobs", 6, MESSAGE, REPEATED, "BlobProto"),
    ],
    "NetParameter": [
        ("name", 1, STRING, OPTIONAL, ""),
        ("layers", 2, MESSAGE, REPEATED, "V1LayerParameter"),
        ("layer", 100, MESSAGE, REPEATED, "LayerParameter"),
    ],
}


def _declared() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package="caffe", syntax="proto2")
    for message, fields in MESSAGES.items():
        made = file.message_type.add(name=message)
        for name, number, kind, label, more in fields:
            field = made.field.add(name=name, number=number, type=kind, label=label)
            if kind == MESSAGE:
                field.type_name = f".caffe.{more}"
            field.options.packed = more == "packed"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {m: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"caffe.{m}")) for m in MESSAGES}


PROTO = _declared()
"""Message classes by Caffe's names."""


def blob(numbers: Any, **fields: Any) -> Any:
    """A BlobProto of float32 numbers."""
    made = PROTO["BlobProto"](**fields)
    made.data.extend(np.ravel(numbers).tolist())
    return made
