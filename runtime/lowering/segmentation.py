"""Segmentation: how right a map of classes is."""

import torch
from torch import Tensor

from netdef.compiler.layers.segmentation import MultiStageMeanfield, SegAccuracy
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.compiler.rules import SHAPES_ALONE
from netdef.runtime.lowering.base import Op, Setting, lower, need, refuse

refuse(MultiStageMeanfield, SHAPES_ALONE)


class _Confusion(Op):
    """Pixels by true and best class, and what is read off them."""

    def __init__(self, layer: SegAccuracy, node: Node) -> None:
        super().__init__(node)
        self.ignored = layer.ignore_label
        self.reset = layer.reset
        self.so_far: Tensor | None = None
        """The counts of earlier passes, where they go on."""

    @override
    def forward(self, scores: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
        classes = scores.shape[1]
        true = labels.long().flatten()
        counts = ~torch.isin(true, torch.tensor(self.ignored, device=true.device))
        message = f"a label is neither one of {classes} classes nor ignored"
        help = "add it to ignore_label, or let the scores have as many channels as there are classes"
        need(~counts | ((true >= 0) & (true < classes)), self.node, message, at="bottom 1", help=help)
        pairs = true[counts] * classes + scores.argmax(1).flatten()[counts]
        matrix = pairs.bincount(minlength=classes**2).view(classes, classes)
        if not self.reset:
            self.so_far = matrix if self.so_far is None else self.so_far + matrix
            matrix = self.so_far
        return (self._measured(matrix.double()).to(torch.float32).view(1, 1, 1, 3),)

    @staticmethod
    def _measured(matrix: Tensor) -> Tensor:
        """Pixel accuracy, mean accuracy and mean intersection over union; of classes that never occur, nothing."""
        right, true, found = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
        union = true + found - right
        shares = [right.sum() / matrix.sum().clamp(min=1)]
        for part, whole in ((right, true), (right, union)):
            shares.append((part / whole.clamp(min=1)).sum() / (whole > 0).sum().clamp(min=1))
        return torch.stack(shares)


@lower(SegAccuracy)
def seg_accuracy(layer: SegAccuracy, node: Node, setting: Setting) -> Op:
    """Three shares, without gradients."""
    return _Confusion(layer, node)
