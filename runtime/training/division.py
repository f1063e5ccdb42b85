"""A batch divided over devices, and over passes of each, so that the result doesn't depend on how.

The batch is global: with N devices each computes its Nth part, in one pass or several, and gradients are averaged over
all parts. Parts are equal, so the mean of their means is the batch's mean (Simonyan and Zisserman 2014, section 3.3);
what is no mean over samples is weighed so that this holds (``shares.py``).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from inspect import signature
from math import lcm
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.override import override
from netdef.runtime.hardware.process_group import SINGLE, ProcessGroup
from netdef.runtime.module import NetModule
from netdef.runtime.training.loss_scale import LossScale
from netdef.runtime.training.recipe.recipe import Recipe
from netdef.runtime.training.sharding import shard

if TYPE_CHECKING:
    from torch.distributed.fsdp import FSDPModule

SYNC = "forward_sync_buffers"
OWN_BUFFERS: dict[str, Any] = {
    SYNC if SYNC in signature(DistributedDataParallel).parameters else "broadcast_buffers": False
}
"""Dropout's place in the batch is a buffer, and differs between devices. Newer versions of torch have another word."""
Hasten = Callable[[nn.Module], Callable[..., Tensor]]
"""What makes a module faster that takes blobs and gives a loss."""


class Division(NamedTuple):
    """How a batch is divided.

    group       the processes, one for each device
    num_parts   equal parts of the batch; each device computes as many of them, one after the other
    iter_size   equal parts whose losses Caffe averages, whatever they are divided by; it divides ``num_parts``
    shards      whether weights are divided, too
    """

    group: ProcessGroup = SINGLE
    num_parts: int = 1
    iter_size: int = 1
    shards: bool = False

    @property
    def num_own(self) -> int:
        """The parts that this device computes."""
        return self.num_parts // self.group.size

    def own(self, batch: int) -> slice:
        """The samples of a batch that are this device's."""
        share = batch // self.group.size
        return slice(self.group.rank * share, (self.group.rank + 1) * share)

    def parts(self, blobs: Mapping[str, Tensor]) -> Iterator[tuple[int, dict[str, Tensor]]]:
        """This device's share of a batch in its parts, each with the place of its first sample in the whole batch."""
        if self.num_own == 1 or not blobs:
            first = self.group.rank * len(next(iter(blobs.values()))) if blobs else 0
            yield from ((first, dict(blobs)) for _ in range(self.num_own))
            return
        for name, tensor in blobs.items():
            if not len(tensor) or len(tensor) % self.num_own:
                cure = f"feed {self.num_own} samples, or a multiple"
                message = f"{name}: a batch of {len(tensor)} is not {self.num_own} equal parts (iter_size)"
                raise NetError(Diagnostic("N709", message, help=cure))
        share = len(next(iter(blobs.values())))
        size = share // self.num_own
        for number in range(self.num_own):
            part = {name: tensor[number * size : (number + 1) * size] for name, tensor in blobs.items()}
            yield self.group.rank * share + number * size, part


def divide(recipe: Recipe, group: ProcessGroup = SINGLE, passes: int = 1, *, shards: bool = False) -> Division:
    """The division of a recipe's batch over devices, of which each takes at least ``passes`` passes.

    The parts are a multiple of the recipe's ``iter_size``, over whose sum Caffe clips.

    Raises:
        NetError: if the batch can't be divided so, with a batch that can.
    """
    num = lcm(recipe.iter_size, group.size * passes)
    if recipe.batch % num:
        in_passes = f"{num // group.size} passes" if num > group.size else ""
        devices = f"{group.size} devices" if group.size > 1 else ""
        over = " of ".join(each for each in (in_passes, devices) if each)
        near = [size for size in (recipe.batch // num * num, -(-recipe.batch // num) * num) if size]
        cure = f"say --batch {' or '.join(map(str, near))}, or take other devices and passes"
        message = f"a batch of {recipe.batch} can't be divided into {num} equal parts, for {over}"
        raise NetError(Diagnostic("N790", message, help=cure))
    return Division(group, num, recipe.iter_size, shards)


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

    def __init__(self, module: NetModule, division: Division, hasten: Hasten | None = None) -> None:
        self.division = division
        self._module = module
        self._shares = LossScale(module.net, division)
        module.shares.copy_(torch.tensor(self._shares.fixed))
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
        self._loss_of = loss_of if hasten is None else hasten(loss_of)

    def of(self, seed: int, iteration: int, blobs: Mapping[str, Tensor]) -> Tensor:
        """Leave the gradients of this device's share at the weights, and the batch's loss, a scalar."""
        losses = []
        parts = list(self.division.parts(blobs))
        shares = self._shares.of([part for _, part in parts]) if self._shares.counted else None
        for number, (first, part) in enumerate(parts, start=1):
            self._module.set_step(seed, iteration, first)
            if shares is not None:
                self._module.shares.copy_(shares[number - 1])
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
