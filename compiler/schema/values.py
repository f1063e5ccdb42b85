"""Literals of a text to the values that fields hold, or what is wrong with them."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from netdef.compiler.diagnostics import closest
from netdef.compiler.fixes import Applicability, Fix, replace
from netdef.compiler.schema.message import Param, ProtoEnum
from netdef.compiler.syntax.literals import read_number
from netdef.compiler.syntax.tree import Literal, Number, Text, Word

LARGEST_FLOAT = (2 - 2**-23) * 2.0**127
"""Of Caffe's floats, which have 32 bits."""
INTEGERS = {32: (-(2**31), 2**32 - 1), 64: (-(2**63), 2**63 - 1)}
"""The least and the greatest integer by their bits. Some of Caffe's with 32 have a sign and others none: both pass."""


class WrongValue(Exception):
    """A value that its field can't hold: a code, what is wrong, help, and perhaps a fix."""

    def __init__(self, code: str, message: str, help: str | None = None, fix: Fix | None = None) -> None:
        self.diagnosis = (code, message, help)
        self.fix = fix


def _instead(literal: Literal, text: str | None, applicability: Applicability = Applicability.SAFE) -> Fix | None:
    """Another text for a literal's; None where the text has not the literal itself, but what it was worked out from."""
    written = literal.at.text
    is_itself = {
        Text: written[:1] in ('"', "'") and "${" not in written,
        Number: written[:1] in _NUMBER_BEGINS,
        Word: written == literal.value,
    }
    return replace(literal.at, text, applicability) if text is not None and is_itself[type(literal)] else None


_NUMBER_BEGINS = frozenset("-+.0123456789")


def _like(word: str, near: str | None) -> Applicability:
    """How sure a near word is: one that differs in capitals only can be nothing else."""
    return Applicability.SAFE if near is not None and near.lower() == word.lower() else Applicability.UNSAFE


def example_of(param: Param) -> str:
    """What could stand in a field, for help."""
    if issubclass(param.kind, ProtoEnum):
        return str(next(iter(param.kind.__members__)))
    examples: dict[type, str] = {int: "64", float: "0.5", bool: "true", str: '"..."'}
    return examples.get(param.kind, "...")


def convert(literal: Literal, param: Param) -> Any:
    """A literal as a value of the field's type; raises ``WrongValue`` with words for people."""
    read = _CONVERT.get(param.kind)
    if read is None:
        return _word(literal, param)
    value = read(literal, param)
    if (param.least is not None and value < param.least) or (param.most is not None and value > param.most):
        bound = f"at least {param.least:g}" if param.most is None else f"{param.least:g} to {param.most:g}"
        default = param.default[0] if param.is_pair and param.default else param.default
        help = None if param.required or param.repeated or default is None else f"the default is {default:g}"
        raise WrongValue("N405", f"must be {bound}, and is {_said(literal)}", help)
    return value


def _said(literal: Literal) -> str:
    if isinstance(literal, Text):
        return f'"{literal.value}"'
    return f"{literal.value:.17g}" if isinstance(literal.value, float) else str(literal.value)


def _integer(literal: Literal, param: Param) -> int:
    if isinstance(literal, Number):
        value, fix = literal.value, None
        if isinstance(value, int):
            least, most = INTEGERS[param.bits]
            if not least <= value <= most:
                raise WrongValue("N405", f"must fit {param.bits} bits: {least} to {most}, and is {_said(literal)}")
            return value
        if value - value:  # an infinity, or no number
            help = "write a number"
        elif param.truncates:
            return int(value // 1)
        elif value == value // 1:
            help, fix = f"write {value:.0f}", _instead(literal, f"{value:.0f}")
        else:
            help = f"write {value // 1:.0f} or {value // 1 + 1:.0f} (a / that is not exact gives a fraction)"
        raise WrongValue("N409", f"takes an integer, and {value:g} is none", help, fix)
    if isinstance(literal, Word):
        raise _placeholder("an integer", literal)
    message = f"takes an integer, not a string: {_said(literal)}"
    if not literal.value.isdecimal():
        raise WrongValue("N402", message)
    raise WrongValue("N402", message, "drop the quotes", _instead(literal, literal.value))


def _float(literal: Literal, param: Param) -> float:
    if isinstance(literal, Number):
        if LARGEST_FLOAT < abs(literal.value) != float("inf"):
            raise WrongValue("N405", "must fit 32 bits, so at most 3.4e38, and is more", "write inf if you mean it")
        return float(literal.value)
    if isinstance(literal, Word):
        if literal.value.lower() in ("inf", "infinity", "nan"):
            return float(literal.value)
        raise _placeholder("a number", literal)
    fix = _instead(literal, literal.value) if read_number(literal.value.lstrip("-")) is not None else None
    raise WrongValue("N402", f"takes a number, not a string: {_said(literal)}", "drop the quotes", fix)


def _placeholder(needed: str, word: Word, instead: str = "the number", example: str = "1") -> WrongValue:
    """A word where a value belongs; in prototxt, mostly one that a script was to replace."""
    help = f"write {instead}, or bind the word above: let {word.value} = {example}"
    return WrongValue("N410", f"takes {needed}, and {word.value} is a word that nothing binds", help)


_BOOLEANS = {"true": True, "True": True, "t": True, "false": False, "False": False, "f": False}


def _boolean(literal: Literal, param: Param) -> bool:
    if isinstance(literal, Word) and literal.value in _BOOLEANS:
        return _BOOLEANS[literal.value]
    if isinstance(literal, Number) and isinstance(literal.value, int) and literal.value in (0, 1):
        return bool(literal.value)
    near = closest(literal.value, ("true", "false")) if isinstance(literal, Word | Text) else None
    help = f'did you mean "{near}"?' if near else "write true or false"
    fix = None if near is None else _instead(literal, near, _like(str(literal.value), near))
    raise WrongValue("N402", f"takes true or false, and is {_said(literal)}", help, fix)


def _string(literal: Literal, param: Param) -> str:
    if isinstance(literal, Text):
        return literal.value
    if isinstance(literal, Word) and literal.value.isupper() and "_" in literal.value:
        raise _placeholder("a string", literal, "what it stands for, in quotes", '"..."')
    fix = _instead(literal, f'"{literal.at.text}"')
    raise WrongValue("N402", f"takes a string, and {_said(literal)} has no quotes", f'write "{_said(literal)}"', fix)


def _word(literal: Literal, param: Param) -> ProtoEnum:
    words: Mapping[str, ProtoEnum] = param.kind.__members__
    if isinstance(literal, Number):
        numbers = {word.value: word for word in words.values()}
        if isinstance(literal.value, int) and literal.value in numbers:
            return numbers[literal.value]
    elif isinstance(literal, Word) and literal.value in words:
        return words[literal.value]
    if literal.value not in words and not isinstance(literal.value, float):
        with suppress(ValueError):  # an enumeration may say what words and numbers of forks mean
            found: ProtoEnum = param.kind(literal.value)
            return found
    choices = ", ".join(words)
    if isinstance(literal, Text):
        near = literal.value if literal.value in words else closest(literal.value, words)
        fix = _instead(literal, near, _like(literal.value, near))
        raise WrongValue("N402", f"takes a word without quotes: {choices}", f"write {near}" if near else None, fix)
    near = closest(_said(literal), words)
    help, fix = f'did you mean "{near}"?' if near else None, _instead(literal, near, _like(_said(literal), near))
    raise WrongValue("N403", f"is one of {choices}, not {_said(literal)}", help, fix)


_CONVERT: dict[type, Callable[[Literal, Param], Any]] = {int: _integer, float: _float, bool: _boolean, str: _string}
