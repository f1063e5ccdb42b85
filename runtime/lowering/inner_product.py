"""The fully connected layer."""

from torch import Tensor
from torch.nn import functional

from netdef.compiler.layers.checks import find_axis
from netdef.compiler.layers.inner_product import InnerProduct
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.runtime.lowering.base import Op, Setting, lower, rank


class _Multiply(Op):
    """Everything from an axis on, flattened, times the weight."""

    returns_fresh_memory = True

    def __init__(self, layer: InnerProduct, node: Node) -> None:
        super().__init__(node)
        self.axis = find_axis(layer.axis, rank(node))
        self.transposed = layer.transpose

    @override
    def forward(self, bottom: Tensor) -> tuple[Tensor, ...]:
        weight = self.stored("weight")
        matrix = weight.t() if self.transposed else weight
        return (functional.linear(bottom.flatten(self.axis), matrix, self.stored_or_none("bias")),)


@lower(InnerProduct)
def inner_product(layer: InnerProduct, node: Node, setting: Setting) -> Op:
    """A matrix product."""
    return _Multiply(layer, node)
