"""A net as text: pure Caffe V2 prototxt, which BVLC Caffe itself loads."""

from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import chain
from typing import Any

from netdef.compiler.lints.comments import comments_of_file, comments_on
from netdef.compiler.net.net import Net, Node
from netdef.compiler.schema.message import Message, Param
from netdef.compiler.source import Source, Span
from netdef.compiler.syntax.literals import quoted
from netdef.compiler.syntax.tree import Expanded, Expression, Field, Group, Literal, Lost, Number, Plain, Text, Word
from netdef.compiler.views.for_bvlc import for_bvlc

OURS = ("expect", "preprocess")
"""Fields of a net that Caffe does not know."""
OF_LAYERS = ("origin",)
"""Fields of a layer that Caffe does not know."""
_RULES = ("include", "exclude", "phase")
"""Fields of a layer that have done their work when its net is built."""
_NOWHERE = Span(Source("<net>", ""), 0, 0)


def write(expanded: Expanded) -> str:
    """The text of all phases: the net's fields, then its layers, field for field as the file has them.

    What the file's comments say of warnings stands above the statements that it is for.
    """
    body = [_as_caffes(s) for s in expanded.body if s.name not in OURS]
    comments = [comments_of_file(expanded.source), *(comments_on(s) for s in body)]
    texts = ["", *(_text([s]) for s in body)]
    return "".join("".join(f"{line}\n" for line in said) + text for said, text in zip(comments, texts, strict=True))


def write_net(net: Net) -> str:
    """The text of a net in one phase: its layers without rules, with the sizes that they have there."""
    old = ("input", "input_dim", "input_shape", "state", *OURS)
    frame = [s for s in _statements(net.definition.frame) if s.name not in old]
    layers = [Group("layer", tuple(_layer(node)), _NOWHERE, _NOWHERE) for node in net.nodes]
    return _text(for_bvlc([*frame, *layers]))


def _as_caffes(statement: Plain) -> Plain:
    """A statement of a net without what Caffe does not know."""
    if not isinstance(statement, Group) or statement.name != "layer":
        return statement
    return statement._replace(body=tuple(s for s in statement.fields if s.name not in OF_LAYERS))


# ---- messages to statements
def _layer(node: Node) -> Iterator[Field | Group]:
    yield from (s for s in _statements(node.definition.frame) if s.name not in (*_RULES, *OF_LAYERS))
    own = [s for s in _statements(node.layer) if s.name not in node.layer.fields_beside]
    if own:
        yield Group(node.layer.message, tuple(own), _NOWHERE, _NOWHERE)
    yield from (s for s in _statements(node.layer) if s.name in node.layer.fields_beside)


def _statements(message: Message) -> Iterator[Field | Group]:
    """The fields that differ from their defaults."""
    given = ((param, getattr(message, param.attribute)) for param in message.params.values())
    return chain.from_iterable(_spelt(param, value) for param, value in given if value != param.default)


def _spelt(param: Param, value: Any) -> Iterator[Field | Group]:
    names = {axis: name for name, (_, axis) in param.spellings.items()}
    if param.is_pair and value[0] != value[1]:
        yield from (_statement(names[axis], size) for axis, size in enumerate(value))
    elif param.is_pair:
        yield _statement(names[None], value[0])
    else:
        yield from (_statement(names[None], item) for item in (value if param.repeated else (value,)))


def _statement(name: str, value: Any) -> Field | Group:
    if isinstance(value, Message):
        return Group(name, tuple(_statements(value)), _NOWHERE, _NOWHERE)
    literal: Literal
    if isinstance(value, Enum):
        literal = Word(value.name, _NOWHERE)
    elif isinstance(value, bool):
        literal = Word("true" if value else "false", _NOWHERE)
    else:
        literal = Text(value, _NOWHERE) if isinstance(value, str) else Number(value, _NOWHERE)
    return Field(name, literal, _NOWHERE)


# ---- statements to text
def _text(body: Sequence[Plain]) -> str:
    return "\n".join(_lines(body, "")) + "\n"


def _lines(body: Sequence[Plain], indent: str) -> Iterator[str]:
    for statement in body:
        assert not isinstance(statement, Lost), "a tree with mistakes is not printed"
        if isinstance(statement, Field):
            yield f"{indent}{statement.name}: {literal_text(statement.value)}"
        elif not statement.body:
            yield f"{indent}{statement.name} {{ }}"
        else:
            yield f"{indent}{statement.name} {{"
            yield from _lines(statement.fields, indent + "  ")
            yield f"{indent}}}"


def literal_text(value: Expression) -> str:
    """A number, string or word as prototxt has it."""
    if isinstance(value, Text):
        return quoted(value.value)
    if isinstance(value, Word):
        return value.value
    assert isinstance(value, Number), value
    return repr(value.value).removesuffix(".0")
