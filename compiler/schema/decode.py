"""Fields of an expanded tree to messages, by the messages' declarations.

Every mistake is reported where it stands; a message with an error in it is not made at all.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from netdef.compiler.diagnostics import Diagnostic, Label, Report, Severity
from netdef.compiler.fixes import Applicability, Fix, insert_field, remove_statement, rename
from netdef.compiler.schema.fork_fields import CHANGES_SHAPES, NO_MEANING, OF_V1, fork_of
from netdef.compiler.schema.message import Message, Param, Refusal
from netdef.compiler.schema.values import WrongValue, convert, example_of
from netdef.compiler.shape import Pair
from netdef.compiler.source import Span
from netdef.compiler.spelling import NearNames
from netdef.compiler.syntax.tree import Broken, Field, Group, Lost, Plain

M = TypeVar("M", bound=Message)
Places = dict[str, tuple[Span, ...]]
"""Attribute -> where its values stand in the text, in order."""


class Values(NamedTuple):
    """What a body gave: values by attribute, and their places."""

    values: dict[str, Any]
    places: Places
    is_whole: bool
    """Whether all that stands there could be read."""


class Decoder:
    """Reads bodies into messages and collects what is wrong with them.

    In a file with netdef's own constructs an unknown field is a mistake; in plain prototxt it may be a fork's, and
    is a warning.
    """

    def __init__(self, report: Report, has_constructs: bool, near: NearNames | None = None) -> None:
        self.report = report
        self.unknown = Severity.ERROR if has_constructs else Severity.WARNING
        self._has_constructs = has_constructs
        self.near = near or NearNames()

    def beside(self, report: Report) -> "Decoder":
        """One for another part of the same text, which has a report of its own."""
        return Decoder(report, self._has_constructs, self.near)

    def message(self, kind: type[M], group: Group) -> M | None:
        """The message in a group, or None if it is broken."""
        found = self.values(kind.fields, group.fields, f"{group.name} {{ }}")
        return self.make(kind, found, group.at, group.close) if found.is_whole else None

    def make(self, kind: type[M], found: Values, at: Span, close: Span | None = None) -> M | None:
        """A message from values; ``at`` is the place of the whole, for what is missing, and ``close`` its brace."""
        missing = [p for p in kind.required if p.attribute not in found.values]
        for param in missing:
            field = next(iter(param.spellings))
            example = f"{field}: {example_of(param)}"
            help, fix = f"add {example}", None if close is None else insert_field(close, example)
            if param.kind is float:  # no number is likelier than another
                help, fix = f"add {field}: ... ({param.doc or 'a number'})", None
            self._error("N408", f"{field} is missing", at, help, subject=field, fix=fix)
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

    def values(
        self, params: Mapping[str, Param], body: Sequence[Plain], where: str, needed: Collection[str] = ()
    ) -> Values:
        """Read the statements of a body.

        Args:
            params: what it may hold, by field.
            body: its statements.
            where: names the message, for people.
            needed: fields that are mostly there, besides those that must be.
        """
        if not body:
            return Values({}, {}, is_whole=True)
        values: dict[str, Any] = {}
        places: dict[str, list[Span]] = {}
        said: dict[str, Field | Group] = {}
        broken: set[str] = set()
        missing: set[str] | None = None
        errors = 0
        for statement in body:
            name = statement.name
            if isinstance(statement, Lost) or (isinstance(statement, Field) and isinstance(statement.value, Broken)):
                broken.add(name)
                errors += 1
            elif (param := params.get(name)) is None:
                missing = _missing(params, needed, body) if missing is None else missing
                errors += self.unknown_field(statement, params, where, missing)
            elif (name in said and not param.repeated) or not param.rivals[name].isdisjoint(said):
                self._said_twice(statement, param, said)
                broken.add(name)
                errors += 1
            else:
                said[name] = statement
                value = self._value(statement, param)
                if value is None:
                    broken.add(name)
                    errors += 1
                else:
                    _store(values, param, name, value)
                    at = statement.value.at if isinstance(statement, Field) else statement.at
                    places.setdefault(param.attribute, []).append(at)
        for attribute, value in values.items():
            if isinstance(value, list):
                values[attribute] = tuple(value)
        errors += self._finish_pairs(values, params, said, broken)
        return Values(values, {name: tuple(spans) for name, spans in places.items()}, is_whole=not errors)

    def unknown_field(
        self, statement: Field | Group, known: Iterable[str], where: str, missing: Collection[str] = ()
    ) -> bool:
        """Say that nobody knows a field here; whether that is an error.

        It is one where the field must be a slip of a ``missing`` one, of which nothing more is said then.
        """
        if statement.name in NO_MEANING:
            return False
        known = [*known]
        fork = fork_of(where.removesuffix(" { }"), statement.name) if self.unknown is Severity.WARNING else None
        near = None if fork or statement.name in CHANGES_SHAPES else self.near.closest(statement.name, known)
        help = f'did you mean "{near}"?' if near else None
        severity = Severity.ERROR if near in missing else self.unknown
        is_sure = severity is Severity.ERROR and near is not None and near.lower() == statement.name.lower()
        fix = rename(statement.at, statement.name, near, Applicability.SAFE if is_sure else Applicability.UNSAFE)
        if statement.name in CHANGES_SHAPES:
            help = f"{CHANGES_SHAPES[statement.name]}: without it, shapes from here on may be wrong"
        elif statement.name in OF_V1 and "param" in known:
            help, fix = f"in V2 it is {OF_V1[statement.name]}, once for each weight", None
        elif help is None and self.unknown is Severity.WARNING:
            may_be_read = "if a fork of Caffe reads it, its effect is lost here"
            help = may_be_read if fork is None else f"a fork of Caffe ({fork}) reads it: its effect is lost here"
        elif help is None:
            help = f"it has {', '.join(known)}" if 0 < len(known) < 20 else None
        message = f"{where} has no field {statement.name}"
        self.report.add(Diagnostic("N401", message, Label(statement.at), help=help, severity=severity, fix=fix))
        return severity is Severity.ERROR

    def needs_message(self, statement: Field | Group, fields: Mapping[str, Param]) -> None:
        """Say that a field, which has a value, takes a message with such fields."""
        first, inner = next(iter(fields.items()))
        help = f"write {statement.name} {{ {first}: {example_of(inner)} }}"
        self._error("N406", f"{statement.name} takes a message, not a value", statement.at, help)

    def _value(self, statement: Field | Group, param: Param) -> Any:
        if param.holds_message:
            if isinstance(statement, Group):
                return self.message(param.kind, statement)
            self.needs_message(statement, param.kind.fields)
            return None
        if isinstance(statement, Group):
            example = f"write {statement.name}: {example_of(param)}"
            self._error("N406", f"{statement.name} takes a value, not a message", statement.at, example)
            return None
        try:
            return convert(statement.value, param)  # type: ignore[arg-type]  # an expanded value is a literal
        except WrongValue as wrong:
            code, message, wanted = wrong.diagnosis
            bound = getattr(statement.value, "bound_at", None)
            labels = () if bound is None else (Label(bound, f"{statement.value.at.text} is bound here"),)
            self._error(code, f"{statement.name} {message}", statement.value.at, wanted, *labels, fix=wrong.fix)
            return None

    def _said_twice(self, statement: Field | Group, param: Param, said: Mapping[str, Field | Group]) -> None:
        first = next(name for name in param.spellings if name in said)
        before, fix = said[first], None
        if before.at == statement.at:
            message = f"{statement.name} takes one value, not a list"
            self._error("N404", message, statement.at, "give one of the values")
            return
        if first == statement.name:
            code, message = "N404", f"{statement.name} may stand only once here"
            help = "keep one of them"
            if isinstance(statement, Field) and isinstance(before, Field):
                is_same = statement.value[0] == before.value[0]
                sureness = Applicability.SAFE if is_same else Applicability.SHOWN
                fix = remove_statement(statement.at.to(statement.value.at), sureness)
        else:
            code, message = "N407", f"{statement.name} and {first} exclude each other"
            help = "give one size for both axes, or one for each"
        label = Label(before.at, "already given")
        self.report.add(Diagnostic(code, message, Label(statement.at), (label,), help=help, fix=fix))

    def _finish_pairs(
        self,
        values: dict[str, Any],
        params: Mapping[str, Param],
        said: Mapping[str, Field | Group],
        broken: set[str],
    ) -> int:
        """Make sizes of the ``_h`` and ``_w`` spellings; one without the other is half a size."""
        errors = 0
        if not any(isinstance(value, dict) for value in values.values()):
            return errors
        for param in {id(p): p for p in params.values()}.values():
            halves = values.get(param.attribute)
            if not isinstance(halves, dict) or not broken.isdisjoint(param.spellings):
                continue
            names = {axis: name for name, (_, axis) in param.spellings.items() if axis is not None}
            for axis in (0, 1):
                if axis not in halves:
                    given, needed = names[1 - axis], names[axis]
                    if param.alone is None:
                        whole = next(name for name, (_, one) in param.spellings.items() if one is None)
                        help = f"add {needed}, or write {whole}: {halves[1 - axis]} for both"
                        self._error("N407", f"{given} needs {needed} beside it", said[given].at, help)
                        errors += 1
                    else:
                        halves[axis] = param.alone
            if len(halves) == 2:
                size = Pair(halves[0], halves[1])
                values[param.attribute] = tuple(size) if param.repeated else size
        return errors

    def _error(
        self,
        code: str,
        message: str,
        at: Span,
        help: str | None,
        *labels: Label,
        subject: str = "",
        fix: Fix | None = None,
    ) -> None:
        self.report.add(Diagnostic(code, message, Label(at), labels, help=help, subject=subject, fix=fix))


def _missing(params: Mapping[str, Param], needed: Collection[str], body: Sequence[Plain]) -> set[str]:
    """The fields that a body must have, or mostly has, and doesn't."""
    there = {statement.name for statement in body}
    return {
        name
        for name, param in params.items()
        if (param.required or name in needed) and there.isdisjoint(param.spellings)
    }


def place_of(at: str, places: Places, whole: Span) -> Span:
    """The place that a refusal's ``at`` means; the whole layer's or message's where the file says nothing."""
    name, _, index = at.partition(" ")
    spans = places.get(name, ())
    position = int(index or 0)
    return spans[position] if position < len(spans) else whole


def _store(values: dict[str, Any], param: Param, field: str, value: Any) -> None:
    _, axis = param.spellings[field]
    if axis is not None:
        values.setdefault(param.attribute, {})[axis] = value
    elif param.repeated:
        values.setdefault(param.attribute, []).append(value)  # a tuple in the end
    else:
        values[param.attribute] = Pair(value, value) if param.is_pair else value
