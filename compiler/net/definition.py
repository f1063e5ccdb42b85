"""An expanded tree to definitions: the net's frame, and each layer with its type's parameters.

Definitions know their places in the text; nothing is filtered, joined or shaped yet.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Diagnostic, Label, Report, again, did_you_mean
from netdef.compiler.expand.layer_type import meant_type, origins_in
from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.inputs import Input
from netdef.compiler.net.named_origin import no_such_origin
from netdef.compiler.net.no_net import SOLVER, no_net
from netdef.compiler.net.old_words import in_v2_words, of_all
from netdef.compiler.net.opaque import opaque_layer
from netdef.compiler.schema.caffe import BlobShape, Expect, LayerFrame, NetFrame
from netdef.compiler.schema.decode import Decoder, Places, Values
from netdef.compiler.schema.fork_fields import NO_MEANING
from netdef.compiler.source import Span
from netdef.compiler.spelling import NearNames
from netdef.compiler.syntax.tree import Expanded, Field, Group, Lost, Plain

_MIXTURE = "N411"
"""V1's layers beside V2's: that the one have the other's words is the same mistake."""


class LayerDefinition(NamedTuple):
    """A layer as written: its frame, and its type with parameters (None if that is broken)."""

    frame: LayerFrame
    layer: Layer | None
    places: Places
    at: Span
    """Where the layer is named, or else begins."""
    report: Report
    """What is wrong with the type's parameters; it matters only where the layer is in the net."""
    is_known: bool
    """Whether there is such a type, and anybody says what it makes."""
    ignored: tuple[Field | Group, ...] = ()
    """What stands in the type's own message and nobody here knows: fields of forks, which may change shapes."""
    readings: tuple[type[Layer], ...] = ()
    """The types that its name may mean, where nothing tells which: the first was taken."""

    @property
    def title(self) -> str:
        """What people call it."""
        return self.frame.name or f"a nameless {self.frame.type} layer"


class Definition(NamedTuple):
    """A net as written."""

    frame: NetFrame
    layers: tuple[LayerDefinition, ...]
    places: Places
    expects: tuple[tuple[Expect, Places], ...]
    path: str
    """The file."""
    is_whole: bool
    """Whether every layer is there; else a blob that nobody makes may be one that a broken layer was to make."""


def define(expanded: Expanded, report: Report) -> Definition:
    """Read an expanded tree; what is wrong with the frames goes to ``report``."""
    decoder = Decoder(report, expanded.has_constructs)
    origins = _Origins(expanded)
    layers: list[LayerDefinition] = []
    claims: list[Group] = []
    rest: list[Plain] = []
    old_words: list[Diagnostic] = []
    is_whole = True
    for statement in expanded.body:
        if statement.name == "layer" and isinstance(statement, Group):
            if (layer := _define_layer(statement, decoder, expanded, origins, old_words)) is not None:
                layers.append(layer)
            else:
                is_whole = False
        elif isinstance(statement, Lost):
            is_whole = False
        elif statement.name == "expect" and isinstance(statement, Group):
            claims.append(statement)
        else:
            rest.append(statement)
    if old_words and not any(each.code == _MIXTURE for each in report):
        report.add(of_all(old_words))
    if is_whole:
        _check_declarations(expanded, layers, report)
    refused = None if layers else no_net(expanded, rest)
    if refused is not None and (refused.code == SOLVER or (is_whole and not report.errors)):
        if is_whole and not report.errors:
            report.add(refused)
        return Definition(NetFrame(), (), {}, (), expanded.source.path, is_whole=False)
    found = decoder.values(NetFrame.fields, rest, "a net")
    start = Span(expanded.source, 0, 0)
    expects = tuple(_expects(claims, decoder))
    is_sound = found.is_whole and len(expects) == len(claims)
    frame = decoder.make(NetFrame, found, start) if is_sound else None
    inputs = _input_layer(frame, found, layers, report) if frame else None
    if frame is None or inputs is None:
        return Definition(NetFrame(), tuple(layers), {}, expects, expanded.source.path, is_whole=False)
    return Definition(frame, (*inputs, *layers), found.places, expects, expanded.source.path, is_whole)


