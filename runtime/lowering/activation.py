"""Functions of one value."""

from torch import Tensor
from torch.nn import functional as F  # noqa: N812: torch's own name for it

from netdef.compiler.layers.activation import ELU, Power, PReLU, ReLU, Sigmoid, TanH
from netdef.compiler.net import Node
from netdef.compiler.override import override
from netdef.runtime.lowering.base import Function, Op, Setting, lower


class Rectify(Op):
    """max(x, 0), or x times a slope below 0."""

    replaces_input = True
    may_be_replaced = False

    def __init__(self, layer: ReLU, node: Node) -> None:
        super().__init__(node)
        self.slope = layer.negative_slope

    @override
    def forward(self, bottom: Tensor) -> tuple[Tensor, ...]:
        return (F.leaky_relu(bottom, self.slope) if self.slope else F.relu(bottom),)

    @override
    def in_place(self, bottom: Tensor) -> tuple[Tensor, ...]:
        return (F.leaky_relu_(bottom, self.slope) if self.slope else F.relu_(bottom),)


@lower(ReLU)
def relu(layer: ReLU, node: Node, setting: Setting) -> Op:
    return Rectify(layer, node)


class RectifyWithLearnedSlope(Op):
    """x, or x times its channel's slope below 0."""

    @override
    def forward(self, bottom: Tensor) -> tuple[Tensor, ...]:
        return (F.prelu(bottom, self.stored("slope").view(-1)),)


@lower(PReLU)
def prelu(layer: PReLU, node: Node, setting: Setting) -> Op:
    return RectifyWithLearnedSlope(node)


@lower(ELU)
def elu(layer: ELU, node: Node, setting: Setting) -> Op:
    return Function(node, lambda x: F.elu(x, layer.alpha))


@lower(Sigmoid)
def sigmoid(layer: Sigmoid, node: Node, setting: Setting) -> Op:
    return Function(node, Tensor.sigmoid)


@lower(TanH)
def tanh(layer: TanH, node: Node, setting: Setting) -> Op:
    return Function(node, Tensor.tanh)


@lower(Power)
def power(layer: Power, node: Node, setting: Setting) -> Op:
    def raised(x: Tensor) -> Tensor:
        base = x * layer.scale + layer.shift
        return base if layer.power == 1 else base**layer.power

    return Function(node, raised)
