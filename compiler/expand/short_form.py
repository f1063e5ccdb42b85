"""``layer NAME Type { }`` and ``input NAME [shape]``: layers in short, spelt out as Caffe's V2 prototxt has them.

Each field goes to the message that has it; a missing bottom is the top of the layer before; a missing top is the
layer's name, or the bottom for layers written in place.
"""

from netdef.compiler.expand.evaluate import describe, evaluate
from netdef.compiler.expand.fields import flowing_on, is_bound
from netdef.compiler.expand.layer_type import meant_type
from netdef.compiler.expand.place import LAYER, Place
from netdef.compiler.expand.run import CHARACTERS_A_STEP, Run
from netdef.compiler.expand.scope import Mistake
from netdef.compiler.fixes import rename, replace
from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import Layer
from netdef.compiler.schema.caffe import BlobShape
from netdef.compiler.schema.message import Param
from netdef.compiler.source import Span
from netdef.compiler.spelling import NearNames
from netdef.compiler.syntax.tree import Broken, Expression, Field, Group, Input, LayerStatement, Lost, Plain, Text, Word


def run_layer(run: Run, layer: LayerStatement, place: Place) -> list[Plain]:
    """A layer spelt out."""
    at = place.here(layer.at)
    name = _layer_name(run, layer.name, place)
    run.step(layer.at, place, len(name) // CHARACTERS_A_STEP)
    type_name = _type(layer.type, place)
    fields = {field: p for kind in catalogue.variants(type_name) for field, p in _short_form(kind).items()}
    body = run.statements(layer.body, place.within({**fields, **LAYER}).deeper())
    kind = meant_type(type_name, body, run.origins).kind
    frame: list[Plain] = []
    groups: dict[str, list[Plain]] = {}
    for statement in body:
        home = _home(statement, kind, place.scope.near)
        if home is None:
            frame.append(statement)
        else:
            groups.setdefault(home, []).append(statement)
    _join(run, layer, name, kind, frame, place=place)
    type_at = place.here(layer.type.at)
    head = [_string("name", name, place.here(layer.name.at)), Field("type", Text(type_name, type_at), type_at)]
    close = at if layer.close is None else place.here(layer.close)
    messages = [Group(group, tuple(fields), at, close) for group, fields in groups.items()]
    return [Group("layer", (*head, *frame, *messages), at, close)]


def run_input(run: Run, declared: Input, place: Place) -> list[Plain]:
    """An Input layer."""
    at, name = place.here(declared.at), string_of(declared.name, place)
    shape_at = place.here(declared.shape.at)
    dims = tuple(run.statements([Field("dim", declared.shape, shape_at)], place.within(BlobShape.fields)))
    run.flow = (name,)
    shape = Group("shape", dims, shape_at, shape_at)
    head = (_string("name", name, place.here(declared.name.at)), _string("type", "Input", at), _string("top", name, at))
    return [Group("layer", (*head, Group("input_param", (shape,), at, at)), at, at)]


def string_of(name: Expression, place: Place) -> str:
    """The value of a name."""
    value = evaluate(name, place.scope)
    if not isinstance(value, str):
        message = f"a layer's name is a string, and this is {describe(value)}"
        fix = (
            replace(name.at, f'"${{{name.at.text}}}"')
            if isinstance(name, Word) and not isinstance(value, tuple)
            else None
        )
        raise Mistake("N309", message, place.here(name.at), f'put it in a string: "${{{name.at.text}}}"', fix=fix)
    return value


def _short_form(kind: type[Layer]) -> dict[str, Param]:
    """What may stand in the short form of a layer: the fields of the type's own message, and of those beside it."""
    beside = {name: p for param in kind.fields_beside.values() for name, p in param.kind.fields.items()}
    return {**kind.own_fields, **beside, **kind.fields_beside}


def _home(statement: Plain, kind: type[Layer] | None, names: NearNames) -> str | None:
    """The message of the type that a field of the short form goes to; None for the layer itself.

    No BVLC message shares a field name with a layer's frame. A field that a message beside the type's own has goes
    there, not to its old place in the own one; one that nobody knows goes where its name is nearest, which then
    says so.
    """
    field = statement.name
    if isinstance(statement, Lost) or field in LAYER or kind is None:
        return None
    beside = next((name for name, p in kind.fields_beside.items() if field in p.kind.fields), None)
    if beside is not None or field in kind.own_fields:
        return beside or kind.message
    if catalogue.is_message(field):
        return None
    near = names.closest(field, [*kind.own_fields, *LAYER, *kind.fields_beside])
    return kind.message or None if near is None or near in kind.own_fields else None


def _join(
    run: Run, layer: LayerStatement, name: str, kind: type[Layer] | None, frame: list[Plain], *, place: Place
) -> None:
    """Add the bottom and top that a layer leaves out, and note what flows on from it."""
    name_at = place.here(layer.name.at)
    given = {statement.name for statement in frame}
    is_torn = any(isinstance(statement, Lost) for statement in frame)
    bottom: str | None = None
    takes_flow = "bottom" not in given and not is_torn and (kind is None or kind.bottoms.most != 0)
    if takes_flow:
        bottom = _flowing(run, place.here(layer.at), name, place)
        frame.append(_string("bottom", bottom, name_at))
    if "top" not in given and (kind is None or kind.tops.most != 0):
        in_place = takes_flow and kind is not None and kind.in_place and bottom != run.block_input
        frame.append(_string("top", bottom if in_place else name, name_at))
    run.flow = flowing_on(frame)


def _flowing(run: Run, at: Span, name: str, place: Place) -> str | None:
    """The one top of the layer before; None if nobody knows it."""
    if run.flow is None:
        return None
    if len(run.flow) == 1:
        return run.flow[0]
    several = f"the layer before it has {len(run.flow)} tops: {', '.join(run.flow)}"
    message = f"{name} names no bottom, and {several if run.flow else 'nothing flows in from before'}"
    run.say(Mistake("N307", message, at, 'say which: bottom: "..."'), place)
    return None


def _layer_name(run: Run, name: Expression, place: Place) -> str:
    """A layer's name; a word that is no variable has only lost its quotes."""
    if isinstance(name, Word) and not is_bound(name, place):
        near = place.scope.near.closest(name.value, place.scope.variable_names())
        help = f'did you mean "{near}"?' if near else f'write "{name.value}"'
        message = f"a layer's name stands in quotes, and no variable is named {name.value}"
        fix = rename(name.at, name.value, near) if near else replace(name.at, f'"{name.value}"')
        run.say(Mistake("N301", message, name.at, help, fix=fix), place)
        return name.value
    return string_of(name, place)


def _type(name: Expression, place: Place) -> str:
    """A layer type: its own word first, then a variable's."""
    if isinstance(name, Word) and (catalogue.find(name.value) or not place.scope.variable(name.value)):
        return name.value
    return string_of(name, place)


def _string(name: str, value: str | None, at: Span) -> Field:
    return Field(name, Broken(at) if value is None else Text(value, at), at)