def _check_declarations(expanded: Expanded, layers: Sequence[LayerDefinition], report: Report) -> None:
    """Report what is declared for a layer that is not there."""
    names: dict[str, dict[str, None]] = {}
    for layer in layers if expanded.opaque else ():
        names.setdefault(layer.frame.type, {})[layer.frame.name] = None
    for (kind, name), declared in expanded.opaque.items():
        named = names.get(kind, {})
        if name is not None and name not in named and declared.at is not None:
            message = f'there is no layer "{name}" of type {kind}'
            help = did_you_mean(name, named) or "drop the declaration"
            report.add(Diagnostic("N312", message, Label(declared.at), help=help))


def _expects(claims: Sequence[Group], decoder: Decoder) -> Iterator[tuple[Expect, Places]]:
    """The claims that can be read, with the places of what each says."""
    for claim in claims:
        found = decoder.values(Expect.fields, claim.fields, "expect { }")
        expect = decoder.make(Expect, found, claim.at, claim.close) if found.is_whole else None
        if expect is not None:
            yield expect, found.places


class _Origins:
    """The forks that a net is of, the surest first; few nets have a name that asks for them."""

    def __init__(self, expanded: Expanded) -> None:
        self._expanded = expanded

    @cached_property
    def _found(self) -> tuple[str, ...]:
        named = (self._expanded.origin,) if self._expanded.origin else ()
        return (*named, *origins_in(self._expanded.body))

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)


def _define_layer(
    group: Group, decoder: Decoder, expanded: Expanded, origins: Iterable[str], old_words: list[Diagnostic]
) -> LayerDefinition | None:
    """A layer; None where nobody knows what it makes, or when it is in the net. V1's words go to ``old_words``."""
    frame_body, own = _parts(group, decoder.near, old_words)
    found = decoder.values(LayerFrame.fields, frame_body, "a layer", needed=("bottom", "top"))
    frame = decoder.make(LayerFrame, found, group.at, group.close) if found.is_whole else None
    if frame is None:
        told = sum(len(found.values.get(name, ())) for name in ("top", "include", "exclude"))
        asked = (_frame_field(s.name, decoder.near) for s in frame_body)
        if told < sum(field in ("top", "include", "exclude", "") for field in asked):
            return None
        frame = LayerFrame(**{"type": "", **found.values})
    at = found.places.get("name", (group.at,))[0]
    own_decoder = decoder.beside(Report())
    meant = meant_type(frame.type, group.fields, origins)
    kind = meant.kind
    if (refused := no_such_origin(frame)) is not None:
        own_decoder.refuse([refused], found.places, at)
    layer: Layer | None = None
    ignored: tuple[Field | Group, ...] = ()
    places = found.places
    declared = expanded.declaration(frame.type, frame.name)
    if declared is not None:
        layer = opaque_layer(declared)
    elif kind is not None:  # an unknown one is reported by whoever knows whether the layer is in the net
        parameters = _parameters(kind, own, own_decoder)
        places = {**found.places, **parameters.places}
        ignored = tuple(field for s in own if isinstance(s, Group) for field in _unread(kind, s))
        if parameters.is_whole:
            close = next((s.close for s in own if s.name == kind.message and isinstance(s, Group)), None)
            layer = own_decoder.make(kind, Values(parameters.values, places, is_whole=True), at, close)
    is_known = (kind is not None and not kind.opaque) or declared is not None or "type" not in found.values
    readings = meant.kinds if declared is None and refused is None and len(meant.kinds) > 1 else ()
    layer = layer if found.is_whole else None
    return LayerDefinition(frame, layer, places, at, own_decoder.report, is_known, ignored, readings)


def _parts(group: Group, near: NearNames, old_words: list[Diagnostic]) -> tuple[list[Plain], list[Field | Group]]:
    """The fields of a layer's frame, with what can't be read; and all others, which are its type's."""
    fields = LayerFrame.fields
    frame: list[Plain] = []
    own: list[Field | Group] = []
    for statement in group.fields:
        if isinstance(statement, Lost) or statement.name in fields or _frame_field(statement.name, near) in fields:
            frame.append(in_v2_words(statement, old_words))
        else:
            own.append(statement)
    return frame, own


def _unread(kind: type[Layer], group: Group) -> list[Field | Group]:
    """The fields of a type's own message that it doesn't have."""
    if group.name != kind.message:
        return []
    known = kind.own_fields
    return [s for s in group.fields if s.name not in known and s.name != "engine" and not isinstance(s, Lost)]


