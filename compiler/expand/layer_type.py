"""Which layer type a layer means, by its name, what stands in it, and the forks that its net is of."""

from collections import Counter
from collections.abc import Iterable, Sequence

from netdef.compiler.layers import catalogue
from netdef.compiler.layers.catalogue import Meant
from netdef.compiler.layers.origins import BVLC
from netdef.compiler.layers.roles import Written
from netdef.compiler.syntax.tree import Field, Group, Number, Plain, Text, Word


def meant_type(name: str, body: Sequence[Plain], origins: Iterable[str] = ()) -> Meant:
    """What a name means in a layer with this body; ``origins`` are as ``catalogue.choose`` has them.

    What the layer itself names as its origin goes before all that, even where its other fields say otherwise.
    """
    kinds = catalogue.variants(name)
    if len(kinds) > 1:
        kinds = catalogue.of_origin(kinds, named_origin(body)) or kinds
    return catalogue.choose(kinds, written(body), origins) if len(kinds) > 1 else Meant(kinds)


def named_origin(body: Sequence[Plain]) -> str:
    """The origin that a layer names; empty if it names none."""
    named = (s.value for s in body if isinstance(s, Field) and s.name == "origin")
    return next((value.value for value in named if isinstance(value, Text)), "")


def written(body: Sequence[Plain]) -> Written:
    """What a layer's body says; a bottom or top that isn't written is the one that the short form adds."""
    fields = [statement.name for statement in body]
    inner = [
        each for statement in body for each in (statement.fields if isinstance(statement, Group) else (statement,))
    ]
    values: dict[str, tuple[float | str, ...]] = {}
    for each in inner:
        if isinstance(each, Field) and isinstance(each.value, Number | Text | Word):
            values[each.name] = (*values.get(each.name, ()), each.value.value)
    return Written(
        num_bottoms=fields.count("bottom") or 1,
        num_tops=fields.count("top") or 1,
        fields=frozenset([*fields, *(each.name for each in inner)]),
        num_weights=fields.count("param") + fields.count("blobs_lr"),
        values=values,
    )


def origins_in(body: Sequence[Plain]) -> tuple[str, ...]:
    """The forks that layer types of a net are of, as far as their names and fields tell; the most frequent first."""
    found: Counter[str] = Counter()
    for layer in body:
        if isinstance(layer, Group) and layer.name == "layer":
            named = (
                s.value.value
                for s in layer.fields
                if isinstance(s, Field) and s.name == "type" and isinstance(s.value, Text)
            )
            kinds = meant_type(next(named, ""), layer.fields).kinds
            found.update(kind.origin for kind in kinds if len(kinds) == 1 and kind.origin != BVLC)
    return tuple(origin for origin, _ in found.most_common())
