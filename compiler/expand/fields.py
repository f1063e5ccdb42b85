"""Fields and messages of prototxt: their values worked out, lists taken apart."""

from netdef.compiler.expand.evaluate import evaluate, unknown_variable
from netdef.compiler.expand.place import NET, Place, inner, literal_of
from netdef.compiler.expand.run import CHARACTERS_A_STEP, Run
from netdef.compiler.expand.scope import Quiet
from netdef.compiler.schema.message import Param, ProtoEnum
from netdef.compiler.syntax.tree import Broken, Expression, Field, Group, List, Literal, Number, Plain, Text, Word


def run_field(run: Run, field: Field, place: Place) -> list[Plain]:
    """A field, or one for each item of a list."""
    param = place.fields.get(field.name)
    at = place.here(field.at)
    if param is None and place.scope.is_lost(field.name):  # it was to be a variable
        return []
    items = field.value.items if isinstance(field.value, List) else (field.value,)
    if isinstance(field.value, List) and any(isinstance(item, Broken) for item in items):
        return [Field(field.name, Broken(place.here(field.value.at)), at)]  # who knows how many there were to be
    made: list[Plain] = []
    for item in items:
        literals = _literals(item, param, place)
        run.step(field.at, place, sum(map(_steps, literals)) - (item is items[0]))  # the field itself was counted
        made += [Field(field.name, literal, at) for literal in literals]
    return made


def run_group(run: Run, group: Group, place: Place) -> list[Plain]:
    """A message; of a layer, its tops flow on."""
    if group.name == "else":  # one without its `if`, which was reported
        raise Quiet
    inside = inner(place.fields, group.name)
    body = tuple(run.statements(group.body, place.within(inside).deeper()))
    if place.fields is NET and group.name == "layer":
        run.flow = flowing_on(body)
    return [Group(group.name, body, place.here(group.at), place.here(group.close))]


def flowing_on(body: "tuple[Plain, ...] | list[Plain]") -> tuple[str, ...] | None:
    """The tops that a layer's fields name, for the layer after it; None if any is broken."""
    tops = []
    for statement in body:
        if isinstance(statement, Field) and statement.name == "top" and isinstance(statement.value, Text):
            tops.append(statement.value.value)
        elif statement.name in ("top", ""):
            return None
    return tuple(tops)


def is_bound(word: Word, place: Place) -> bool:
    """Whether a word is a variable here, or would be one."""
    return place.scope.variable(word.value) is not None or word.value == "input"


def _literals(value: Expression, param: Param | None, place: Place) -> list[Literal]:
    """What a field holds: one literal, or one for each item of a variable's list."""
    at = place.here(value.at)
    if isinstance(value, Number | Text):
        return [value._replace(at=at)]
    if isinstance(value, Word) and (_is_own_word(value, param) or not is_bound(value, place)):
        if param is not None and _is_meant_as_variable(value, param, place):
            raise unknown_variable(value, place.scope)
        return [value._replace(at=at)]
    worth = evaluate(value, place.scope)
    binding = place.scope.variable(value.value) if isinstance(value, Word) else None
    bound_at = None if binding is None else binding.at
    items = worth if isinstance(worth, tuple) else (worth,)
    return [literal_of(item, at, param)._replace(bound_at=bound_at) for item in items]


def _steps(literal: Literal) -> int:
    """How many steps a literal counts for: a long string that loops make again and again fills the memory, too."""
    return 1 + len(literal.value) // CHARACTERS_A_STEP if isinstance(literal, Text) else 1


def _is_own_word(word: Word, param: Param | None) -> bool:
    """Whether the field itself knows a word, which then is no variable."""
    if param is None:
        return False
    if issubclass(param.kind, ProtoEnum):
        return word.value in param.kind.__members__
    if param.kind is float:
        return word.value.lower() in ("inf", "infinity", "nan")
    return param.kind is bool and word.value in ("true", "True", "t", "false", "False", "f")


def _is_meant_as_variable(word: Word, param: Param, place: Place) -> bool:
    """Whether a word that nobody knows was meant as a variable; else the field says what it takes."""
    if _is_own_word(word, param):
        return False
    if param.kind in (int, float):
        return True
    own = param.kind.__members__ if issubclass(param.kind, ProtoEnum) else ()
    near = place.scope.near
    return not near.closest(word.value, own) and near.closest(word.value, place.scope.variable_names()) is not None
