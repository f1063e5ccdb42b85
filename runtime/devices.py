"""The processes that work on one thing together, one for each device.

What one process knows and all must agree on goes through here; every other room computes its own share.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import torch
import torch.distributed as dist

T = TypeVar("T")


class Group(NamedTuple):
    """This process among those that work together.

    rank   its number, from 0; rank 0 writes files and speaks to people
    size   how many there are
    """

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0

    def share(self, num: int) -> range:
        """Which of ``num`` equal tasks are this process's: each is somebody's, and no one's twice."""
        return range(self.rank, num, self.size)

    def total(self, counts: Sequence[int]) -> list[int]:
        """The sum of each count over all processes, exact."""
        if self.size == 1:
            return list(counts)
        sums = torch.tensor(counts, dtype=torch.int64)
        dist.all_reduce(sums, group=None)
        return [int(each) for each in sums]

    def gathered(self, own: T) -> list[T]:
        """What each process has, in the order of their ranks: for a report, not for many numbers often."""
        if self.size == 1:
            return [own]
        everyone: list[T] = [own] * self.size
        dist.all_gather_object(everyone, own)
        return everyone


ALONE = Group()
"""One process without others."""
