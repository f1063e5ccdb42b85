"""Which layer type a layer means, by its name and what stands in it."""

from collections.abc import Sequence

from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.roles import Written
from netdef.compiler.syntax.tree import Group, Plain


def meant_type(name: str, body: Sequence[Plain]) -> type[Layer] | None:
    """The layer type of a name in a layer with this body; None if nobody knows it.

    A bottom or top that isn't written is the one that the short form adds.
    """
    fields = [statement.name for statement in body]
    inner = [s.name for statement in body if isinstance(statement, Group) for s in statement.fields]
    written = Written(fields.count("bottom") or 1, fields.count("top") or 1, frozenset([*fields, *inner]))
    return catalogue.choose(name, written)
