"""The processes that work on one thing together, one for each device.

What one process knows and all must agree on goes through here; every other room computes its own slice. The
processes are started by a launcher, netdef's own or ``torchrun``, which tells each its rank.

On one machine they talk over the loopback interface, and nobody else is let in. Across machines torch's ports are open
to whoever reaches them, and what comes through them is unpickled: the network must be one's own.
"""

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed import Store  # type: ignore[attr-defined]  # torch declares no exports
from torch.distributed.distributed_c10d import PrefixStore, default_pg_timeout
from torch.distributed.rendezvous import rendezvous

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.override import override
from netdef.compiler.request import UsageError
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.hardware.devices import num_gpus, own_device
from netdef.runtime.hardware.launch_environment import (
    attempt,
    is_on_one_machine,
    meeting_file,
    rank_and_size,
    was_launched,
)
from netdef.runtime.hardware.mistakes import Mistakes, SaidElsewhere

T = TypeVar("T")

LOOPBACK = ("lo", "lo0")
"""Linux's name of it, and that of others."""

GONE = ("Connection closed by peer", "Connection reset", "Broken pipe", "Connection refused", "NCCL", "Timed out")
"""What torch says where another process of the group has died."""


class _Sum(torch.autograd.Function):
    """The sum of a tensor over all processes, and of its gradients."""

    @staticmethod
    @override
    def forward(ctx: Any, values: Tensor) -> Tensor:
        summed = values.clone()
        dist.all_reduce(summed)
        return summed

    @staticmethod
    @override
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        summed = gradients[0].clone()
        dist.all_reduce(summed)
        return summed


class ProcessGroup(NamedTuple):
    """This process among those that work together.

    rank   its number, from 0; rank 0 writes files and speaks to people
    size   how many there are
    """

    rank: int = 0
    size: int = 1

    @property
    def is_rank_0(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0

    def slice_of(self, num: int) -> range:
        """Which of ``num`` equal tasks are this process's: each is somebody's, and no one's twice."""
        return range(self.rank, num, self.size)

    def total(self, counts: Sequence[int]) -> list[int]:
        """The sum of each count over all processes, exact."""
        if self.size == 1:
            return list(counts)
        sums = torch.tensor(counts, dtype=torch.int64)
        dist.all_reduce(sums)
        return sums.tolist()

    def all_reduce(self, values: Tensor) -> Tensor:
        """The sum of a tensor over all processes, on its device."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def mean(self, values: Tensor) -> Tensor:
        """The mean of a tensor over all processes; gradients flow through it."""
        if self.size == 1:
            return values
        summed: Tensor = _Sum.apply(values)  # type: ignore[no-untyped-call]  # torch's is untyped
        return summed / self.size

    def broadcast(self, known: T | None) -> T:
        """What rank 0 knows, for all."""
        box: list[Any] = [known]
        if self.size > 1:
            dist.broadcast_object_list(box, src=0)
        found: T = box[0]
        return found

    def decide_on_rank_0(self, decide: Callable[[], T]) -> T:
        """What rank 0 decides, for all, once all have come here.

        Raises:
            NetError: on rank 0, if that is a mistake.
            SaidElsewhere: on the others then.
        """
        if self.size == 1:
            return decide()
        self.all_gather(None)  # whoever has found a mistake on the way here doesn't come
        decision: T | None = None
        try:
            if self.is_rank_0:
                decision = decide()
        finally:
            decision = self.broadcast(decision)
        if decision is None:
            raise SaidElsewhere(ExitStatus.USER_MISTAKE)
        return decision

    def all_gather(self, own: T) -> list[T]:
        """What each process has, by rank, for all."""
        if self.size == 1:
            return [own]
        found: list[Any] = [None] * self.size
        dist.all_gather_object(found, own)
        return found

    def broadcast_(self, tensors: Sequence[Tensor]) -> None:
        """Make tensors those of rank 0."""
        if self.size > 1:
            for tensor in tensors:
                dist.broadcast(tensor, src=0)

    def barrier(self) -> None:
        """Until every process is here."""
        if self.size > 1:
            dist.barrier()


SINGLE = ProcessGroup()
"""One process without others."""


@contextmanager
def process_group(device: str | None = None) -> Iterator[ProcessGroup]:
    """The group that a launcher put this process in, while it is entered; alone if none did.

    A mistake that leaves it is said by one of the processes, and ends all; those inside need not ask each other.
    ``device`` is where all of them are to compute, by name; by default each has its own GPU, if there are any.
    """
    if not was_launched():
        yield SINGLE
        return
    gpu = num_gpus(device) > 0
    if gpu:
        torch.cuda.set_device(own_device())
    if is_on_one_machine():
        _stay_on_loopback()
    store, rank, size = _met()
    dist.init_process_group("cpu:gloo,cuda:nccl" if gpu else "gloo", store=store, rank=rank, world_size=size)
    group = ProcessGroup(rank, size)
    mistakes = Mistakes(store)
    try:
        yield group
        group.barrier()  # whoever parts while another still talks may end that one
    except (NetError, UsageError) as error:
        is_mine = mistakes.is_mine(ExitStatus.WRONG_USAGE if isinstance(error, UsageError) else ExitStatus.USER_MISTAKE)
        dist.destroy_process_group()  # else its threads end the process with another status
        if is_mine:
            raise
        raise SaidElsewhere(mistakes.wait()) from None
    except SystemExit as end:
        dist.destroy_process_group()
        if isinstance(end, SaidElsewhere):
            raise SaidElsewhere(mistakes.wait()) from None
        raise
    except RuntimeError as error:
        if group.size == 1 or not any(word in str(error) for word in GONE):
            raise
        if not mistakes.are_found:
            raise lost_another(group, str(error)) from None
        raise SaidElsewhere(mistakes.wait()) from None
    dist.destroy_process_group()  # a broken group is left as it is


def _met() -> tuple[Store, int, int]:
    """Where the processes of this launch leave word for each other, this one's rank, and how many they are."""
    file = meeting_file()
    if file is None:
        store, rank, size = next(rendezvous("env://"))
        return PrefixStore(f"attempt-{attempt()}", store), rank, size  # addresses of processes that died stay in it
    rank, size = rank_and_size()
    store = dist.FileStore(str(file), size)  # type: ignore[attr-defined]
    store.set_timeout(default_pg_timeout)
    return store, rank, size


def _stay_on_loopback() -> None:
    """Have gloo and NCCL talk over the interface that no other machine reaches, whatever it is called here."""
    name = next((name for _, name in socket.if_nameindex() if name in LOOPBACK), None)
    for library in ("GLOO", "NCCL") if name is not None else ():
        os.environ[f"{library}_SOCKET_IFNAME"] = str(name)


def lost_another(group: ProcessGroup, why: str) -> NetError:
    """What a process says whose work can't go on without one that died; ``why`` is what torch said."""
    help = "its own message stands above; --restarts 3 starts all again, from the last checkpoint"
    message = f"process {group.rank} of {group.size} lost another one"
    return NetError(Diagnostic("N892", message, notes=(why.partition("\n")[0],), help=help))
