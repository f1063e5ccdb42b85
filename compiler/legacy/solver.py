"""What Caffe upgrades in a solver: the number or word of its method becomes a string (UpgradeSolverType)."""

from collections.abc import Sequence

from netdef.compiler.syntax.tree import Field, Number, Plain, Text, Word

_METHODS = ("SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam")
"""By the numbers that ``solver_type`` has for them; its words are the same in capitals."""


def with_type_of_solver(body: Sequence[Plain]) -> list[Plain]:
    """A solver's statements with ``type`` for ``solver_type``; what that can't mean stays as it is."""
    return [_upgraded(s) if isinstance(s, Field) and s.name == "solver_type" else s for s in body]


def _upgraded(field: Field) -> Field:
    value = field.value
    if isinstance(value, Word):
        method = next((each for each in _METHODS if each.upper() == value.value), None)
    elif isinstance(value, Number) and value.value in range(len(_METHODS)):
        method = _METHODS[int(value.value)]
    else:
        method = None
    return field if method is None else field._replace(name="type", value=Text(method, value.at))
