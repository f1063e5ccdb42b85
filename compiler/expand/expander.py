"""Runs the statements of a tree.

1. ``layer NAME Type { }`` becomes ``layer { }``: each field goes to the message that has it; a missing bottom is
   the top of the layer before; a missing top is the layer's name, or the bottom for layers written in place.
2. ``block``, ``repeat``, ``if`` and ``let`` leave what they make; every span remembers the call it came by.
3. A mistake is reported and the next statement runs; ``Broken`` stands for what it would have made, so that what
   depends on it stays quiet. Only a text that can't be read or has no end stops everything.
4. The work is bounded: a loop of a billion is a mistake, not a hang.
"""

from collections.abc import Iterator, Mapping, Sequence
from os.path import dirname, join, realpath

from netdef.compiler.diagnostics import Label, Report, closest, did_you_mean
from netdef.compiler.expand.evaluate import describe, evaluate, integer, truth, unknown_variable
from netdef.compiler.expand.meant import meant
from netdef.compiler.expand.place import LAYER, NET, Place, inner, literal_of
from netdef.compiler.expand.plain import plain
from netdef.compiler.expand.scope import Binding, Closure, Mistake, Quiet, Scope
from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import Layer as LayerType
from netdef.compiler.net_error import NetError
from netdef.compiler.schema.caffe import BlobShape
from netdef.compiler.schema.message import Param, ProtoEnum
from netdef.compiler.source import Span
from netdef.compiler.syntax.open_source import open_source
from netdef.compiler.syntax.parser import parse
from netdef.compiler.syntax.tree import (
    Argument,
    Block,
    Broken,
    Call,
    Expanded,
    Expression,
    Field,
    Group,
    If,
    Include,
    Input,
    LayerStatement,
    Let,
    List,
    Literal,
    Number,
    Opaque,
    OpaqueType,
    Range,
    Repeat,
    Statement,
    Text,
    Tree,
    Value,
    Word,
)

MAX_STEPS = 200_000
"""Statements and turns of loops in all; the largest published net has 12,000 fields."""

Plain = list[Field | Group]


def expand(tree: Tree, overrides: Mapping[str, Value], report: Report) -> Expanded:
    """Run a tree; ``overrides`` replace the values of its own ``let`` variables.

    Raises:
        NetError: where the work can't go on: an include that can't be read, or an expansion without end.
    """
    if not tree.has_constructs:
        body = tuple(plain(tree.body, report))
        return Expanded(tree.source, body, {}, has_constructs=False, settable=(), unused=tuple(overrides))
    expander = _Expander(overrides, report)
    body = tuple(expander.file(tree, None))
    unused = tuple(name for name in overrides if name not in expander.settable)
    return Expanded(tree.source, body, expander.opaque, True, tuple(expander.settable), unused)


