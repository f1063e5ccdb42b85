"""A batch divided over devices, and over passes of each, so that the result doesn't depend on how.

The batch is global: with N devices each computes its Nth part, in one pass or several, and gradients are averaged over
all parts. Parts are equal, so the mean of their means is the batch's mean (Simonyan and Zisserman 2014, section 3.3);
what is no mean over samples is weighed so that this holds (``loss_scale.py``).
"""

from collections.abc import Iterator, Mapping
from math import lcm
from typing import NamedTuple

from torch import Tensor

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.runtime.hardware.process_group import SINGLE, ProcessGroup
from netdef.runtime.training.recipe.recipe import Recipe


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
                help = f"feed {self.num_own} samples, or a multiple"
                message = f"{name}: a batch of {len(tensor)} is not {self.num_own} equal parts (iter_size)"
                raise NetError(Diagnostic("N869", message, help=help))
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
        help = f"say --batch {' or '.join(map(str, near))}, or take other devices and passes"
        message = f"a batch of {recipe.batch} can't be divided into {num} equal parts, for {over}"
        raise NetError(Diagnostic("N891", message, help=help))
    return Division(group, num, recipe.iter_size, shards)
