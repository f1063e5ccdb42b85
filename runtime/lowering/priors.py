"""Default boxes: they depend on sizes alone."""

import torch
from torch import Tensor

from netdef.compiler.layers.prior_boxes import prior_boxes
from netdef.compiler.layers.priors import PriorBox
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.compiler.shape import Pair
from netdef.runtime.lowering.base import Op, Setting, lower


class _Priors(Op):
    """The boxes of the sizes that come, made once for each."""

    def __init__(self, layer: PriorBox, node: Node) -> None:
        super().__init__(node)
        self.priors = layer
        self.known: dict[tuple[Pair, Pair], Tensor] = {}

    @override
    def forward(self, cells: Tensor, image: Tensor) -> tuple[Tensor, ...]:
        sizes = Pair(*cells.shape[2:]), Pair(*image.shape[2:])
        if sizes not in self.known:
            self.known = {sizes: torch.from_numpy(prior_boxes(self.priors, *sizes))}
        return (self.known[sizes].to(cells.device, torch.float32),)


@lower(PriorBox)
def prior_box(layer: PriorBox, node: Node, setting: Setting) -> Op:
    """Boxes and variances, without gradients."""
    return _Priors(layer, node)
