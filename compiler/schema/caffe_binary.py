"""Messages that only binary files hold: weights, means, images of a database; and layers and nets with them.

Numbers are those of Caffe's binary format. What text files hold too is declared once, in ``schema.caffe``.
"""

from netdef.compiler.schema.caffe import BlobShape, LayerFrame, NetFrame
from netdef.compiler.schema.message import Message, param
from netdef.compiler.schema.wire import Double


class BlobProto(Message):
    """An array: a weight, or a mean image."""

    num: int = param(1, default=0, doc="old form of a shape's first size")
    channels: int = param(2, default=0, doc="old form of its second")
    height: int = param(3, default=0, doc="old form of its third")
    width: int = param(4, default=0, doc="old form of its fourth")
    data: tuple[float, ...] = param(5, default=(), doc="the numbers, the last axis running fastest")
    diff: tuple[float, ...] = param(6, default=(), doc="their gradients")
    shape: BlobShape | None = param(7, default=None, doc="the sizes")
    double_data: tuple[Double, ...] = param(8, default=(), doc="the numbers in 64 bits, instead of data")
    double_diff: tuple[Double, ...] = param(9, default=(), doc="their gradients in 64 bits")
    raw_data_type: int = param(10, default=0, doc="NVIDIA's fork: the type of the numbers in raw_data")
    raw_data: bytes = param(12, default=b"", doc="NVIDIA's fork: the numbers, mostly of 16 bits, instead of data")


class Datum(Message):
    """An image of a database with its label."""

    channels: int = param(1, default=0, doc="C")
    height: int = param(2, default=0, doc="H, in pixels")
    width: int = param(3, default=0, doc="W, in pixels")
    data: bytes = param(4, default=b"", doc="(C, H, W) bytes, blue first; or an image file, if encoded")
    label: int = param(5, default=0, doc="the class")
    float_data: tuple[float, ...] = param(6, default=(), doc="(C, H, W) numbers, instead of data")
    encoded: bool = param(7, default=False, doc="whether data is a JPEG or PNG file")


class StoredLayer(LayerFrame):
    """A layer with its weights."""

    blobs: tuple[BlobProto, ...] = param(7, default=(), doc="the weights, in order")


class StoredLayerV0(Message):
    """A layer of the first format, which stands inside one of the second."""

    name: str = param(1, default="", doc="the layer's name")
    blobs: tuple[BlobProto, ...] = param(50, default=(), doc="the weights, in order")


class StoredLayerV1(Message):
    """A layer of the second format."""

    layer: StoredLayerV0 | None = param(1, default=None, doc="a layer of the first format")
    name: str = param(4, default="", doc="the layer's name")
    blobs: tuple[BlobProto, ...] = param(6, default=(), doc="the weights, in order")


class StoredNet(NetFrame):
    """A net with its layers: a ``.caffemodel``."""

    layers: tuple[StoredLayerV1, ...] = param(2, default=(), doc="layers of the old formats")
    layer: tuple[StoredLayer, ...] = param(100, default=(), doc="layers")
