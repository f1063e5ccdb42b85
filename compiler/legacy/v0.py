"""Layers of V0 as V2 has them (UpgradeV0Net of Caffe's upgrade_proto.cpp).

    layers { layer { name: "conv1" type: "conv" num_output: 64 kernelsize: 3 blobs_lr: 1 } bottom: "data" top: "conv1" }

V0 had one message for the fields of all types. A ``padding`` layer, which only pads, gives its pad to the convolution
or pooling behind it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeGuard

from netdef.compiler.diagnostics import Diagnostic, Label
from netdef.compiler.layers import catalogue
from netdef.compiler.schema.caffe import Filler
from netdef.compiler.schema.decode import Decoder
from netdef.compiler.schema.message import Message, ProtoEnum, param
from netdef.compiler.syntax.tree import Field, Group, Lost, Plain, Text


class Pool(ProtoEnum):
    """How a window becomes one value."""

    MAX = 0
    AVE = 1
    STOCHASTIC = 2


class V0Layer(Message):
    """The fields of V0's ``layer { }`` (caffe.proto's V0LayerParameter)."""

    name: str = param(1, default="", doc="the layer's name")
    type: str = param(2, default="", doc="the layer type")
    num_output: int = param(3, default=1, least=1, doc="conv, innerproduct: how many outputs")
    biasterm: bool = param(4, default=True, doc="conv, innerproduct: whether there is a bias")
    weight_filler: Filler = param(5, default=Filler(), doc="conv, innerproduct")
    bias_filler: Filler = param(6, default=Filler(), doc="conv, innerproduct")
    pad: int = param(7, default=0, least=0, doc="conv, pool, padding: pixels of padding on each side")
    kernelsize: int = param(8, default=1, least=1, doc="conv, pool: the window's side")
    group: int = param(9, default=1, least=1, doc="conv: how many parts of the channels are kept apart")
    stride: int = param(10, default=1, least=1, doc="conv, pool: the window's step")
    pool: Pool = param(11, default=Pool.MAX, doc="pool: how a window becomes one value")
    dropout_ratio: float = param(12, default=0.5, doc="dropout: the part that is dropped")
    local_size: int = param(13, default=5, doc="lrn")
    alpha: float = param(14, default=1.0, doc="lrn")
    beta: float = param(15, default=0.75, doc="lrn")
    k: float = param(22, default=1.0, doc="lrn")
    source: str = param(16, default="", doc="data layers: the data set")
    scale: float = param(17, default=1.0, doc="data layers: times the values, after the mean")
    meanfile: str = param(18, default="", doc="data layers: the mean image")
    batchsize: int = param(19, default=1, least=1, doc="data layers: images at a time")
    cropsize: int = param(20, default=0, least=0, doc="data layers: side of the crop, in pixels")
    mirror: bool = param(21, default=False, doc="data layers: mirror at random")
    rand_skip: int = param(53, default=0, doc="data, images: skip up to this many at the start")
    det_fg_threshold: float = param(54, default=0.5, doc="window_data")
    det_bg_threshold: float = param(55, default=0.5, doc="window_data")
    det_fg_fraction: float = param(56, default=0.25, doc="window_data")
    det_context_pad: int = param(58, default=0, doc="window_data")
    det_crop_mode: str = param(59, default="warp", doc="window_data")
    new_num: int = param(60, default=0, doc="nothing reads it")
    new_channels: int = param(61, default=0, doc="nothing reads it")
    new_height: int = param(62, default=0, doc="images: resize to this height, in pixels")
    new_width: int = param(63, default=0, doc="images: resize to this width, in pixels")
    shuffle_images: bool = param(64, default=False, doc="images: shuffle the list")
    concat_dim: int = param(65, default=1, doc="concat: the axis")


class _Own(NamedTuple):
    """The message that V2 has for a type, and what its fields are called there, by V0's names."""

    message: str
    fields: dict[str, str]


def _own(message: str, *same: str, **renamed: str) -> _Own:
    return _Own(message, {**{name: name for name in same}, **renamed})


_WEIGHTS = ("num_output", "weight_filler", "bias_filler")
_WINDOWS = {
    name: name.removeprefix("det_")
    for name in ("det_fg_threshold", "det_bg_threshold", "det_fg_fraction", "det_context_pad", "det_crop_mode")
}
_OWN = {
    "conv": _own(
        "convolution_param", *_WEIGHTS, "pad", "group", "stride", biasterm="bias_term", kernelsize="kernel_size"
    ),
    "innerproduct": _own("inner_product_param", *_WEIGHTS, biasterm="bias_term"),
    "pool": _own("pooling_param", "pool", "pad", "stride", kernelsize="kernel_size"),
    "dropout": _own("dropout_param", "dropout_ratio"),
    "lrn": _own("lrn_param", "local_size", "alpha", "beta", "k"),
    "concat": _own("concat_param", "concat_dim"),
    "data": _own("data_param", "source", "rand_skip", batchsize="batch_size"),
    "hdf5_data": _own("hdf5_data_param", "source", batchsize="batch_size"),
    "images": _own(
        "image_data_param",
        *("source", "rand_skip", "new_height", "new_width"),
        batchsize="batch_size",
        shuffle_images="shuffle",
    ),
    "window_data": _own("window_data_param", "source", batchsize="batch_size", **_WINDOWS),
    "infogain_loss": _own("infogain_loss_param", "source"),
}
_TRANSFORM = _own("transform_param", "scale", "mirror", meanfile="mean_file", cropsize="crop_size")
_KEPT = ("name", "type", "hdf5_output_param", "blobs_lr", "weight_decay")
_OUTSIDE = ("bottom", "top", "layer")
_PADDED = ("conv", "pool")


