"""Keywords from Python that say which net is meant, as a request has them: what means nothing is refused by name."""

from collections.abc import Callable, Iterable, Mapping
from operator import index
from typing import Any

from netdef.compiler.shape import Shape
from netdef.compiler.size import may_be_declared
from netdef.compiler.syntax.tree import DeclaredShapes, Value

SHAPE = "(1, 3, 224, 224)"
SAMPLE = "(3, 224, 224)"


class WrongKeyword(ValueError):
    """What is wrong with one, in words that follow its name."""


def plain_state(state: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords that were given, each of its kind.

    Raises:
        WrongKeyword: with its name, what was given, and what would do.
    """
    given = dict(state)
    for name, read in _READ.items():
        if name in given:
            given[name] = _of(name, read, given[name])
    return given


def _mapping(value: Any, like: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise WrongKeyword(f"{value!r} is not a mapping such as {like}")
    return value


def _shape(value: Any, like: str) -> Shape:
    """A shape from any row of whole numbers: a tuple, a list, torch's or NumPy's."""
    try:
        sizes = tuple(size if isinstance(size, bool) else index(size) for size in value)
    except TypeError:
        sizes = ()
    if not sizes or any(isinstance(size, bool) or size < 1 for size in sizes):
        raise WrongKeyword(f"{value!r} is not a shape, whole numbers from 1 such as {like}")
    return sizes


def _shapes(value: Any) -> dict[str, Shape]:
    return {name: _of(name, _shape, shape, SHAPE) for name, shape in _mapping(value, f'{{"data": {SHAPE}}}').items()}


def _samples(value: Any) -> dict[str, Shape]:
    """Samples' shapes by layer; one alone is for all layers."""
    by_layer = value if isinstance(value, Mapping) else {"": value}
    return {name: _of(name, _shape, shape, SAMPLE) for name, shape in _mapping(by_layer, SAMPLE).items()}


def _variables(value: Any) -> dict[str, Value]:
    return {name: _of(name, _value, own) for name, own in _mapping(value, '{"N": 8}').items()}


def _value(value: Any) -> Value:
    """A value of the language's: a number, a word, true, or a list of these."""
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return tuple(map(_value, value))
    try:
        return index(value)  # a number of NumPy's
    except TypeError:
        raise WrongKeyword(f"{value!r} is not a number, a text, a bool, or a list of such") from None


def _declared(value: Any) -> DeclaredShapes:
    like = '{"ROIPooling": [("K", 512, 7, 7)]}'
    found = {}
    for name, tops in _mapping(value, like).items():
        is_list = isinstance(tops, list | tuple) and all(isinstance(top, list | tuple) for top in tops)
        if not is_list:
            raise WrongKeyword(f"{name}: {tops!r} is not a list with the shape of each top, such as {like}")
        if not all(may_be_declared(size) for top in tops for size in top):
            raise WrongKeyword(f"{name}: a size is a number, or a name for what only a run can tell, as in {like}")
        found[name] = tuple(tuple(top) for top in tops)
    return found


def _level(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongKeyword(f"{value!r} is not a whole number")
    return value


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongKeyword(f"{value!r} is neither True nor False")
    return value


def _of(name: str, read: Callable[..., Any], *args: Any) -> Any:
    try:
        return read(*args)
    except WrongKeyword as wrong:
        raise WrongKeyword(f"{name}: {wrong}" if name else str(wrong)) from None


def _words(value: Any) -> tuple[str, ...]:
    words = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else (value,)
    if not all(isinstance(word, str) for word in words):
        raise WrongKeyword(f"{value!r} is not a list of names")
    return words


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongKeyword(f"{value!r} is not a name")
    return value


_READ: dict[str, Callable[[Any], Any]] = {
    "stages": _words,
    "level": _level,
    "set": _variables,
    "sizes": _shapes,
    "data_size": _samples,
    "dense": _switch,
    "opaque": _declared,
    "origin": _word,
}
