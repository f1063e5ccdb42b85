"""Batches made ahead of time by worker processes, or here where that is cheaper."""

import os
import re
import signal
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.override import override
from netdef.runtime.data.batches import Batch
from netdef.runtime.data.datasets.cached import CACHED_BYTES
from netdef.runtime.data.datasets.dataset import Dataset

MANY_WORKERS = 8
_OF_THE_FAMILY = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
"""What a terminal, or whoever ends a whole group of processes, sends to each of them."""


def stream(batches: TorchDataset[Batch], indices: Iterable[int], num_workers: int) -> Iterator[Batch]:
    """Some batches in order, made by worker processes ahead of time if there are any."""
    if num_workers == 0:  # without a loader's own cost, which counts for small nets
        return (batches[index] for index in indices)
    return _fetched_ahead(batches, indices, num_workers)


def workers_for(data: Dataset) -> int:
    """How many processes should read: none where the images stay in memory."""
    return 0 if data.num_bytes <= CACHED_BYTES else min(MANY_WORKERS, len(os.sched_getaffinity(0)))


class _MistakesAsValues(TorchDataset[Any]):
    """A worker's mistakes brought home: a loader raises other errors again, but not with their report."""

    def __init__(self, batches: TorchDataset[Batch]) -> None:
        self.batches = batches

    @override
    def __getitem__(self, index: int) -> Batch | NetError:
        try:
            return self.batches[index]
        except NetError as error:
            return error


class _Loader(DataLoader[Any]):
    """A loader that takes the number of its workers as given, also where there are fewer processors."""

    @override
    def check_worker_number_rationality(self) -> None:
        """Nothing: by itself it would warn, of a number that was asked for."""


def _fetched_ahead(batches: TorchDataset[Batch], indices: Iterable[int], num_workers: int) -> Iterator[Batch]:
    pinned = torch.cuda.is_available()
    loader = _Loader(
        _MistakesAsValues(batches),
        batch_size=None,
        sampler=indices,
        num_workers=num_workers,
        pin_memory=pinned,
        worker_init_fn=_end_for_parent_alone,
    )
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _OF_THE_FAMILY)  # else one may come between two workers' starts
    fetched = _without_a_handler(loader)
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        while True:
            try:
                batch = next(fetched, None)
            except (RuntimeError, OSError, EOFError) as error:
                if not _tells_of_a_lost_worker(error):
                    raise
                raise lost_worker(str(error), num_workers) from None
            if batch is None:
                return
            if isinstance(batch, NetError):
                raise batch
            yield batch
    finally:
        # What it does by itself when it is freed; but a traceback may keep it
        getattr(fetched, "_shutdown_workers", lambda: None)()


def _without_a_handler(loader: DataLoader[Any]) -> Any:
    """The loader's batches; a worker's death is met where a batch of its is waited for.

    By itself the loader would also raise from a signal's handler: anywhere in what is done between two batches, even
    where an exception can only be printed.
    """
    if threading.current_thread() is not threading.main_thread():
        return iter(loader)
    handler = signal.getsignal(signal.SIGCHLD)
    fetched = iter(loader)
    signal.signal(signal.SIGCHLD, handler)
    return fetched


def _tells_of_a_lost_worker(error: Exception) -> bool:
    """Whether a loader's error is that a worker is gone: it says so, or can't fetch what the worker had made."""
    if str(error).startswith("Caught "):  # what went wrong in a worker that is there
        return False
    lost = (ConnectionError, FileNotFoundError, EOFError)
    return isinstance(error, lost) or "exited unexpectedly" in str(error)


def lost_worker(error: str, num_workers: int) -> NetError:
    """What to say when a worker is gone; ``error`` is the loader's, and may have the worker's number."""
    number = re.search(r"pid\D*([0-9]+)", error)
    message = f"a process that reads images was killed{f': {number[1]}' if number else ''}"
    note = "mostly memory runs out, or shared memory (/dev/shm): each such process keeps batches ahead"
    fewer = (
        "--workers 0, and images are read between iterations" if num_workers == 1 else f"--workers {num_workers // 2}"
    )
    return NetError(Diagnostic("N726", message, notes=(note,), help=f"read with fewer: {fewer}"))


def _end_for_parent_alone(_: int) -> None:
    """In a worker: what is sent to the whole family of processes is for the one that trains, which ends its workers.

    That one's SIGTERM is waited for, wherever the worker stands; until it is, none is lost, for all are held back.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, _OF_THE_FAMILY)
    threading.Thread(target=_end_for, args=(os.getppid(),), daemon=True).start()


def _end_for(parent: int) -> None:
    while signal.sigwaitinfo({signal.SIGTERM}).si_pid != parent:
        pass
    os._exit(0)
