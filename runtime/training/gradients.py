"""The gradients of a whole batch, whoever computes its parts."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from inspect import signature
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from netdef.compiler.override import override
from netdef.runtime.module import NetModule
from netdef.runtime.training.division import Division
from netdef.runtime.training.loss_scale import LossScale
from netdef.runtime.training.sharding import shard

if TYPE_CHECKING:
    from torch.distributed.fsdp import FSDPModule

SYNC = "forward_sync_buffers"
OWN_BUFFERS: dict[str, Any] = {
    SYNC if SYNC in signature(DistributedDataParallel).parameters else "broadcast_buffers": False
}
"""Dropout's place in the batch is a buffer, and differs between devices. Newer versions of torch have another word."""
Accelerate = Callable[[nn.Module], Callable[..., Tensor]]
"""What makes a module faster that takes blobs and gives a loss."""


class LossOf(nn.Module):
    """A net's loss as a module's output, which is what torch's wrappers take."""

    def __init__(self, net: NetModule) -> None:
        super().__init__()
        self.net = net

    @override
    def forward(self, **blobs: Tensor) -> Tensor:
        """The loss, a scalar."""
        loss, _ = self.net.loss(**blobs)
        return loss


class Gradients:
    """What leaves at each weight the mean gradient of a whole batch, whoever computes its parts."""

    def __init__(self, module: NetModule, division: Division, accelerate: Accelerate | None = None) -> None:
        self.division = division
        self._module = module
        self._scale = LossScale(module.net, division)
        module.loss_scales.copy_(torch.tensor(self._scale.fixed))
        loss_of: nn.Module = LossOf(module)
        self._whole: DistributedDataParallel | None = None
        self._sharded: FSDPModule | None = None
        if division.shards:
            self._sharded = shard(loss_of, module, division.group)
        elif division.group.size > 1 and any(weight.tensor.requires_grad for weight in module.learned()):
            self._whole = loss_of = DistributedDataParallel(
                loss_of,
                **OWN_BUFFERS,
                find_unused_parameters=module.has_idle_weights,
                gradient_as_bucket_view=True,
            )
        self._loss_of = loss_of if accelerate is None else accelerate(loss_of)

    def of(self, seed: int, iteration: int, blobs: Mapping[str, Tensor]) -> Tensor:
        """Leave the gradients of this device's share at the weights, and the batch's loss, a scalar."""
        losses = []
        parts = list(self.division.parts(blobs))
        scales = self._scale.of([part for _, part in parts]) if self._scale.counted else None
        for number, (first, part) in enumerate(parts, start=1):
            self._module.set_step(seed, iteration, first)
            if scales is not None:
                self._module.loss_scales.copy_(scales[number - 1])
            is_last = number == self.division.num_own
            if self._sharded is not None:
                self._sharded.set_requires_gradient_sync(is_last)
            with nullcontext() if self._whole is None or is_last else self._whole.no_sync():
                loss = self._loss_of(**part)
                loss.backward()
            losses.append(loss.detach())
        own = losses[0] if len(losses) == 1 else torch.stack(losses).sum()
        return self.division.group.all_reduce(own) / self.division.num_parts

    @property
    def num_summed(self) -> int:
        """Parts whose gradients are summed at a weight; over devices they are averaged already."""
        return self.division.num_own
