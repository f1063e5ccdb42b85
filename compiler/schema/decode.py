"""Fields of an expanded tree to messages, by the messages' declarations.

Every mistake is reported where it stands; a message with an error in it is not made at all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from netdef.compiler.diagnostics import Diagnostic, Label, Report, Severity, closest, did_you_mean
from netdef.compiler.schema.message import REQUIRED, Message, Param, ProtoEnum, Refusal
from netdef.compiler.shape import Pair
from netdef.compiler.source import Span
from netdef.compiler.syntax.tree import Broken, Field, Group, Literal, Lost, Number, Plain, Text, Word

M = TypeVar("M", bound=Message)
Places = dict[str, tuple[Span, ...]]
"""Attribute -> where its values stand in the text, in order."""


class Values(NamedTuple):
    """What a body gave: values by attribute, and their places."""

    values: dict[str, Any]
    places: Places
    is_whole: bool
    """Whether all that stands there could be read."""


class _Wrong(Exception):
    """A value that its field can't hold: a code, what is wrong, and help."""

    def __init__(self, code: str, message: str, help: str | None = None) -> None:
        self.diagnosis = (code, message, help)


class Reader:
    """Reads bodies into messages and collects what is wrong with them.

    In a file with netdef's own constructs an unknown field is a mistake; in plain prototxt it may be a fork's, and
    is a warning.
    """

    def __init__(self, report: Report, has_constructs: bool) -> None:
        self.report = report
        self.unknown = Severity.ERROR if has_constructs else Severity.WARNING

    def message(self, kind: type[M], group: Group) -> M | None:
        """The message in a group, or None if it is broken."""
        found = self.values(kind.fields, group.fields, f"{group.name} {{ }}")
        return self.make(kind, found, group.at) if found.is_whole else None

    def make(self, kind: type[M], found: Values, at: Span) -> M | None:
        """A message from values; ``at`` is the place of the whole, for what is missing."""
        missing = [p for p in kind.params.values() if p.required and p.attribute not in found.values]
        for param in missing:
            field = next(iter(param.spellings))
            self._error("N408", f"{field} is missing", at, f"add {field}: {_example(param)}", subject=field)
        if missing:
            return None
        message = kind(**found.values)
        refusals = list(message.problems())
        self.refuse(refusals, found.places, at)
        return None if refusals else message

    def refuse(self, refusals: Iterable[Refusal], places: Places, whole: Span) -> None:
        """Turn refusals into diagnostics at their attributes' places."""
        for refusal in refusals:
            at = place_of(refusal.at, places, whole)
            self._error(refusal.code, refusal.message, at, refusal.help, subject=refusal.subject)

    def values(self, params: Mapping[str, Param], body: Sequence[Plain], where: str) -> Values:
        """Read the statements of a body. ``where`` names the message, for people."""
        values: dict[str, Any] = {}
        places: Places = {}
        said: dict[str, Span] = {}
        errors = 0
        for statement in body:
            if isinstance(statement, Lost) or (isinstance(statement, Field) and isinstance(statement.value, Broken)):
                errors += 1
                continue
            param = params.get(statement.name)
            if param is None:
                self.unknown_field(statement, params, where)
                errors += self.unknown is Severity.ERROR
                continue
            at = statement.value.at if isinstance(statement, Field) else statement.at
            if (not param.repeated and statement.name in said) or self._clashes(statement, param, said):
                self._said_twice(statement, param, said)
                errors += 1
                continue
            said[statement.name] = statement.at
            value = self._value(statement, param)
            if value is None:
                errors += 1
                continue
            _store(values, param, param.spellings[statement.name][1], value)
            places[param.attribute] = (*places.get(param.attribute, ()), at)
        errors += self._finish_pairs(values, params, said)
        return Values(values, places, is_whole=not errors)

    def unknown_field(self, statement: Field | Group, known: Iterable[str], where: str) -> None:
        """Say that nobody knows a field here."""
        known = [*known]
        help = did_you_mean(statement.name, known)
        if help is None and self.unknown is Severity.WARNING:
            help = "if a fork of Caffe reads it, its effect is lost here"
        elif help is None:
            help = f"it has {', '.join(known)}" if 0 < len(known) < 20 else None
        message = f"{where} has no field {statement.name}"
        self.report.add(Diagnostic("N401", message, Label(statement.at), help=help, severity=self.unknown))

    def _value(self, statement: Field | Group, param: Param) -> Any:
        if issubclass(param.kind, Message):
            if isinstance(statement, Group):
                return self.message(param.kind, statement)
            first, inner = next(iter(param.kind.fields.items()))
            help = f"write {statement.name} {{ {first}: {_example(inner)} }}"
            self._error("N406", f"{statement.name} takes a message, not a value", statement.at, help)
            return None
        if isinstance(statement, Group):
            example = f"write {statement.name}: {_example(param)}"
            self._error("N406", f"{statement.name} takes a value, not a message", statement.at, example)
            return None
        try:
            return convert(statement.value, param)  # type: ignore[arg-type]  # an expanded value is a literal
        except _Wrong as wrong:
            code, message, advice = wrong.diagnosis
            self._error(code, f"{statement.name} {message}", statement.value.at, advice)
            return None

    def _clashes(self, statement: Field | Group, param: Param, said: Mapping[str, Span]) -> bool:
        """Whether ``kernel_size`` and ``kernel_h`` stand together."""
        axis = param.spellings[statement.name][1]
        return any(name in said for name, (_, other) in param.spellings.items() if (axis is None) != (other is None))

    def _said_twice(self, statement: Field | Group, param: Param, said: Mapping[str, Span]) -> None:
        first = next(name for name in param.spellings if name in said)
        if said[first] == statement.at:
            message = f"{statement.name} takes one value, not a list"
            self._error("N404", message, statement.at, "give one of the values")
            return
        if first == statement.name:
            code, message = "N404", f"{statement.name} may stand only once here"
            help = "keep one of them"
        else:
            code, message = "N407", f"{statement.name} and {first} exclude each other"
            help = "give one size for both axes, or one for each"
        label = Label(said[first], "already given")
        self.report.add(Diagnostic(code, message, Label(statement.at), (label,), help=help))

    def _finish_pairs(self, values: dict[str, Any], params: Mapping[str, Param], said: Mapping[str, Span]) -> int:
        """Make sizes of the ``_h`` and ``_w`` spellings; one without the other is half a size."""
        errors = 0
        for param in {id(p): p for p in params.values()}.values():
            halves = values.get(param.attribute)
            if not isinstance(halves, dict):
                continue
            names = {axis: name for name, (_, axis) in param.spellings.items() if axis is not None}
            for axis in (0, 1):
                if axis not in halves:
                    given, needed = names[1 - axis], names[axis]
                    if param.default in (REQUIRED, None, ()):  # Caffe: stride_h alone leaves the default for width
                        whole = next(name for name, (_, one) in param.spellings.items() if one is None)
                        help = f"add {needed}, or write {whole}: {halves[1 - axis]} for both"
                        self._error("N407", f"{given} needs {needed} beside it", said[given], help)
                        errors += 1
                    else:
                        halves[axis] = param.default[axis]
            if len(halves) == 2:
                size = Pair(halves[0], halves[1])
                values[param.attribute] = tuple(size) if param.repeated else size
        return errors

    def _error(self, code: str, message: str, at: Span, help: str | None, *, subject: str = "") -> None:
        self.report.add(Diagnostic(code, message, Label(at), help=help, subject=subject))


