"""Batches made by worker processes: the same ones, whatever happens to who makes them."""

import multiprocessing
import os
import signal
import subprocess
import time

import pytest
import torch
from torch.utils.data.dataloader import _MultiProcessingDataLoaderIter

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.override import override
from netdef.runtime.data.batches import TestBatches, TrainingBatches
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.loading import stream
from tests.runtime.data.test_batches import PLAIN, Numbered


class Unreadable(Numbered):
    @override
    def image(self, index: int) -> ImageArray:
        if index == 3:
            raise NetError(Diagnostic("N712", "3.jpg cannot be read"))
        return super().image(index)


def test_workers_make_the_same_batches() -> None:
    batches = TrainingBatches(Numbered(10), PLAIN, 4, seed=1)
    alone, helped = ([b["data"] for b in stream(batches, range(3, 9), num)] for num in (0, 2))
    assert len(alone) == len(helped) == 6
    assert all(torch.equal(a, b) for a, b in zip(alone, helped, strict=True))


class Deadly(Numbered):
    @override
    def image(self, index: int) -> ImageArray:
        if index == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().image(index)


def test_a_killed_worker_is_a_mistake_where_its_batch_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_MultiProcessingDataLoaderIter._try_get_data, "__defaults__", (0.1,))  # else it looks after 5 s
    handler = signal.getsignal(signal.SIGCHLD)
    batches = stream(TestBatches(Deadly(5), PLAIN, 1), range(5), 1)
    next(batches)
    time.sleep(0.2)  # the worker is dead by now, and no handler raises
    assert signal.getsignal(signal.SIGCHLD) == handler
    with pytest.raises(NetError, match=r"N726.*a process that reads images was killed(.*\n)+.*--workers 0"):
        list(batches)  # what was made ahead may be lost with its maker


def test_a_worker_ends_for_the_process_that_started_it_alone() -> None:
    """Else that one would wait for it for ever, at its own end."""
    batches = stream(TestBatches(Numbered(5), PLAIN, 1), range(5), 1)
    next(batches)
    (worker,) = multiprocessing.active_children()
    for number in ("INT", "TERM", "HUP"):  # a terminal's, or of whoever ends a group of processes
        subprocess.run(["kill", f"-{number}", str(worker.pid)], check=True)
    worker.join(0.5)
    assert worker.is_alive()
    assert len(list(batches)) == 4
    batches = stream(TestBatches(Numbered(5), PLAIN, 1), range(5), 1)
    next(batches)
    (worker,) = multiprocessing.active_children()
    worker.terminate()
    worker.join(5)
    assert worker.exitcode == 0


class Wrong(Numbered):
    @override
    def image(self, index: int) -> ImageArray:
        raise RuntimeError("no killing")


def test_what_a_worker_itself_raises_stays_what_it_is() -> None:
    with pytest.raises(RuntimeError, match="no killing"):
        next(stream(TestBatches(Wrong(5), PLAIN, 1), range(5), 1))


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_mistake_keeps_its_words_on_the_way_from_a_worker(num_workers: int) -> None:
    with pytest.raises(NetError) as error:
        list(stream(TestBatches(Unreadable(5), PLAIN, 5), range(1), num_workers))
    assert [mistake.message for mistake in error.value.report] == ["3.jpg cannot be read"]
