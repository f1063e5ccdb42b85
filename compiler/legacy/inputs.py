"""What Caffe upgrades in a net of V2, too: its inputs become a layer, and statistics learn nothing.

(UpgradeNetInput and UpgradeNetBatchNorm of Caffe's upgrade_proto.cpp.)
"""

from collections.abc import Sequence

from netdef.compiler.source import Source, Span
from netdef.compiler.syntax.tree import Field, Group, Number, Plain, Text

_INPUTS = ("input", "input_dim", "input_shape")
_MULTIPLIERS = ("lr_mult", "decay_mult")
_NOWHERE = Span(Source("<upgrade>", ""), -1, -1)
"""Of what no text says: an empty place that is none of a text."""


def with_input_layer(body: Sequence[Plain]) -> list[Plain]:
    """A net with an Input layer, before all others, for its ``input`` fields, which must be as many as their shapes."""
    inputs = [s for s in body if isinstance(s, Field) and s.name == "input"]
    shapes = [s._replace(name="shape") for s in body if isinstance(s, Group) and s.name == "input_shape"]
    dims = [s._replace(name="dim") for s in body if isinstance(s, Field) and s.name == "input_dim"]
    if not shapes:
        fours = [tuple(dims[i : i + 4]) for i in range(0, len(dims), 4)]
        shapes = [Group("shape", four, four[0].at, four[-1].at) for four in fours]
    rest = [s for s in body if s.name not in _INPUTS]
    if not inputs or not shapes:
        return rest if inputs else [*body]
    first = next(i for i, s in enumerate(body) if s.name in ("input", "layer"))
    before = [s for s in body[:first] if s.name not in _INPUTS]
    return [*before, _input_layer(inputs, shapes), *rest[len(before) :]]


def _input_layer(inputs: Sequence[Field], shapes: Sequence[Group]) -> Group:
    head = [Field(name, Text(value, _NOWHERE), _NOWHERE) for name, value in (("name", "input"), ("type", "Input"))]
    tops = [s._replace(name="top") for s in inputs]
    sizes = Group("input_param", tuple(shapes), shapes[0].at, shapes[-1].close)
    return Group("layer", (*head, *tops, sizes), inputs[0].at, shapes[-1].close)


def with_fixed_statistics(layer: Plain) -> Plain:
    """A BatchNorm layer with three ``param { }``, whose multipliers are 0: gradients don't change statistics."""
    if not isinstance(layer, Group) or layer.name != "layer":
        return layer
    is_meant = any(isinstance(s, Field) and s.name == "type" and s.value[0] == "BatchNorm" for s in layer.fields)
    if not is_meant or sum(s.name == "param" for s in layer.fields) != 3:
        return layer
    return layer._replace(body=tuple(_fixed(s) for s in layer.fields))


def _fixed(spec: Plain) -> Plain:
    if not isinstance(spec, Group) or spec.name != "param":
        return spec
    fields = [
        s._replace(value=Number(0, s.value.at)) if isinstance(s, Field) and s.name in _MULTIPLIERS else s
        for s in spec.fields
    ]
    said = {s.name for s in fields}
    added = [Field(name, Number(0, _NOWHERE), _NOWHERE) for name in _MULTIPLIERS if name not in said]
    return spec._replace(body=(*fields, *added))
