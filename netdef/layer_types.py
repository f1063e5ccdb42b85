"""All that a file with layer types of your own needs; ``--load FILE`` and ``netdef.load_layers`` run it.

    from netdef.layer_types import Layer, Shapes, Weight, onnx_rule, param, pytorch_rule

    class SelfGate(Layer, message="gate_param"):
        '''x times the sigmoid of beta x.'''

        beta: float = param(1, default=1.0, doc="how steep")

    @pytorch_rule(SelfGate)
    def self_gate(layer, node, setting):
        from netdef.runtime.lowering.base import Function

        return Function(node, lambda x: x * (layer.beta * x).sigmoid())

    @onnx_rule(SelfGate)
    def self_gate_in_onnx(layer, node, graph):
        x = node.bottoms[0].id
        graph.op("Mul", x, graph.op("Sigmoid", graph.op("Mul", x, graph.constant(layer.beta))), into=node.tops[0].id)

Rules import what they need when they are applied, so that a summary takes no longer than before. A package may bring
types, too: as entry points of the group ``netdef.layers``, named as the types.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from netdef.compiler.compare_sizes import is_below, may_divide
from netdef.compiler.layers.base import Arity, Divisor, Layer, Weight, Window
from netdef.compiler.layers.checks import find_axis, known_sizes, need_rank, same_shapes
from netdef.compiler.layers.roles import Colour, Makes, WeightRole, Written
from netdef.compiler.override import override
from netdef.compiler.rules import declare_rule
from netdef.compiler.schema.caffe import BlobShape, Engine, Filler
from netdef.compiler.schema.message import Message, ProtoEnum, Refusal, beside, pair, param
from netdef.compiler.shape import Pair, Shape, Shapes, differ, product
from netdef.compiler.size import Dim, symbol

if TYPE_CHECKING:
    from netdef.compiler.net.net import Node
    from netdef.compiler.onnx.graph import Graph
    from netdef.runtime.lowering.base import Op, Setting

__all__ = [
    "Arity", "BlobShape", "Colour", "Dim", "Divisor", "Engine", "Filler", "Layer", "Makes", "Message", "Pair",
    "ProtoEnum", "Refusal", "Shape", "Shapes", "Weight", "WeightRole", "Window", "Written", "beside", "differ",
    "find_axis", "is_below", "known_sizes", "may_divide", "need_rank", "onnx_rule", "override", "pair", "param",
    "product", "pytorch_rule", "same_shapes", "symbol",
]  # fmt: skip

L = TypeVar("L", bound=Layer)


def pytorch_rule(
    kind: type[L],
) -> "Callable[[Callable[[L, Node, Setting], Op]], Callable[[L, Node, Setting], Op]]":
    """Decorate what makes the PyTorch module of a layer (``netdef.runtime.lowering.base.Op``)."""

    def declare(rule: "Callable[[L, Node, Setting], Op]") -> "Callable[[L, Node, Setting], Op]":
        declare_rule("pytorch", kind, rule)
        return rule

    return declare


def onnx_rule(kind: type[L]) -> "Callable[[Callable[[L, Node, Graph], None]], Callable[[L, Node, Graph], None]]":
    """Decorate what adds a layer's operators to an ONNX graph (``netdef.compiler.onnx.graph.Graph``)."""

    def declare(rule: "Callable[[L, Node, Graph], None]") -> "Callable[[L, Node, Graph], None]":
        declare_rule("onnx", kind, rule)
        return rule

    return declare
