"""A layer of V1 as V2 has it (UpgradeV1LayerParameter of Caffe's upgrade_proto.cpp).

    layers { name: "fc8" type: INNER_PRODUCT blobs_lr: 1 blobs_lr: 2 ... }
    layer { name: "fc8" type: "InnerProduct" param { lr_mult: 1 } param { lr_mult: 2 } ... }

Each statement keeps its place in the text, so that what is wrong with it is shown where its author wrote it.
"""

from collections import Counter
from collections.abc import Sequence

from netdef.compiler.diagnostics import Diagnostic, Label
from netdef.compiler.fixes import rename, replace
from netdef.compiler.layers import catalogue
from netdef.compiler.schema.caffe import LayerFrame, ShareMode
from netdef.compiler.schema.decode import Decoder
from netdef.compiler.schema.message import Message, param
from netdef.compiler.syntax.tree import Broken, Expression, Field, Group, Number, Plain, Text, Word


class Specs(Message):
    """What V1 says of a layer's weights: a value for each weight. The attributes are V2's fields of ``param { }``."""

    name: tuple[str, ...] = param(1001, name="param", default=(), doc="layers that say the same name share a weight")
    share_mode: tuple[ShareMode, ...] = param(1002, name="blob_share_mode", default=(), doc="how shapes must agree")
    lr_mult: tuple[float, ...] = param(7, name="blobs_lr", default=(), doc="times the learning rate")
    decay_mult: tuple[float, ...] = param(8, name="weight_decay", default=(), doc="times the weight decay")


def layer_of_v1(group: Group, decoder: Decoder) -> Group:
    """The layer of V2; what is wrong with fields that V2 has no more is said in V1's words.

    A layer whose type is in quotes is one of V2 that begins with the wrong word, and may have V2's ``param { }``.
    """
    specs = _with_specs(group.fields, decoder, may_be_v2=quoted_type(group) is not None)
    body = _with_types(specs, decoder)
    return group._replace(name="layer", body=tuple(with_transform(body)))


def quoted_type(group: Group) -> Text | None:
    """A layer's type, if it is written as V2 has it."""
    kinds = (s.value for s in group.fields if isinstance(s, Field) and s.name == "type")
    return next((kind for kind in kinds if isinstance(kind, Text)), None)


def _with_types(body: Sequence[Plain], decoder: Decoder) -> list[Plain]:
    return [s._replace(value=_type(s.value, decoder)) if isinstance(s, Field) and s.name == "type" else s for s in body]


def _type(value: Expression, decoder: Decoder) -> Expression:
    """A type's word or number as V2's string; a word that nobody knows stays as it is."""
    if not isinstance(value, Word | Number):
        return value
    known = catalogue.named_in_v1(value.value) if isinstance(value.value, str | int) else None
    if known is None and isinstance(value, Word) and (kind := catalogue.find(value.value)) is not None:
        word = kind.v1.word if kind.v1 else value.value.upper()
        message, fix = f"{value.value} is a type of `layer`: in `layers` it is {word}", replace(value.at, word)
        decoder.report.add(Diagnostic("N403", message, Label(value.at), help=f"write {word}", fix=fix))
    return Text(known or str(value.value), value.at, value.bound_at)


def _with_specs(body: Sequence[Plain], decoder: Decoder, *, may_be_v2: bool) -> list[Plain]:
    """The body with a ``param { }`` for each weight, where the first word on it stood."""
    specs: list[list[Field]] = []
    made: list[Plain | list[Field]] = []
    seen: Counter[str] = Counter()
    for statement in body:
        spec = Specs.fields.get(statement.name)
        if spec is None or (may_be_v2 and isinstance(statement, Group)):
            if not _is_slip(statement, decoder):
                made.append(statement)
            continue
        weight = seen[statement.name]
        seen[statement.name] += 1
        if weight == len(specs):
            specs.append([])
            made.append(specs[weight])
        is_whole = _is_param_of_v1(statement, decoder) and decoder.values(Specs.fields, [statement], "").is_whole
        value = statement.value if is_whole and isinstance(statement, Field) else Broken(statement.at)
        specs[weight].append(Field(spec.attribute, value, statement.at))
    return [_spec(each) if isinstance(each, list) else each for each in made]


def _is_param_of_v1(statement: Plain, decoder: Decoder) -> bool:
    """Whether a statement isn't V2's ``param { }``, which then is reported."""
    if not isinstance(statement, Group) or statement.name != "param":
        return True
    help = 'for rates write blobs_lr: 1 and weight_decay: 1; param: "w" names a weight that is shared'
    decoder.report.add(Diagnostic("N406", "param takes a value in V1, not a message", Label(statement.at), help=help))
    return False


def _spec(fields: Sequence[Field]) -> Group:
    in_order = sorted(fields, key=lambda field: [*Specs.params].index(field.name))
    return Group("param", tuple(in_order), fields[0].at, fields[-1].value.at)


def _is_slip(statement: Plain, decoder: Decoder) -> bool:
    """Whether a name is a slip of one that V2 has no more, or V2's own for it; then that is said here."""
    name = statement.name
    if not isinstance(statement, Field) or name in LayerFrame.fields or name.endswith("_param"):
        return False
    of_v2 = {param.attribute: field for field, param in Specs.fields.items()}
    near = of_v2.get(name) or decoder.near.closest(name, [*Specs.fields, *LayerFrame.fields])
    if near not in Specs.fields:
        return False
    message, help, fix = (
        f"a layer of V1 has no field {name}",
        f'did you mean "{near}"?',
        rename(statement.at, name, near),
    )
    decoder.report.add(Diagnostic("N401", message, Label(statement.at), help=help, severity=decoder.unknown, fix=fix))
    return True


# ---- the old place of what is done to images
_AT_OLD_PLACE = {"Data": "data_param", "ImageData": "image_data_param", "WindowData": "window_data_param"}
_TRANSFORM = ("scale", "mean_file", "crop_size", "mirror")


def with_transform(body: Sequence[Plain]) -> list[Plain]:
    """A data layer's body with ``transform_param`` for what V1 had in the type's own message, which comes first.

    (UpgradeNetDataTransformation of Caffe's upgrade_proto.cpp.)
    """
    kind = next((s.value for s in body if isinstance(s, Field) and s.name == "type"), None)
    home = _AT_OLD_PLACE.get(kind.value) if isinstance(kind, Text) else None
    own = next((s for s in body if isinstance(s, Group) and s.name == home), None)
    moved = tuple(s for s in own.fields if s.name in _TRANSFORM) if own else ()
    if own is None or not moved:
        return [*body]
    stays = own._replace(body=tuple(s for s in own.fields if s not in moved))
    new = next((s for s in body if isinstance(s, Group) and s.name == "transform_param"), None)
    if new is None:
        transform = Group("transform_param", moved, moved[0].at, own.close)
        return [each for s in body for each in ((stays, transform) if s is own else (s,))]
    names = {each.name for each in moved}
    joined = new._replace(body=(*(s for s in new.fields if s.name not in names), *moved))
    return [stays if s is own else joined if s is new else s for s in body]
