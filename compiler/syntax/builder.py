"""The parser's callbacks: one method for each rule of ``net.lark``, from tokens and nodes to a node."""

from typing import Any

from netdef.compiler.source import Span
from netdef.compiler.syntax.tokens import Token
from netdef.compiler.syntax.tree import (
    Argument,
    Binary,
    Block,
    Broken,
    Call,
    Choice,
    Expression,
    Field,
    Group,
    If,
    Include,
    Input,
    LayerStatement,
    Let,
    List,
    Lost,
    Number,
    Opaque,
    Parameter,
    Range,
    Repeat,
    Statement,
    Target,
    Template,
    Text,
    Unary,
    Word,
)

Children = list[Any]


def _statements(children: Children) -> tuple[Statement, ...]:
    statements: list[Statement] = []
    for child in children:
        if child.__class__ is Token:  # FIELDS
            statements += child.value
        elif child.__class__ is list:  # the groups of `name [ {...}, {...} ]`
            statements += child
        else:
            statements.append(child)
    return tuple(statements)


def _value_of(token: Token) -> Expression:
    expression: Expression = Word(token.value, token.at) if token.type == "NAME" else token.value
    return expression


class Body:
    """What stands between two braces, and the braces."""

    __slots__ = ("close", "open", "statements")

    def __init__(self, statements: tuple[Statement, ...], open: Span, close: Span | None) -> None:
        self.statements = statements
        self.open = open
        self.close = close


class _Builder:
    """Builds the tree while the text is parsed; it keeps no state, since every token knows its place."""

    # ---- statements
    def start(self, children: Children) -> tuple[Statement, ...]:
        return _statements(children)

    def body(self, children: Children) -> Body:
        return Body(_statements(children[1:-1]), children[0].at, children[-1].at)

    def field(self, children: Children) -> Field:
        name, value = children
        return Field(name.value, value, name.at)

    def group(self, children: Children) -> Group:
        name, body = children
        return Group(name.value, body.statements, name.at, body.close)

    def groups(self, children: Children) -> list[Group]:
        name, *bodies = children
        return [Group(name.value, body.statements, name.at, body.close) for body in bodies]

    def lost(self, children: Children) -> Lost:
        lost: Lost = children[0].value
        return lost

    def layer(self, children: Children) -> LayerStatement:
        keyword, name, kind, *bodies = children
        at, body = keyword.at.to(kind.at), bodies[0] if bodies else Body((), keyword.at, None)
        return LayerStatement(_value_of(name), _value_of(kind), body.statements, at, body.close)

    def input(self, children: Children) -> Input:
        keyword, name, shape = children
        return Input(name.value, shape, keyword.at.to(shape.at))

    def let(self, children: Children) -> Let:
        _, name, value = children
        return Let(name.value, value, name.at)

    def block(self, children: Children) -> Block:
        _, name, *parameters, body = children
        return Block(name.value, tuple(parameters), body.statements, name.at, body.close)

    def parameter(self, children: Children) -> Parameter:
        name, *default = children
        return Parameter(name.value, default[0] if default else None, name.at)

    def call(self, children: Children) -> Call:
        name, *arguments = children
        return Call(name.value, tuple(arguments), name.at)

    def argument(self, children: Children) -> Argument:
        (value,) = children
        return Argument(None, value, value.at)

    def named_argument(self, children: Children) -> Argument:
        name, value = children
        return Argument(name.value, value, name.at.to(value.at))

    def repeat(self, children: Children) -> Repeat:
        keyword, *targets, _, over, body = children
        index = targets[0].names[0] if len(targets) == 2 else None
        return Repeat(index, targets[-1], over, body.statements, keyword.at, body.close)

    def target(self, children: Children) -> Target:
        return Target((children[0].value,), False, children[0].at)

    def row(self, children: Children) -> Target:
        return Target(tuple(name.value for name in children), True, children[0].at.to(children[-1].at))

    def range(self, children: Children) -> Range:
        first, _, last = children
        return Range(first, last, first.at.to(last.at))

    def if_(self, children: Children) -> If:
        keyword, condition, then, *otherwise = children
        otherwise = otherwise[1:]
        if not otherwise:
            branch: tuple[Statement, ...] = ()
        elif isinstance(otherwise[0], If):
            branch = (otherwise[0],)
        else:
            branch = otherwise[0].statements
        return If(condition, then.statements, branch, keyword.at, children[-1].close)

    def include(self, children: Children) -> Include:
        keyword, path = children
        return Include(path.value, keyword.at.to(path.at))

    def opaque(self, children: Children) -> Opaque:
        keyword, kind, *at_layer, body = children
        layer = at_layer[1].value if at_layer else None
        return Opaque(kind.value, layer, body.statements, keyword.at.to(children[-2].at), body.close)

    # ---- expressions
    def list(self, children: Children) -> List:
        return List(tuple(children[1:-1:2]), children[0].at.to(children[-1].at))

    def choice(self, children: Children) -> Choice:
        condition, then, otherwise = children
        return Choice(condition, then, otherwise, condition.at.to(otherwise.at))

    def binary(self, children: Children) -> Binary:
        left, operator, right = children
        return Binary(operator.value, left, right, operator.at, left.at.to(right.at))

    def unary(self, children: Children) -> Number | Unary:
        operator, operand = children
        at = operator.at.to(operand.at)
        if isinstance(operand, Number) and operator.type == "MINUS":
            return Number(-operand.value, at)
        return Unary(operator.value, operand, at)

    def word(self, children: Children) -> Word:
        (name,) = children
        return Word(name.value, name.at)

    def broken(self, children: Children) -> Broken:
        return Broken(children[0].at)

    def parenthesised(self, children: Children) -> Expression:
        opening, inner, closing = children
        expression: Expression = inner._replace(at=opening.at.to(closing.at))
        return expression

    def number(self, children: Children) -> Number:
        (number,) = children
        return Number(number.value, number.at)

    def text(self, children: Children) -> Text | Template:
        first: Text | Template = children[0].value
        if len(children) == 1:
            return first
        parts: list[str | Expression] = []
        for token in children:
            parts.extend(token.value.parts if isinstance(token.value, Template) else (token.value.value,))
        at = first.at.to(children[-1].at)
        if all(isinstance(part, str) for part in parts):
            return Text("".join(str(part) for part in parts), at)
        return Template(tuple(parts), at)


setattr(_Builder, "if", _Builder.if_)  # the rule's name is a word of Python
BUILDER = _Builder()
