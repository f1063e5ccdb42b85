"""An expanded tree as text: pure Caffe V2 prototxt, which BVLC Caffe itself loads."""

from collections.abc import Iterator, Sequence

from netdef.compiler.syntax.tree import Expanded, Expression, Field, Group, Number, Text, Word

OURS = ("expect", "preprocess")
"""Fields of a net that Caffe does not know."""
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def write(expanded: Expanded) -> str:
    """The text of a net: its fields, then its layers in order."""
    return "\n".join(_lines([s for s in expanded.body if s.name not in OURS], "")) + "\n"


def _lines(body: Sequence[Field | Group], indent: str) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, Field):
            yield f"{indent}{statement.name}: {_literal(statement.value)}"
        elif not statement.body:
            yield f"{indent}{statement.name} {{ }}"
        else:
            yield f"{indent}{statement.name} {{"
            yield from _lines(statement.fields, indent + "  ")
            yield f"{indent}}}"


def _literal(value: Expression) -> str:
    if isinstance(value, Text):
        return f'"{"".join(_ESCAPES.get(c) or (c if c.isprintable() else _bytes(c)) for c in value.value)}"'
    if isinstance(value, Word):
        return value.value
    assert isinstance(value, Number), value
    return repr(value.value).removesuffix(".0")


def _bytes(character: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in character.encode())
