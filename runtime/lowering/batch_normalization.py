"""BN of forks of Caffe, over PyTorch's batch normalisation."""

import torch
from torch import Tensor
from torch.nn import functional

from netdef.compiler.layers.batch_normalization import (
    BNMode,
    HistoryBN,
    PyramidBN,
    SegmentBN,
    SegNetBN,
    WindowsBN,
)
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Phase
from netdef.runtime.lowering.base import Op, Setting, lower, wide
from netdef.runtime.lowering.normalization import of_channels

_Slope = SegmentBN | PyramidBN | WindowsBN
SEGNET_EPS = 1e-9
"""What SegNet's adds to the variance (bn_layer.cpp)."""


class _BN(Op):
    """Normalised by the batch's statistics or by the running ones, scaled and shifted.

    The forward pass itself moves the running statistics towards the batch's in TRAIN: running = keep running +
    (1 - keep) batch, of the biased variance, or of 1 / sqrt(variance + eps) where that is what is kept. BatchNorm
    stores the unbiased one.
    """

    returns_fresh_memory = True

    def __init__(self, node: Node, setting: Setting, names: tuple[str, str], eps: float, keep: float | None) -> None:
        super().__init__(node)
        self.names = names
        self.eps = eps
        self.keep = keep
        self.remembers = setting.phase is Phase.TRAIN

    @override
    def forward(self, bottom: Tensor) -> tuple[Tensor, ...]:
        x = wide(bottom)
        scale, shift = (self.stored(name).reshape(-1).to(x.dtype) for name in self.names)
        if self.keep is None:
            return (self._by_running(x, scale, shift).to(bottom.dtype),)
        axes = [axis for axis in range(x.dim()) if axis != 1]
        shape = [1, -1] + [1] * (x.dim() - 2)
        mean = x.mean(axes)
        centred = x - mean.view(shape)
        variance = centred.square().mean(axes)
        self.remember(mean, variance)
        top = centred * (variance + self.eps).rsqrt().view(shape) * scale.view(shape) + shift.view(shape)
        statistics = (statistic.view(1, -1, 1, 1).detach() for statistic in (mean, variance))
        return (top.to(bottom.dtype), *statistics)[: len(self.node.tops)]

    def _by_running(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        mean = self.stored("mean").reshape(-1).to(x.dtype)
        if (inverse := self.stored_or_none("inverse")) is None:
            variance, eps = self.stored("variance").reshape(-1).to(x.dtype), self.eps
        else:
            variance, eps, scale = torch.ones_like(mean), 0.0, scale * inverse.reshape(-1).to(x.dtype)
        if eps < 0:  # torch refuses it, and Caffe takes the root of what is left
            inverse = (variance + eps).rsqrt()
            return (x - of_channels(mean, x)) * of_channels(inverse * scale, x) + of_channels(shift, x)
        return functional.batch_norm(x, mean, variance, scale, shift, eps=eps)

    @torch.no_grad()
    def remember(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics, where there are some, towards a batch's."""
        if not (self.remembers and self.training and self.keep):
            return
        spread = variance if "variance" in self._shapes else (variance + self.eps).rsqrt()
        for name, new in (("mean", mean), (self.node.weights[3].weight.name, spread)):
            stored = self.stored(name)
            stored.lerp_(new.to(stored.dtype).view(stored.shape), 1 - self.keep)


class _Affine(Op):
    """Scale and shift alone: SegNet's statistics were folded into both, and their tops stay 0."""

    returns_fresh_memory = True

    @override
    def forward(self, bottom: Tensor) -> tuple[Tensor, ...]:
        scale, shift = (of_channels(self.stored(name).reshape(-1), bottom) for name in ("scale", "shift"))
        none = torch.zeros_like(scale).view(1, -1, 1, 1)
        return (bottom * scale + shift, none, none.clone())[: len(self.node.tops)]


def slope_bn(layer: _Slope, node: Node, setting: Setting) -> Op:
    """The phase chooses the statistics, unless they are frozen."""
    uses_running = layer.frozen or setting.phase is Phase.TEST
    keep = None if uses_running else layer.momentum
    return _BN(node, setting, ("slope", "bias"), layer.eps, keep)


for _kind in (SegmentBN, PyramidBN, WindowsBN):
    lower(_kind)(slope_bn)  # type: ignore[arg-type]  # their common base


@lower(SegNetBN)
def segnet_bn(layer: SegNetBN, node: Node, setting: Setting) -> Op:
    """The batch's statistics in both phases, or none."""
    if layer.bn_mode is BNMode.INFERENCE:
        return _Affine(node)
    return _BN(node, setting, ("scale", "shift"), SEGNET_EPS, 0.0)


@lower(HistoryBN)
def history_bn(layer: HistoryBN, node: Node, setting: Setting) -> Op:
    """The batch's statistics, unless TEST takes those of training."""
    uses_running = layer.moving_average and setting.phase is Phase.TEST
    return _BN(node, setting, ("scale", "shift"), layer.var_eps, None if uses_running else layer.decay)