def is_v0(statement: Plain) -> TypeGuard[Group]:
    """Whether it is a ``layers { }`` with a ``layer { }`` inside."""
    if not isinstance(statement, Group) or statement.name != "layers":
        return False
    return any(isinstance(s, Group) and s.name == "layer" for s in statement.fields)


# ---- padding
def fold_padding(body: Iterable[Plain], decoder: Decoder) -> Iterator[Plain]:
    """The statements of a net without layers of type ``padding``, whose pads go to the layers that read them."""
    makers: dict[str, Group] = {}
    for group in body:
        if not is_v0(group):
            yield group
            continue
        folded = group
        for bottom in _blobs(group, "bottom"):
            maker = makers.get(bottom.value)
            if maker is not None and _kind(maker) == "padding":
                folded = _padded(folded, bottom, maker, decoder)
        makers |= {top.value: group for top in _blobs(group, "top")}
        if _kind(group) != "padding":
            yield folded


def _padded(group: Group, bottom: Text, padding: Group, decoder: Decoder) -> Group:
    """A layer that reads what a padding layer pads, with the pad in its own fields."""
    read, made = _blobs(padding, "bottom"), _blobs(padding, "top")
    is_one = len(read) == len(made) == len(_blobs(group, "bottom")) == 1
    if not is_one or _kind(group) not in _PADDED:
        message = f'"{bottom.value}" is made by a padding layer, which pads one blob of one conv or pool alone'
        label = Label(padding.at, "the padding layer")
        help = "pad in the conv that needs it: pad: 1"
        decoder.report.add(Diagnostic("N417", message, Label(bottom.at), (label,), help=help))
        return Group("layers", (Lost(bottom.at),), group.at, group.close)
    pads = [s for s in inner_of(padding).fields if s.name == "pad"]
    body: list[Plain] = []
    for statement in group.fields:
        if isinstance(statement, Field) and statement.value == bottom:
            body.append(statement._replace(value=read[0]))
        elif statement is inner_of(group):
            fields = (*(s for s in inner_of(group).fields if s.name != "pad"), *pads)
            body.append(inner_of(group)._replace(body=fields))
        else:
            body.append(statement)
    return group._replace(body=tuple(body))


def inner_of(group: Group) -> Group:
    """The ``layer { }`` inside of a layer of V0."""
    return next(s for s in group.fields if isinstance(s, Group) and s.name == "layer")


def _kind(group: Group) -> str:
    kinds = (s.value for s in inner_of(group).fields if isinstance(s, Field) and s.name == "type")
    return next((kind.value for kind in kinds if isinstance(kind, Text)), "")


def _blobs(group: Group, field: str) -> list[Text]:
    found = (s.value for s in group.fields if isinstance(s, Field) and s.name == field)
    return [value for value in found if isinstance(value, Text)]


# ---- a layer
def layer_of_v0(group: Group, decoder: Decoder) -> Group:
    """A layer as V1 has it, but for its type, which is V2's; what is wrong is said in V0's words."""
    kind, body = _kind(group), []
    for statement in group.fields:
        if statement is inner_of(group):
            body += _fields(inner_of(group).fields, kind, decoder)
        elif isinstance(statement, Lost) or statement.name in _OUTSIDE:
            body.append(statement)
        else:
            _say_unread(statement, "beside its layer { }, a layer of V0 has bottom and top alone", decoder)
    return group._replace(body=tuple(body))


def _fields(body: Sequence[Plain], kind: str, decoder: Decoder) -> list[Plain]:
    """The statements of V0's message, each in the message that V2 has for it."""
    homes: dict[str, list[Plain]] = {}
    made: list[Plain | list[Plain]] = []
    for statement in body:
        own = next((own for own in (_OWN.get(kind), _TRANSFORM) if own and statement.name in own.fields), None)
        if statement.name in _KEPT or isinstance(statement, Lost):
            made.append(_with_type(statement))
        elif not decoder.values(V0Layer.fields, [statement], "a layer of V0").is_whole:
            made.append(Lost(statement.at))
        elif own is not None:
            if own.message not in homes:
                homes[own.message] = []
                made.append(homes[own.message])
            homes[own.message].append(statement._replace(name=own.fields[statement.name]))
        elif statement.name in V0Layer.fields:
            _say_unread(
                statement, f"Caffe drops it: {statement.name} is of {V0Layer.fields[statement.name].doc}", decoder
            )
    names = {id(fields): name for name, fields in homes.items()}
    return [Group(names[id(s)], tuple(s), s[0].at, s[-1].at) if isinstance(s, list) else s for s in made]


def _with_type(statement: Plain) -> Plain:
    if not isinstance(statement, Field) or statement.name != "type" or not isinstance(statement.value, Text):
        return statement
    known = catalogue.named_in_v0(statement.value.value)
    return statement._replace(value=statement.value._replace(value=known or statement.value.value))


def _say_unread(statement: Field | Group, help: str, decoder: Decoder) -> None:
    message = f"a layer of V0 does not read {statement.name} here"
    decoder.report.add(Diagnostic("N412", message, Label(statement.at), help=help, severity=decoder.unknown))
