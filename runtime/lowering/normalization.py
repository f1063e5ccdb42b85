"""Normalisation: over neighbouring channels or pixels, and over the batch."""

import torch
from torch import Tensor
from torch.nn import functional

from netdef.compiler.layers.normalization import LRN, MVN, BatchNorm, Region
from netdef.compiler.net.net import Node
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Phase
from netdef.runtime.hardware.process_group import SINGLE
from netdef.runtime.lowering.base import Function, Op, Setting, lower, rank, wide, with_gradient_of


@lower(LRN)
def lrn(layer: LRN, node: Node, setting: Setting) -> Op:
    """Division by a power of the neighbours' energy."""
    if layer.norm_region is Region.ACROSS_CHANNELS:
        return Function(node, lambda x: _across_channels(x, layer))
    return Function(node, lambda x: _within_channel(x, layer))


def _across_channels(x: Tensor, layer: LRN) -> Tensor:
    n, alpha = layer.neighbours((x.shape[1],))
    return functional.local_response_norm(wide(x), n, alpha, layer.beta, layer.k).to(x.dtype)


def _within_channel(x: Tensor, layer: LRN) -> Tensor:
    """With k = 1 whatever the file says; the zeros of the border count in the mean (lrn_layer.cpp)."""
    n, alpha = layer.neighbours(tuple(x.shape[2:]))
    energy = functional.avg_pool2d(wide(x).square(), n, 1, n // 2)
    return (x * (1 + alpha * energy) ** -layer.beta).to(x.dtype)


def of_channels(values: Tensor, bottom: Tensor) -> Tensor:
    """A number for each channel (C), shaped so that it goes with a blob's values."""
    return values.view([1, -1] + [1] * (bottom.dim() - 2))


class _Normalize(Op):
    """What both share."""

    returns_fresh_memory = True

    def __init__(self, layer: BatchNorm, node: Node) -> None:
        super().__init__(node)
        self.eps = layer.eps
        self.fraction = layer.moving_average_fraction

    def scaled(self, top: Tensor) -> Tensor:
        """The top by the scale and bias that NVIDIA's fork learns, if the layer has them."""
        scale, bias = self.stored_or_none("scale"), self.stored_or_none("bias")
        if scale is None or bias is None:
            return top
        shape = [1, -1] + [1] * (top.dim() - 2)
        return top * scale.view(shape) + bias.view(shape)


class _ByStored(_Normalize):
    """By the mean and variance of training."""

    @override
    def forward(self, bottom: Tensor) -> tuple[Tensor, ...]:
        factor = self.stored("factor")
        share = torch.where(factor == 0, 0.0, 1 / factor)
        mean, variance = self.stored("mean") * share, self.stored("variance") * share
        if self.eps < 0:  # torch refuses it, and Caffe takes the root of what is left
            top = (bottom - of_channels(mean, bottom)) * of_channels((variance + self.eps).rsqrt(), bottom)
            return (self.scaled(top),)
        return (self.scaled(functional.batch_norm(bottom, mean, variance, eps=self.eps)),)


class ByBatch(_Normalize):
    """By the mean and the biased variance of the batch; training adds them, the variance unbiased, to the sums.

    ``group`` are the processes whose shares count as one batch; by default each share is a batch of its own.
    """

    def __init__(self, layer: BatchNorm, node: Node, setting: Setting) -> None:
        super().__init__(layer, node)
        self.remembers = setting.phase is Phase.TRAIN
        self.group = SINGLE

    @override
    def forward(self, bottom: Tensor) -> tuple[Tensor, ...]:
        """The one top."""
        if bottom.numel() == bottom.shape[1]:  # one value in each channel: torch refuses, and divides by 0
            self.remember(bottom.flatten(), torch.zeros_like(bottom.flatten()))
            return (self.scaled(bottom - bottom),)
        if self.group.size > 1 or self.eps <= 0:  # torch wants one above 0, and Caffe doesn't
            return (self.scaled(self._over_devices(bottom)),)
        sums = self.stored("mean")
        mean, variance = torch.zeros_like(sums), torch.ones_like(sums)
        top = functional.batch_norm(bottom, mean, variance, training=True, momentum=1.0, eps=self.eps)
        self.remember(mean, variance)
        return (self.scaled(top),)

    def _over_devices(self, bottom: Tensor) -> Tensor:
        """The same over all shares of a batch, which are of one size; gradients flow through the sums."""
        axes = [0, *range(2, bottom.dim())]
        shape = [1, -1] + [1] * (bottom.dim() - 2)
        mean = self.group.mean(bottom.mean(axes))
        centred = bottom - mean.view(shape)
        variance = self.group.mean(centred.square().mean(axes))
        num = bottom.numel() // bottom.shape[1] * self.group.size
        self.remember(mean, variance * (num / (num - 1)))
        return centred * (variance + self.eps).rsqrt().view(shape)

    @torch.no_grad()
    def remember(self, mean: Tensor, variance: Tensor) -> None:
        """Add a batch's statistics to the sums, which decay."""
        if self.remembers and self.training:
            for name, new in (("mean", mean), ("variance", variance), ("factor", 1.0)):
                self.stored(name).mul_(self.fraction).add_(new)


@lower(BatchNorm)
def batch_norm(layer: BatchNorm, node: Node, setting: Setting) -> Op:
    """The phase chooses the statistics, unless the file does."""
    stored = setting.phase is Phase.TEST if layer.use_global_stats is None else layer.use_global_stats
    return _ByStored(layer, node) if stored else ByBatch(layer, node, setting)


@lower(MVN)
def mvn(layer: MVN, node: Node, setting: Setting) -> Op:
    """Each channel, or sample, less its mean and over its deviation."""
    first = layer.first_axis(rank(node))

    def even(x: Tensor) -> Tensor:
        rows = wide(x).reshape(*x.shape[:first], -1)
        centred = rows - rows.mean(-1, keepdim=True)
        if layer.normalize_variance:
            variance = centred.square().mean(-1, keepdim=True)
            deviation = variance.detach().sqrt() + layer.eps
            centred = centred / with_gradient_of(deviation, variance / (2 * deviation))
        return centred.reshape(x.shape).to(x.dtype)

    return Function(node, even)
