"""What a ``.net`` text says, before anybody asks what it means.

A tree holds statements and expressions, each with its span. ``expand`` turns it into an *expanded* tree,
which has only ``Field`` (with a ``Literal`` for its value) and ``Group`` left: plain prototxt.
What can't be read keeps its place, as ``Broken`` (a value) or ``Lost`` (a statement).
Field names are not checked here: the grammar knows nothing of Caffe's schema.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from netdef.compiler.source import Source, Span


# ---- literals and expressions
class Number(NamedTuple):
    """A number as written: an int where the text is one (decimal, hex, octal), else a float."""

    value: int | float
    at: Span
    bound_at: Span | None = None
    """Where the variable is bound that it is the value of; None for what stands there itself."""


class Text(NamedTuple):
    """A string: escapes resolved, adjacent strings joined, ``${...}`` still inside (see ``Template``)."""

    value: str
    at: Span
    bound_at: Span | None = None
    """Where the variable is bound that it is the value of; None for what stands there itself."""


class Word(NamedTuple):
    """A bare word: an enum's word, ``true``, ``inf``, or a variable (expansion, which knows the field, decides)."""

    value: str
    at: Span
    bound_at: Span | None = None
    """Where the variable is bound that it is the value of; None for what stands there itself."""


class Broken(NamedTuple):
    """What can't be read or worked out, and has been reported: whatever depends on it stays quiet."""

    at: Span


class List(NamedTuple):
    """``[a, b]``."""

    items: "tuple[Expression, ...]"
    at: Span


class Template(NamedTuple):
    """A string with ``${expr}`` in it: text and expressions in turn."""

    parts: "tuple[str | Expression, ...]"
    at: Span


class Unary(NamedTuple):
    """``-x``, ``+x`` or ``not x``."""

    operator: str
    operand: "Expression"
    at: Span


class Binary(NamedTuple):
    """Arithmetic, a comparison, ``and`` or ``or``; ``operator_at`` is the operator's own place."""

    operator: str
    left: "Expression"
    right: "Expression"
    operator_at: Span
    at: Span


class Choice(NamedTuple):
    """``condition ? then : otherwise``."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"
    at: Span


class Range(NamedTuple):
    """``first..last``, both included; only after ``repeat ... in``."""

    first: "Expression"
    last: "Expression"
    at: Span


Literal = Number | Text | Word
Expression = Number | Text | Word | List | Template | Unary | Binary | Choice | Broken
Value = int | float | str | bool | tuple["Value", ...]
"""What an expression is worth."""


# ---- statements
class Field(NamedTuple):
    """``name: value``."""

    name: str
    value: Expression
    at: Span
    """The name's place."""

    @property
    def end(self) -> Span:
        """What it ends with: its value."""
        return self.value.at


class Group(NamedTuple):
    """``name { ... }``: a message in a message. ``name [ {...}, {...} ]`` is several of them."""

    name: str
    body: "tuple[Statement, ...]"
    at: Span
    """The name's place."""
    close: Span
    """The closing brace, where a missing field would stand."""

    @property
    def end(self) -> Span:
        """What it ends with: its brace."""
        return self.close

    @property
    def fields(self) -> "tuple[Plain, ...]":
        """The body of a group in an expanded tree, where nothing else is left."""
        return cast("tuple[Plain, ...]", self.body)


class Lost(NamedTuple):
    """A statement that can't be read or run, and has been reported: nobody knows what it would have made.

    ``keyword`` is the word that began it, and ``name`` what a ``let``, a ``block`` or an ``opaque`` was to name, if
    that is known: who uses the name stays quiet.
    """

    at: Span
    keyword: str = ""
    name: str = ""


class LayerStatement(NamedTuple):
    """``layer NAME Type { ... }``; the body may be absent."""

    name: Expression
    type: Expression
    body: "tuple[Statement, ...]"
    at: Span
    """The word ``layer`` to the type."""
    close: Span | None
    """The closing brace, where a missing field would stand; None without a body."""


class Input(NamedTuple):
    """``input "data" [1, 3, 224, 224]``."""

    name: Expression
    shape: Expression
    at: Span


class Let(NamedTuple):
    """``let NAME = VALUE``."""

    name: str
    value: Expression
    at: Span
    """The name's place."""


class Parameter(NamedTuple):
    """One of a block's; ``default`` is None where the caller must give it."""

    name: str
    default: Expression | None
    at: Span


