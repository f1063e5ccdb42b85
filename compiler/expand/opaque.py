"""``opaque "Type" { }``: layer types that only their author can run, with the shapes that they make."""

from netdef.compiler.expand.evaluate import evaluate
from netdef.compiler.expand.place import Place
from netdef.compiler.expand.run import Run
from netdef.compiler.expand.scope import Mistake, Quiet
from netdef.compiler.expand.short_form import string_of
from netdef.compiler.layers import catalogue
from netdef.compiler.size import may_be_declared
from netdef.compiler.syntax.tree import Field, Lost, Opaque, OpaqueType, Plain, Statement


def run_opaque(run: Run, opaque: Opaque, place: Place) -> list[Plain]:
    """A declaration is noted, and leaves nothing in the net."""
    name, at = string_of(opaque.type, place), place.here(opaque.at)
    layer = None if opaque.layer is None else string_of(opaque.layer, place)
    if not catalogue.may_be_declared(name) or (name, layer) in run.opaque:
        where = "" if layer is None else f', and "{layer}" has its shapes'
        message = f"{name} is a layer type already{where}"
        raise Mistake("N312", message, place.here(opaque.type.at), "drop the declaration")
    run.opaque[name, layer] = OpaqueType(name, layer, None, at)
    shapes = tuple(_top_shape(statement, place) for statement in opaque.body)
    run.opaque[name, layer] = OpaqueType(name, layer, shapes, at)
    return []


def _top_shape(statement: Statement, place: Place) -> tuple[int | str, ...]:
    """The shape of one top."""
    if isinstance(statement, Lost):
        raise Quiet
    if not isinstance(statement, Field) or statement.name != "top_shape":
        message = f"opaque takes top_shape, one for each top, and not {getattr(statement, 'name', 'this')}"
        raise Mistake("N312", message, place.here(statement.at), 'write top_shape: [1, "K", 5]')
    value = evaluate(statement.value, place.scope)
    dims = value if isinstance(value, tuple) else (value,)
    sizes = tuple(dim for dim in dims if may_be_declared(dim))
    if len(sizes) != len(dims):
        message = "a size is a number, or a string that names one which only a run can tell"
        raise Mistake("N312", message, place.here(statement.value.at), 'for example top_shape: [1, "K", 5]')
    return sizes
