"""Layers of types that only their author can run: the shapes of their tops are declared, and the rest is unknown.

1. A layer takes as many of the declared shapes as it has tops: the first ones. One shape is that of all its tops.
2. A type whose name ends in ``Loss`` is a loss; without a declared shape, its top is a scalar.
3. A named size is one that only a run of the layer can tell; the layer's tops share it, and no other layer does.
4. What a position of a top sees of the input is unknown.
"""

from collections.abc import Callable
from typing import ClassVar

from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.layers import catalogue
from netdef.compiler.layers.base import Arity, Layer
from netdef.compiler.layers.roles import Colour, Makes
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal
from netdef.compiler.shape import Shapes
from netdef.compiler.size import may_be_declared, symbol
from netdef.compiler.syntax.tree import DeclaredShapes, Expanded, OpaqueType


class _Opaque(Layer, bottoms=Arity(0, None), tops=Arity(0, None), keeps_positions=False):
    """What all such types share; each layer has a class of its own."""

    declared: ClassVar[OpaqueType]
    shapes: ClassVar[tuple[tuple[int | str, ...], ...]]
    """Those that are declared for the tops; a string is the name of a size."""

    @override
    def __reduce__(self) -> tuple[Callable[[OpaqueType], Layer | None], tuple[OpaqueType]]:
        """How a copy, or another process, makes the layer."""
        return opaque_layer, (self.declared,)

    @property
    @override
    def run_sizes(self) -> tuple[str, ...]:
        return tuple({dim: None for shape in self.shapes for dim in shape if isinstance(dim, str)})

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        declared = self.shapes * num_tops if len(self.shapes) == 1 else self.shapes
        if num_tops > len(declared):
            rule = "one for all tops, or one for each"
            message = f"{counted(num_tops, 'top')}, and {len(self.shapes)} top_shape of {self.type_name}: {rule}"
            at = f"top {len(self.shapes)}"
            declaration = f'opaque "{self.type_name}" at "layer name" {{ {"top_shape: [1, 10] " * num_tops}}}'
            raise Refusal("N503", message, at=at, help=f"say it of this layer alone: {declaration}")
        shapes = declared[:num_tops]
        return tuple(tuple(symbol(dim) if isinstance(dim, str) else dim for dim in shape) for shape in shapes)


def declare(expanded: Expanded, shapes: DeclaredShapes, report: Report) -> Expanded:
    """The same with types declared from outside; these come before what the file itself declares of them."""
    declared = dict(expanded.opaque)
    for type, top_shapes in shapes.items():
        if not catalogue.may_be_declared(type):
            report.add(Diagnostic("N312", f"--opaque {type}: {type} is a layer type already", help="drop the option"))
        if not all(may_be_declared(dim) for shape in top_shapes for dim in shape):
            message = f"--opaque {type}: a size is a number, or a name for what only a run can tell"
            report.add(Diagnostic("N312", message, help=f"for example --opaque {type}=1xKx5"))
            continue
        declared[type, None] = OpaqueType(type, None, tuple(map(tuple, top_shapes)), None)
    return expanded._replace(opaque=declared)


def opaque_layer(declaration: OpaqueType) -> Layer | None:
    """A layer as its type's declaration has it; None if that is broken."""
    if declaration.top_shapes is None:
        return None
    is_loss = declaration.type.endswith("Loss")

    class _Declared(
        _Opaque,
        name=declaration.type,
        makes=Makes.LOSS if is_loss else Makes.VALUES,
        colour=Colour.ORANGE if is_loss else Colour.WHITE,
    ):
        """A layer type that only its author can run."""

        declared = declaration
        shapes = declaration.top_shapes or (((),) if is_loss else ())

    return _Declared()
