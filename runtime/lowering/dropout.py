"""Dropout."""

from torch import Tensor

from netdef.compiler.layers.dropout import Dropout
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Phase
from netdef.runtime.lowering.base import Function, Op, Setting, lower
from netdef.runtime.lowering.dropout_generator import drop


class _Drop(Op):
    """Sets values to 0 at random and scales up the rest, in training; otherwise the bottom itself."""

    def __init__(self, layer: Dropout, node: Node, setting: Setting) -> None:
        super().__init__(node)
        self.share = layer.dropout_ratio
        self.index = setting.number
        self.generator = setting.generator

    @override
    def forward(self, bottom: Tensor) -> tuple[Tensor, ...]:
        if not self.training:
            return (bottom,)
        num = len(bottom)
        bits = self.generator.bits(self.index, num, bottom[0].numel())
        return (drop(bottom, self.share, bits),)


@lower(Dropout)
def dropout(layer: Dropout, node: Node, setting: Setting) -> Op:
    """Masks in TRAIN; in TEST the bottom itself."""
    return _Drop(layer, node, setting) if setting.phase is Phase.TRAIN else Function(node, lambda x: x)