class Block(NamedTuple):
    """``block NAME(a, b = 1) { ... }``."""

    name: str
    parameters: tuple[Parameter, ...]
    body: "tuple[Statement, ...]"
    at: Span
    """The name's place."""
    close: Span
    """The closing brace."""


class Argument(NamedTuple):
    """``value`` or ``name: value`` in a call."""

    name: str | None
    value: Expression
    at: Span


class Call(NamedTuple):
    """``NAME(1, b: 2)``."""

    name: str
    arguments: tuple[Argument, ...]
    at: Span
    """The name's place."""


class Target(NamedTuple):
    """What a ``repeat`` binds in each turn: one name, or several in parentheses that take a row apart."""

    names: tuple[str, ...]
    unpacks: bool
    at: Span


class Repeat(NamedTuple):
    """``repeat i in 1..n``, ``repeat x in LIST``, ``repeat i, (a, b) in ROWS`` (``i`` from 1)."""

    index: str | None  # type: ignore[assignment]  # tuples have a method of this name, which nobody calls on this one
    target: Target
    over: Expression | Range
    body: "tuple[Statement, ...]"
    at: Span
    """The word ``repeat``."""
    close: Span
    """The closing brace."""


class If(NamedTuple):
    """``if EXPR { ... } else { ... }``; ``else if`` is an ``If`` alone in ``otherwise``."""

    condition: Expression
    then: "tuple[Statement, ...]"
    otherwise: "tuple[Statement, ...]"
    at: Span
    """The word ``if``."""
    close: Span
    """The closing brace."""


class Include(NamedTuple):
    """``include "file.net"``, relative to the including file."""

    path: Text
    at: Span


class Opaque(NamedTuple):
    """``opaque "Type" { top_shape: [1, "K", 5] }``: a layer type that only its author can run.

    ``opaque "Type" at "layer name" { ... }`` says it for one layer.
    """

    type: Text
    layer: Text | None
    body: "tuple[Statement, ...]"
    at: Span
    close: Span
    """The closing brace."""


Statement = Field | Group | Lost | LayerStatement | Input | Let | Block | Call | Repeat | If | Include | Opaque
Plain = Field | Group | Lost
"""What an expanded tree is made of."""


class Tree(NamedTuple):
    """A parsed text. ``comments`` are the places of the ``#`` comments, in order."""

    source: Source
    body: tuple[Statement, ...]
    comments: tuple[Span, ...]
    has_constructs: bool
    """Whether it uses anything that prototxt does not have (then ``${`` in a string is a template)."""
    is_sound: bool = True
    """Whether its braces and quotes close; else what stands where is a guess, and so is all that follows from it."""
    mended: "Tree | None" = None
    """The same text as if its mistakes were mended by other guesses: what only follows from one is not said."""


# ---- the expanded tree
class Expanded(NamedTuple):
    """A tree with only ``Field``, ``Group`` and ``Lost`` left, and what was learnt on the way.

    In it every ``Field.value`` is a ``Literal``, a list field stands as several fields, and layers, inputs and
    their bottoms and tops are spelt out as in Caffe's V2 prototxt.
    """

    source: Source
    body: tuple[Plain, ...]
    opaque: "Mapping[tuple[str, str | None], OpaqueType]"
    """By type, and by the name of the one layer that a declaration holds for (None: for all)."""
    has_constructs: bool
    settable: tuple[str, ...]
    """The names of its ``let`` variables, which ``--set`` may override."""
    unused: tuple[str, ...]
    """Names given to ``--set`` that no ``let`` has."""
    is_sound: bool = True
    """Whether the braces and quotes of all its texts close (see ``Tree``)."""
    origin: str = ""
    """The fork whose layer types are meant where a name has several; empty if nobody says."""
    may_be_mended: bool = False
    """Whether a text of it, its own or an included one, has a reading as mended, too (see ``Tree``)."""

    def declaration(self, type: str, layer: str) -> "OpaqueType | None":
        """What the file declares of an opaque type: for this layer, or else for all."""
        return self.opaque.get((type, layer)) or self.opaque.get((type, None))


DeclaredShapes = Mapping[str, Sequence[Sequence[int | str]]]
"""Shapes of the tops of opaque layer types, by type; a string names a size that only a run can tell."""


class OpaqueType(NamedTuple):
    """A layer type whose tops' shapes its user declared; a string is the symbol of a size known at run time."""

    type: str
    layer: str | None
    """The one layer that this holds for; None for all of the type."""
    top_shapes: tuple[tuple[int | str, ...], ...] | None
    """None if the declaration is broken."""
    at: Span | None
    """None if it does not stand in a text."""