def _frame_field(field: str, near: NearNames) -> str:
    """The field of a layer's frame that a name is a slip of; else the name itself."""
    if not field or field in LayerFrame.fields or field.endswith("_param"):
        return field
    return near.closest(field, LayerFrame.fields) or field


def _parameters(kind: type[Layer], body: Sequence[Field | Group], decoder: Decoder) -> Values:
    """The parameters of a layer's type: its own message's, and the messages beside it."""
    own: list[Group] = []
    shared: list[Field | Group] = []
    outside: list[Field | Group] = []
    has_message = any(s.name == kind.message for s in body)
    for statement in body:
        if statement.name == kind.message and isinstance(statement, Group):
            own.append(statement)
        elif statement.name in kind.fields_beside:
            shared.append(statement)
        elif statement.name == kind.message:
            decoder.needs_message(statement, kind.own_fields)
        elif catalogue.is_message(statement.name):
            message = f"a layer of type {kind.type_name} does not read {statement.name}"
            help = f"its parameters stand in {kind.message}" if kind.message else "it has no parameters"
            decoder.report.add(Diagnostic("N412", message, Label(statement.at), help=help, severity=decoder.unknown))
        elif statement.name in kind.own_fields and statement.name not in NO_MEANING and not has_message:
            outside.append(statement)
        else:
            known = [*LayerFrame.fields, *kind.fields_beside, *([kind.message] if kind.message else [])]
            missing = () if has_message or not kind.required else (kind.message,)
            decoder.unknown_field(statement, known, f"a layer of type {kind.type_name}", missing)
    if outside:
        decoder.report.add(_outside(kind, outside))
    if len(own) > 1:
        label = Label(own[0].at, "already given")
        message = f"{kind.message} may stand only once here"
        decoder.report.add(Diagnostic("N404", message, Label(own[1].at), (label,), help="make one of them"))
    fields = own[0].fields if own else ()
    values = decoder.values(kind.own_fields, fields, kind.message)
    beside = decoder.values(kind.fields_beside, shared, f"a layer of type {kind.type_name}")
    is_whole = values.is_whole and beside.is_whole and not decoder.report.errors
    return Values({**values.values, **beside.values}, {**values.places, **beside.places}, is_whole)


def _outside(kind: type[Layer], fields: Sequence[Field | Group]) -> Diagnostic:
    """That a layer's parameters stand in the layer itself, which has no message of them."""
    primary, labels = again(fields[0].at, [each.at for each in fields[1:]])
    message = f"{fields[0].name} stands in the layer, and not in {kind.message}"
    return Diagnostic("N401", message, primary, labels, help=f"write {kind.message} {{ {fields[0].name}: ... }}")


def _input_layer(
    frame: NetFrame, found: Values, layers: Sequence[LayerDefinition], report: Report
) -> list[LayerDefinition]:
    """The net-level ``input`` fields as the Input layer that Caffe makes of them (upgrade_proto.cpp).

    Caffe drops those without any shape; so do we, where a layer makes what they name.
    """
    if not frame.input:
        return []
    if not frame.input_shape and not frame.input_dim:
        made_elsewhere = {top for layer in layers for top in layer.frame.top}
        if made_elsewhere.issuperset(frame.input):
            return []
    if frame.input_shape:
        shapes = frame.input_shape
    else:
        dims = frame.input_dim
        shapes = tuple(BlobShape(dim=dims[i : i + 4]) for i in range(0, len(dims), 4))
    at = found.places["input"][0]
    made = LayerFrame(name="input", type="Input", top=frame.input)
    places = {"top": found.places["input"], "shape": found.places.get("input_shape", (at,))}
    layer: Layer | None = Input(shape=shapes)
    if len(shapes) != len(frame.input) or (not frame.input_shape and len(frame.input_dim) % 4):
        need = counted(len(frame.input), "input")
        have = counted(len(shapes), "shape") if frame.input_shape else f"{len(frame.input_dim)} input_dim"
        message = f"{need} and {have}: there must be one input_shape, or four input_dim, for each input"
        report.add(Diagnostic("N413", message, Label(at), help="give every input its shape"))
        layer = None
    return [LayerDefinition(made, layer, places, at, Report(), is_known=True)]
