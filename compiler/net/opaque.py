"""Layers of types that only their author can run: the shapes of their tops are declared, and the rest is unknown.

1. A layer takes as many of the declared shapes as it has tops: the first ones.
2. A type whose name ends in ``Loss`` is a loss; without a declared shape, its top is a scalar.
3. A named size is the layer's own. Two layers' ``K`` are two symbols, called ``K@first`` and ``K@second`` in a net
   that has both; the tops of one layer share theirs.
4. What a position of a top sees of the input is unknown.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar

from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import Arity, Layer
from netdef.compiler.layers.roles import Colour, Makes
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shapes
from netdef.compiler.size import Dim, may_be_declared, symbol
from netdef.compiler.syntax.tree import DeclaredShapes, Expanded, OpaqueType


class _Opaque(Layer, bottoms=Arity(0, None), tops=Arity(0, None), keeps_positions=False):
    """What all such types share; each layer has a class of its own."""

    declared: ClassVar[OpaqueType]
    shapes: ClassVar[Shapes]

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if num_tops > len(self.shapes):
            message = f"{num_tops} tops, and {len(self.shapes)} top_shape of {self.type_name}: each top needs its own"
            at = f"top {len(self.shapes)}"
            declaration = f'opaque "{self.type_name}" at "layer name" {{ {"top_shape: [1, 10] " * num_tops}}}'
            raise Refusal("N503", message, at=at, help=f"say it of this layer alone: {declaration}")
        return self.shapes[:num_tops]


def declare(expanded: Expanded, shapes: DeclaredShapes, report: Report) -> Expanded:
    """The same with types declared from outside; these come before what the file itself declares of them."""
    declared = dict(expanded.opaque)
    for type, top_shapes in shapes.items():
        if catalogue.find(type):
            report.add(Diagnostic("N312", f"--opaque {type}: {type} is a layer type already", help="drop the option"))
        if not all(may_be_declared(dim) for shape in top_shapes for dim in shape):
            message = f"--opaque {type}: a size is a number, or a name for what only a run can tell"
            report.add(Diagnostic("N312", message, help=f"for example --opaque {type}=1xKx5"))
            continue
        declared[type, None] = OpaqueType(type, None, tuple(map(tuple, top_shapes)), None)
    return expanded._replace(opaque=declared)


def opaque_layer(declared: OpaqueType) -> Layer | None:
    """A layer as its type's declaration has it; None if that is broken."""
    return None if declared.top_shapes is None else _made(declared, {})


def own_symbols(layers: Sequence[tuple[str, Layer | None]]) -> list[Layer | None]:
    """The layers of a net, by name, with symbols that no two of them share."""
    declaring = Counter(word for _, layer in layers for word in _symbols(layer))
    namesakes: Counter[str] = Counter()
    owned: list[Layer | None] = []
    for name, layer in layers:
        if isinstance(layer, _Opaque):
            namesakes[name] += 1
            owner = f"{name}#{namesakes[name]}" if namesakes[name] > 1 else name
            names = {word: f"{word}@{owner}" for word in _symbols(layer) if declaring[word] > 1}
            owned.append(_made(layer.declared, names))
        else:
            owned.append(layer)
    return owned


def _symbols(layer: Layer | None) -> set[str]:
    """The names of the sizes that a layer declares."""
    shapes = (layer.declared.top_shapes or ()) if isinstance(layer, _Opaque) else ()
    return {dim for shape in shapes for dim in shape if isinstance(dim, str)}


def _made(declared: OpaqueType, names: Mapping[str, str]) -> Layer:
    """A layer of a declared type; ``names`` has the symbols that are called otherwise than declared."""
    is_loss = declared.type.endswith("Loss")
    top_shapes = declared.top_shapes or (((),) if is_loss else ())

    def size(dim: int | str) -> Dim:
        return dim if isinstance(dim, int) else symbol(names.get(dim, dim))

    class _Declared(
        _Opaque,
        name=declared.type,
        makes=Makes.LOSS if is_loss else Makes.VALUES,
        colour=Colour.ORANGE if is_loss else Colour.WHITE,
    ):
        """A layer type that only its author can run."""

    _Declared.declared = declared
    _Declared.shapes = tuple(tuple(size(dim) for dim in shape) for shape in top_shapes)
    return _Declared()
