"""Numbers of things to what is learned of each."""

from torch import Tensor
from torch.nn import functional

from netdef.compiler.layers.embedding import Embed
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.runtime.lowering.base import Op, Setting, lower, places


class _LookUp(Op):
    """Rows of the weight."""

    @override
    def forward(self, numbers: Tensor) -> tuple[Tensor, ...]:
        weight = self.stored("weight")
        rows = functional.embedding(places(numbers, len(weight), self.node, 0), weight)
        bias = self.stored_or_none("bias")
        return (rows if bias is None else rows + bias,)


@lower(Embed)
def embed(layer: Embed, node: Node, setting: Setting) -> Op:
    """A row for each number."""
    return _LookUp(node)