class _Expander:
    """The state of a run: what flows, what is open, and how much has been done."""

    def __init__(self, overrides: Mapping[str, Value], report: Report) -> None:
        self.overrides = overrides
        self.report = report
        self.settable: dict[str, None] = {}
        self.opaque: dict[tuple[str, str | None], OpaqueType] = {}
        self.flow: tuple[str, ...] | None = ()
        """The tops of the layer before; None if it is broken."""
        self.block_input: str | None = None
        """What flowed into the innermost block."""
        self.files: list[str] = []
        self.calls: list[Block] = []
        self.steps = 0
        self.globals = Scope()

    def file(self, tree: Tree, via: Span | None) -> Plain:
        self.files.append(realpath(tree.source.path))
        made = self.statements(tree.body, Place(self.globals, NET, via))
        self.files.pop()
        return made

    def statements(self, body: Sequence[Statement], place: Place) -> Plain:
        made: Plain = []
        for statement in body:
            try:
                self._step(place.here(statement.at))
                made += self._run(statement, place)
            except Mistake as mistake:
                self._report(mistake, place)
                made += self._lost(statement, place)
            except Quiet:
                made += self._lost(statement, place)
        return made

    def _report(self, mistake: Mistake, place: Place) -> None:
        self.report.add(place.through(mistake.diagnostic))
        if mistake.diagnostic.code in _FATAL:
            raise NetError(self.report)

    def _lost(self, statement: Statement, place: Place) -> Plain:
        """What stands for a statement that could not be run; nameless where nobody knows what it would have made."""
        at = place.here(statement.at)
        if isinstance(statement, Field):
            return [Field(statement.name, Broken(at), at)]
        if isinstance(statement, Let | Block | Opaque):
            return []
        if place.fields is NET:
            self.flow = None
        return [Field("", Broken(at), at)]

    def _attempt(self, expression: Expression, place: Place) -> Value | None:
        """The value of an expression; None if it is broken, which is reported."""
        try:
            return evaluate(expression, place.scope)
        except Mistake as mistake:
            self._report(mistake, place)
        except Quiet:
            pass
        return None

    def _step(self, at: Span) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            message = f"this file expands to more than {MAX_STEPS:,} statements"
            raise Mistake("N306", message, at, "look for loops in loops, and blocks that call two blocks each")

    def _run(self, statement: Statement, place: Place) -> Plain:
        if isinstance(statement, Field):
            return self._field(statement, place)
        if isinstance(statement, Group):
            return self._group(statement, place)
        if isinstance(statement, Let):
            return self._let(statement, place)
        if isinstance(statement, Repeat):
            return self._repeat(statement, place)
        if isinstance(statement, If):
            chosen = statement.then if truth(statement.condition, place.scope) else statement.otherwise
            return self.statements(chosen, place.deeper())
        if place.fields is not NET:
            what = type(statement).__name__.removesuffix("Statement").lower()
            message = f"{'an' if what[0] in 'aeiou' else 'a'} {what} can't stand inside a message"
            raise Mistake("N308", message, place.here(statement.at), "close the message first")
        if isinstance(statement, LayerStatement):
            return [self._layer(statement, place)]
        if isinstance(statement, Input):
            return [self._input(statement, place)]
        if isinstance(statement, Block):
            place.scope.define(statement, statement.at)
            return []
        if isinstance(statement, Call):
            return self._call(statement, place)
        if isinstance(statement, Include):
            return self._include(statement, place)
        return self._opaque(statement, place)

    # ---- prototxt
    def _field(self, field: Field, place: Place) -> Plain:
        param = place.fields.get(field.name)
        at = place.here(field.at)
        items = field.value.items if isinstance(field.value, List) else (field.value,)
        return [Field(field.name, literal, at) for item in items for literal in self._literals(item, param, place)]

    def _literals(self, value: Expression, param: Param | None, place: Place) -> list[Literal]:
        """What a field holds: one literal, or one for each item of a variable's list."""
        at = place.here(value.at)
        if isinstance(value, Number | Text):
            return [value._replace(at=at)]
        if isinstance(value, Word) and (self._is_own_word(value, param) or not self._is_bound(value, place)):
            if param is not None and self._is_meant_as_variable(value, param, place):
                raise unknown_variable(value, place.scope)
            return [value._replace(at=at)]
        worth = evaluate(value, place.scope)
        return [literal_of(item, at, param) for item in (worth if isinstance(worth, tuple) else (worth,))]

    @staticmethod
    def _is_own_word(word: Word, param: Param | None) -> bool:
        """Whether the field itself knows a word, which then is no variable."""
        if param is None:
            return False
        if issubclass(param.kind, ProtoEnum):
            return word.value in param.kind.__members__
        if param.kind is float:
            return word.value.lower() in ("inf", "infinity", "nan")
        return param.kind is bool and word.value in ("true", "True", "t", "false", "False", "f")

    def _is_meant_as_variable(self, word: Word, param: Param, place: Place) -> bool:
        """Whether a word that nobody knows was meant as a variable; else the field says what it takes."""
        if self._is_own_word(word, param):
            return False
        if param.kind in (int, float):
            return True
        own = param.kind.__members__ if issubclass(param.kind, ProtoEnum) else ()
        return not closest(word.value, own) and closest(word.value, place.scope.variable_names()) is not None

    @staticmethod
    def _is_bound(word: Word, place: Place) -> bool:
        binding = place.scope.variable(word.value)
        return binding is not None or word.value == "input"

    def _group(self, group: Group, place: Place) -> Plain:
        inside = inner(place.fields, group.name)
        body = tuple(self.statements(group.body, place.within(inside).deeper()))
        if place.fields is NET and group.name == "layer":
            tops = _strings(body, "top")
            self.flow = None if tops is None else tuple(tops)
        return [Group(group.name, body, place.here(group.at), place.here(group.close))]

    # ---- variables and loops
    def _let(self, let: Let, place: Place) -> Plain:
        at = place.here(let.at)
        is_global = place.scope is self.globals
        if is_global:
            self.settable[let.name] = None
        if is_global and let.name in self.overrides:
            place.scope.let(let.name, self.overrides[let.name], at)
            return []
        place.scope.let(let.name, self._attempt(let.value, place), at)
        return []

    def _repeat(self, repeat: Repeat, place: Place) -> Plain:
        made: Plain = []
        for index, item in enumerate(self._turns(repeat, place), start=1):
            turn = place.deeper()
            self._step(place.here(repeat.at))
            if repeat.index is not None:
                turn.scope.let(repeat.index, index, repeat.at)
            names, at = repeat.target.names, place.here(repeat.target.at)
            if repeat.target.unpacks:
                if not isinstance(item, tuple) or len(item) != len(names):
                    message = f"{len(names)} names take a row of {len(names)} apart, and this is {describe(item)}"
                    raise Mistake("N309", message, at)
                for name, part in zip(names, item, strict=True):
                    turn.scope.let(name, part, at)
            else:
                turn.scope.let(names[0], item, at)
            made += self.statements(repeat.body, turn)
        return made

    def _turns(self, repeat: Repeat, place: Place) -> Sequence[Value]:
        over = repeat.over
        if isinstance(over, Range):
            first, last = integer(over.first, place.scope), integer(over.last, place.scope)
            if last - first >= MAX_STEPS:
                message = f"{last - first + 1:,} turns are more than the {MAX_STEPS:,} that a file may take"
                raise Mistake("N306", message, over.at, "no net has as many layers: look at the range's ends")
            return range(first, last + 1)
        rows = evaluate(over, place.scope)
        if not isinstance(rows, tuple):
            message = f"repeat goes over a list or a range, and this is {describe(rows)}"
            is_count = isinstance(rows, int) and not isinstance(rows, bool)
            help = f"to count from 1, write 1..{over.at.text}" if is_count else "write a list: [a, b]"
            raise Mistake("N309", message, over.at, help)
        return rows

    # ---- layers
    def _layer(self, layer: LayerStatement, place: Place) -> Group:
        at = place.here(layer.at)
        name = self._layer_name(layer.name, place)
        type_name = self._type(layer.type, place)
        fields = {field: p for kind in catalogue.variants(type_name) for field, p in _short_form(kind).items()}
        body = self.statements(layer.body, place.within({**fields, **LAYER}).deeper())
        kind = meant(type_name, body)
        frame: Plain = []
        groups: dict[str, Plain] = {}
        for statement in body:
            home = self._home(statement.name, kind)
            if home is None or not statement.name:
                frame.append(statement)
            if home is not None:
                groups.setdefault(home, []).append(statement)
        self._join(layer, name, kind, frame, place)
        type_at = place.here(layer.type.at)
        head = [_string("name", name, place.here(layer.name.at)), Field("type", Text(type_name, type_at), type_at)]
        blocks = [Group(group, tuple(fields), at, at) for group, fields in groups.items()]
        return Group("layer", (*head, *frame, *blocks), at, at)

    @staticmethod
    def _home(field: str, kind: type[LayerType] | None) -> str | None:
        """The message of the type that a field of the short form goes to; None for the layer itself.

        No BVLC message shares a field name with a layer's frame. A field that a message beside the type's own has goes
        there, not to its old place in the own one; one that nobody knows goes where its name is nearest, which then
        says so.
        """
        if field in LAYER or kind is None:
            return None
        beside = next((name for name, p in kind.fields_beside.items() if field in p.kind.fields), None)
        if beside is not None or field in kind.own_fields:
            return beside or kind.message
        if catalogue.is_message(field):
            return None
        near = closest(field, [*kind.own_fields, *LAYER, *kind.fields_beside])
        return kind.message or None if near is None or near in kind.own_fields else None

    def _join(self, layer: LayerStatement, name: str, kind: type[LayerType] | None, frame: Plain, place: Place) -> None:
        """Add the bottom and top that a layer leaves out, and note what flows on from it."""
        name_at = place.here(layer.name.at)
        given = {statement.name for statement in frame}
        bottom: str | None = None
        takes_flow = not given & {"bottom", ""} and (kind is None or kind.bottoms.most != 0)
        if takes_flow:
            bottom = self._flowing(place.here(layer.at), name, place)
            frame.append(_string("bottom", bottom, name_at))
        if "top" not in given and (kind is None or kind.tops.most != 0):
            in_place = takes_flow and kind is not None and kind.in_place and bottom != self.block_input
            frame.append(_string("top", bottom if in_place else name, name_at))
        tops = _strings(frame, "top")
        self.flow = None if tops is None else tuple(tops)

    def _flowing(self, at: Span, name: str, place: Place) -> str | None:
        """The one top of the layer before; None if nobody knows it."""
        if self.flow is None:
            return None
        if len(self.flow) == 1:
            return self.flow[0]
        several = f"the layer before it has {len(self.flow)} tops: {', '.join(self.flow)}"
        message = f"{name} names no bottom, and {several if self.flow else 'nothing flows in from before'}"
        self._report(Mistake("N307", message, at, 'say which: bottom: "..."'), place)
        return None

    def _layer_name(self, name: Expression, place: Place) -> str:
        """A layer's name; a word that is no variable has only lost its quotes."""
        if isinstance(name, Word) and not self._is_bound(name, place):
            near = did_you_mean(name.value, place.scope.variable_names())
            message = f"a layer's name stands in quotes, and no variable is named {name.value}"
            self._report(Mistake("N301", message, name.at, near or f'write "{name.value}"'), place)
            return name.value
        return self._name(name, place)

    def _name(self, name: Expression, place: Place) -> str:
        value = evaluate(name, place.scope)
        if not isinstance(value, str):
            message = f"a layer's name is a string, and this is {describe(value)}"
            raise Mistake("N309", message, place.here(name.at), f'put it in a string: "${{{name.at.text}}}"')
        return value

    def _type(self, type_name: Expression, place: Place) -> str:
        """A layer type: its own word first, then a variable's."""
        if (
            isinstance(type_name, Word)
            and place.scope.variable(type_name.value)
            and not catalogue.find(type_name.value)
        ):
            return self._name(type_name, place)
        return type_name.value if isinstance(type_name, Word) else self._name(type_name, place)

    def _input(self, declared: Input, place: Place) -> Group:
        at, name = place.here(declared.at), self._name(declared.name, place)
        shape_at = place.here(declared.shape.at)
        dims = tuple(self.statements([Field("dim", declared.shape, shape_at)], place.within(BlobShape.fields)))
        self.flow = (name,)
        shape_group = Group("shape", dims, shape_at, shape_at)
        head = (_string("name", name, place.here(declared.name.at)), _string("type", "Input", at))
        return Group("layer", (*head, _string("top", name, at), Group("input_param", (shape_group,), at, at)), at, at)

    # ---- blocks and files
    def _call(self, call: Call, place: Place) -> Plain:
        at = place.here(call.at)
        closure = place.scope.block(call.name)
        if closure is None:
            help = did_you_mean(call.name, place.scope.block_names()) or "define it above, or include its file"
            raise Mistake("N302", f"there is no block {call.name}", at, help)
        block = closure.block
        if block in self.calls:
            help = "nothing would end it; `repeat` says how often something comes"
            raise Mistake("N305", f"block {call.name} calls itself", at, help, Label(block.at, "defined here"))
        scope, flowing = self._bind(call, closure, place)
        outer, self.block_input = self.block_input, flowing
        if flowing is not None:
            self.flow = (flowing,)
        if flowing is not None or self.flow is None:  # None: broken, so that what reads it stays quiet
            scope.variables["input"] = Binding(flowing, at)
        self.calls.append(block)
        try:
            return self.statements(block.body, Place(scope, NET, at))
        finally:
            self.calls.pop()
            self.block_input = outer

    def _bind(self, call: Call, closure: Closure, place: Place) -> tuple[Scope, str | None]:
        """The scope of a block's body, and the blob that flows in."""
        block, at = closure.block, place.here(call.at)
        scope = Scope(closure.scope)
        flowing = self.flow[0] if self.flow is not None and len(self.flow) == 1 else None
        positional = iter([parameter.name for parameter in block.parameters])
        meant: set[str] = set()  # for what wrong arguments may have been meant
        for argument in call.arguments:
            if argument.name == "input":
                flowing = self._given_input(argument, place)
                if flowing is None:
                    self.flow = None
                continue
            try:
                name = self._parameter(argument, block, positional, scope)
            except Mistake as mistake:
                self._report(mistake, place)
                if argument.name is not None:
                    names = [*(parameter.name for parameter in block.parameters), "input"]
                    near = closest(argument.name, names)
                    meant.update(names if near is None else (near,))
            else:
                scope.let(name, self._attempt(argument.value, place), argument.at)
        if "input" in meant:
            flowing = self.flow = None
        for parameter in block.parameters:
            if parameter.name in scope.variables:
                continue
            value = None
            if parameter.default is not None and parameter.name not in meant:
                value = self._attempt(parameter.default, place._replace(scope=scope))
            elif parameter.default is None and parameter.name not in meant:
                message = f"block {block.name} needs {parameter.name}"
                missing = Mistake("N304", message, at, f"add {parameter.name}: ...", _signature(block))
                missing.diagnostic = missing.diagnostic._replace(subject=parameter.name)
                self._report(missing, place)
            scope.let(parameter.name, value, parameter.at)
        return scope, flowing

    def _given_input(self, argument: Argument, place: Place) -> str | None:
        """The blob that a call lets flow in."""
        value = self._attempt(argument.value, place)
        if value is None or isinstance(value, str):
            return value
        message = f"input is a blob's name, and this is {describe(value)}"
        self._report(Mistake("N304", message, argument.at, "put it in quotes"), place)
        return None

    @staticmethod
    def _parameter(argument: Argument, block: Block, positional: Iterator[str], scope: Scope) -> str:
        """The parameter that an argument is for."""
        names = [parameter.name for parameter in block.parameters]
        name = next(positional, None) if argument.name is None else argument.name
        if name is None:
            count = f"{len(names)} argument{'s' * (len(names) != 1)}"
            raise Mistake("N304", f"block {block.name} takes {count}", argument.at, "drop this one", _signature(block))
        at = argument.at if argument.name is None else argument.at._replace(end=argument.at.start + len(name))
        if name not in names:
            help = did_you_mean(name, [*names, "input"]) or f"it has {', '.join(names) or 'none'}"
            raise Mistake("N304", f"block {block.name} has no parameter {name}", at, help, _signature(block))
        if name in scope.variables:
            message = f"block {block.name} is given {name} twice"
            raise Mistake("N304", message, at, "keep one of them", _signature(block))
        return name

    def _include(self, include: Include, place: Place) -> Plain:
        at = place.here(include.at)
        written = self._name(include.path, place)
        path = join(dirname(include.at.source.path), written)
        if realpath(path) in self.files:
            chain = " includes ".join([*self.files[self.files.index(realpath(path)) :], realpath(path)])
            help = f"drop one of the includes of this circle: {_short(chain)}"
            raise Mistake("N311", f"{written} includes itself", at, help)
        found = Report()
        source = open_source(path, found)
        if source is None:
            (reason,) = found
            raise Mistake("N311", reason.message, at, "the path is relative to the including file")
        tree = parse(source, found)
        self.report.extend(found)
        if found.errors:
            raise NetError(self.report)
        return self.file(tree, at)

    def _opaque(self, opaque: Opaque, place: Place) -> Plain:
        name = self._name(opaque.type, place)
        layer = None if opaque.layer is None else self._name(opaque.layer, place)
        if catalogue.find(name) or (name, layer) in self.opaque:
            where = "" if layer is None else f', and "{layer}" has its shapes'
            message = f"{name} is a layer type already{where}"
            raise Mistake("N312", message, place.here(opaque.type.at), "drop the declaration")
        self.opaque[name, layer] = OpaqueType(name, layer, None, place.here(opaque.at))
        shapes: list[tuple[int | str, ...]] = []
        for statement in opaque.body:
            at = place.here(statement.at)
            if not isinstance(statement, Field) or statement.name != "top_shape":
                message = f"opaque takes top_shape, one for each top, and not {getattr(statement, 'name', 'this')}"
                raise Mistake("N312", message, at, 'write top_shape: [1, "K", 5]')
            value = evaluate(statement.value, place.scope)
            dims = value if isinstance(value, tuple) else (value,)
            sizes = tuple(dim for dim in dims if isinstance(dim, int | str) and not isinstance(dim, bool))
            if len(sizes) != len(dims) or any(isinstance(dim, int) and dim < 0 for dim in sizes):
                message = "a size is a number, or a string that names one which only a run can tell"
                raise Mistake("N312", message, place.here(statement.value.at), 'for example top_shape: [1, "K", 5]')
            shapes.append(sizes)
        self.opaque[name, layer] = OpaqueType(name, layer, tuple(shapes), place.here(opaque.at))
        return []


_FATAL = ("N306", "N311")
"""No end, or a part that can't be read: whatever followed would be guesswork."""


def _signature(block: Block) -> Label:
    return Label(block.at, f"{block.name}({', '.join(parameter.name for parameter in block.parameters)})")


def _short_form(kind: type[LayerType]) -> dict[str, Param]:
    """What may stand in the short form of a layer: the fields of the type's own message, and of those beside it."""
    beside = {name: p for param in kind.fields_beside.values() for name, p in param.kind.fields.items()}
    return {**kind.own_fields, **beside, **kind.fields_beside}


def _string(name: str, value: str | None, at: Span) -> Field:
    return Field(name, Broken(at) if value is None else Text(value, at), at)


def _strings(body: Sequence[Field | Group], name: str) -> list[str] | None:
    """The strings that a field gives; None if any is broken."""
    values = [s.value for s in body if isinstance(s, Field) and s.name in (name, "")]
    strings = [value.value for value in values if isinstance(value, Text)]
    return strings if len(strings) == len(values) else None


def _short(chain: str) -> str:
    return chain.replace(dirname(chain.split(" includes ", maxsplit=1)[0]) + "/", "")