def place_of(at: str, places: Places, whole: Span) -> Span:
    """The place that a refusal's ``at`` means; the whole layer's or message's where the file says nothing."""
    name, _, index = at.partition(" ")
    spans = places.get(name, ())
    position = int(index or 0)
    return spans[position] if position < len(spans) else whole


def _store(values: dict[str, Any], param: Param, axis: int | None, value: Any) -> None:
    if axis is not None:
        values.setdefault(param.attribute, {})[axis] = value
    elif param.repeated:
        values[param.attribute] = (*values.get(param.attribute, ()), value)
    else:
        values[param.attribute] = Pair(value, value) if param.is_pair else value


def _example(param: Param) -> str:
    if issubclass(param.kind, ProtoEnum):
        return str(next(iter(param.kind.__members__)))
    examples: dict[type, str] = {int: "64", float: "0.5", bool: "true", str: '"..."'}
    return examples.get(param.kind, "...")


# ---- one literal to one value
def convert(literal: Literal, param: Param) -> Any:
    """A literal as a value of the field's type; raises ``_Wrong`` with words for people."""
    if issubclass(param.kind, ProtoEnum):
        return _word(literal, param)
    value = _CONVERT[param.kind](literal, param)
    if (param.least is not None and value < param.least) or (param.most is not None and value > param.most):
        bound = f"at least {param.least:g}" if param.most is None else f"{param.least:g} to {param.most:g}"
        default = param.default[0] if param.is_pair and param.default else param.default
        help = None if param.required or param.repeated or default is None else f"the default is {default:g}"
        raise _Wrong("N405", f"must be {bound}, and is {_said(literal)}", help)
    return value


