"""A net of V2 in netdef's short form: ``layer "conv1" Convolution { num_output: 64 }``.

A layer's name and type stand before its brace, what stands in its type's own message stands in the layer, and a bottom
or top that the short form takes by itself is left out. Everything else stays where it stands.
"""

from collections.abc import Sequence

from netdef.compiler.edits import Edit
from netdef.compiler.expand.layer_type import meant_type
from netdef.compiler.expand.place import LAYER
from netdef.compiler.layers.base import Layer
from netdef.compiler.legacy.layout import Layout
from netdef.compiler.legacy.text_changes import TextChanges
from netdef.compiler.source import Source
from netdef.compiler.syntax.tree import Expression, Field, Group, Plain, Text
from netdef.compiler.views.prototxt import literal_text


def short_form(source: Source, body: Sequence[Plain]) -> list[Edit]:
    """The edits that give a net's layers their short form; a layer that this would change stays as it is."""
    layout = Layout(source, body)
    changes = TextChanges(layout)
    flow: tuple[str, ...] = ()
    for layer in body:
        if isinstance(layer, Group) and layer.name == "layer":
            _shorten(layer, flow, changes)
            flow = tuple(_words(layer, "top"))
    return changes.edits()


def _shorten(layer: Group, flow: tuple[str, ...], changes: TextChanges) -> None:
    names, types = _values(layer, "name"), _values(layer, "type")
    kind = meant_type(types[0].value, layer.fields).kind if len(types) == len(names) == 1 else None
    layout, opened = changes.layout, changes.layout.open(layer)
    if kind is None or layout.past(layer.at.end) != opened or _is_without_what_is_implied(layer, kind):
        return
    gone = {"name", "type", *_implied(layer, kind, flow, names[0].value)}
    head = f"layer {literal_text(names[0])} {_type(types[0])}"
    own = next((s for s in layer.fields if isinstance(s, Group) and _may_be_opened(s, kind)), None)
    left = [s for s in layer.fields if s.name not in gone and (s is not own or s.body)]
    if not left and not layout.comments_in(layout.extent(layer)):
        changes.change(layout.extent(layer), head + _gap(layout.text[layer.close.end : layer.close.end + 1]))
        return
    changes.change(layout.span(layer.at.start, opened + 1), f"{head} {{")
    if layer.close.text != "}":
        changes.change(layer.close, "}")
    for statement in layer.fields:
        if statement.name in gone:
            changes.remove(layout.extent(statement))
    if own is not None:
        changes.unwrap(own, layer)


def _gap(behind: str) -> str:
    """What keeps a type apart from the word behind it, where a brace did so."""
    return " " if behind.isalnum() or behind == "_" else ""


def _implied(layer: Group, kind: type[Layer], flow: tuple[str, ...], name: str) -> set[str]:
    """Which of bottom and top the short form takes by itself (``expand.short_form``)."""
    bottoms, tops = _words(layer, "bottom"), _words(layer, "top")
    flows = len(flow) == 1 and bottoms == [*flow] and kind.bottoms.most != 0
    implied = {"bottom"} if flows else set()
    made = bottoms[0] if flows and kind.in_place else name
    return {*implied, "top"} if tops == [made] and kind.tops.most != 0 else implied


def _is_without_what_is_implied(layer: Group, kind: type[Layer]) -> bool:
    """Whether a layer has no bottom or top at all, which the short form would give it."""
    return any(
        arity.most != 0 and not _values(layer, field) for field, arity in (("bottom", kind.bottoms), ("top", kind.tops))
    )


def _may_be_opened(group: Group, kind: type[Layer]) -> bool:
    """Whether the fields of a type's own message may stand in the layer, where each finds its message again."""
    beside = {name for param in kind.fields_beside.values() for name in param.kind.fields}
    return group.name == kind.message and all(
        s.name in kind.own_fields and s.name not in {*LAYER, *beside} for s in group.fields
    )


def _type(kind: Text) -> str:
    return kind.value if kind.value.isidentifier() and kind.value.isascii() else literal_text(kind)


def _values(layer: Group, field: str) -> list[Text]:
    found: list[Expression] = [s.value for s in layer.fields if isinstance(s, Field) and s.name == field]
    return [value for value in found if isinstance(value, Text)]


def _words(layer: Group, field: str) -> list[str]:
    return [value.value for value in _values(layer, field)]