def _said(literal: Literal) -> str:
    if isinstance(literal, Text):
        return f'"{literal.value}"'
    return f"{literal.value:.17g}" if isinstance(literal.value, float) else str(literal.value)


def _integer(literal: Literal, param: Param) -> int:
    if isinstance(literal, Number):
        value = literal.value
        if isinstance(value, int):
            return value
        if value - value:  # an infinity, or no number
            help = "write a number"
        elif param.truncates:
            return int(value // 1)
        elif value == value // 1:
            help = f"write {value:.0f}"
        else:
            help = f"write {value // 1:.0f} or {value // 1 + 1:.0f} (a / that is not exact gives a fraction)"
        raise _Wrong("N409", f"takes an integer, and {value:g} is none", help)
    if isinstance(literal, Word):
        raise _placeholder("an integer", literal)
    digits = literal.value.isdigit()
    raise _Wrong("N402", f"takes an integer, not a string: {_said(literal)}", "drop the quotes" if digits else None)


def _float(literal: Literal, param: Param) -> float:
    if isinstance(literal, Number):
        return float(literal.value)
    if isinstance(literal, Word):
        if literal.value.lower() in ("inf", "infinity", "nan"):
            return float(literal.value)
        raise _placeholder("a number", literal)
    raise _Wrong("N402", f"takes a number, not a string: {_said(literal)}", "drop the quotes")


def _placeholder(needed: str, word: Word) -> _Wrong:
    """A word where a number belongs; in prototxt, mostly one that a script was to replace."""
    help = f"write the number, or bind the word above: let {word.value} = 1"
    return _Wrong("N410", f"takes {needed}, and {word.value} is a word that nothing binds", help)


_BOOLEANS = {"true": True, "True": True, "t": True, "false": False, "False": False, "f": False}


def _boolean(literal: Literal, param: Param) -> bool:
    if isinstance(literal, Word) and literal.value in _BOOLEANS:
        return _BOOLEANS[literal.value]
    if isinstance(literal, Number) and isinstance(literal.value, int) and literal.value in (0, 1):
        return bool(literal.value)
    help = did_you_mean(literal.value, ("true", "false")) if isinstance(literal, Word | Text) else None
    raise _Wrong("N402", f"takes true or false, and is {_said(literal)}", help or "write true or false")


def _string(literal: Literal, param: Param) -> str:
    if isinstance(literal, Text):
        return literal.value
    raise _Wrong("N402", f"takes a string, and {_said(literal)} has no quotes", f'write "{_said(literal)}"')


def _word(literal: Literal, param: Param) -> ProtoEnum:
    words: dict[str, ProtoEnum] = {word.name: word for word in param.kind}
    numbers = {word.value: word for word in words.values()}
    if isinstance(literal, Number):
        if isinstance(literal.value, int) and literal.value in numbers:
            return numbers[literal.value]
    elif isinstance(literal, Word) and literal.value in words:
        return words[literal.value]
    choices = ", ".join(words)
    if isinstance(literal, Text):
        near = literal.value if literal.value in words else closest(literal.value, words)
        raise _Wrong("N402", f"takes a word without quotes: {choices}", f"write {near}" if near else None)
    raise _Wrong("N403", f"is one of {choices}, not {_said(literal)}", did_you_mean(_said(literal), words))


_CONVERT: dict[type, Callable[[Literal, Param], Any]] = {int: _integer, float: _float, bool: _boolean, str: _string}
