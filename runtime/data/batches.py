"""Batches that depend on the seed and the iteration alone.

Training sees an endless row of epochs, each a permutation of the data of its own, cut into batches: iteration k
takes the samples k B to (k + 1) B of that row, so every batch is full, as in Caffe, and an epoch may end inside
one. Nothing is remembered between batches: a run that starts at iteration k sees what an unbroken one sees.
"""

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import ceil
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as Fetched

from netdef.compiler.diagnostics import NetError
from netdef.compiler.override import override
from netdef.runtime.data.chance import order, uniform
from netdef.runtime.data.dataset import Dataset
from netdef.runtime.data.folder import KEPT_BYTES
from netdef.runtime.data.transform import View

Batch = dict[str, Tensor]
"""``data`` (N, H, W, C), bytes; ``label`` (N,), whole numbers."""

MANY_WORKERS = 8
ORDER, AUGMENTATION = range(2)
"""What chance is wanted for: the first key, so that the two are independent."""


class TrainingBatches(Fetched[Batch]):
    """By iteration, from 0, without end."""

    def __init__(self, data: Dataset, view: View, size: int, seed: int) -> None:
        self.data = data
        self.view = view
        self.size = size
        self.seed = seed
        self._order = lru_cache(maxsize=2)(self.epoch_order)

    def epoch_order(self, epoch: int) -> NDArray[np.int64]:
        """The samples in the order of an epoch."""
        return order(len(self.data), ORDER, self.seed, epoch)

    def samples(self, iteration: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Epoch and number of each sample of a batch."""
        row = np.arange(iteration * self.size, (iteration + 1) * self.size)
        epochs, places = np.divmod(row, len(self.data))
        numbers = np.concatenate([self._order(int(e))[places[epochs == e]] for e in np.unique(epochs)])
        return epochs, numbers

    @override
    def __getitem__(self, iteration: int) -> Batch:
        epochs, numbers = self.samples(iteration)
        chance = uniform(AUGMENTATION, self.seed, epochs[:, None], numbers[:, None], np.arange(3))
        return _collected(self.data, self.view, numbers, chance)


class TestBatches(Fetched[Batch]):
    """Every sample once, in order; the last batch may be smaller."""

    __test__ = False  # pytest: not a test case

    def __init__(self, data: Dataset, view: View, size: int) -> None:
        self.data = data
        self.view = view
        self.size = size

    @override
    def __getitem__(self, index: int) -> Batch:
        numbers = np.arange(index * self.size, min((index + 1) * self.size, len(self.data)))
        return _collected(self.data, self.view, numbers, np.zeros((len(numbers), 3)))

    def __len__(self) -> int:
        return ceil(len(self.data) / self.size)


def stream(batches: Fetched[Batch], indices: Iterable[int], num_workers: int) -> Iterator[Batch]:
    """Some batches in order, made by worker processes ahead of time if there are any."""
    if num_workers == 0:  # without a loader's own cost, which counts for small nets
        return (batches[index] for index in indices)
    return _fetched_ahead(batches, indices, num_workers)


def workers_for(data: Dataset) -> int:
    """How many processes should read: none where the pictures stay in memory."""
    return 0 if data.num_bytes <= KEPT_BYTES else min(MANY_WORKERS, len(os.sched_getaffinity(0)))


def _collected(data: Dataset, view: View, numbers: NDArray[np.int64], chance: NDArray[np.float64]) -> Batch:
    pictures = [view.of(data.picture(number), draws) for number, draws in zip(numbers.tolist(), chance, strict=True)]
    labels = [data.labels[number] for number in numbers.tolist()]
    return {"data": torch.from_numpy(np.stack(pictures)), "label": torch.tensor(labels)}


class _MistakesAsValues(Fetched[Any]):
    """A worker's mistakes brought home: a loader raises other errors again, but not with their report."""

    def __init__(self, batches: Fetched[Batch]) -> None:
        self.batches = batches

    @override
    def __getitem__(self, index: int) -> Batch | NetError:
        try:
            return self.batches[index]
        except NetError as error:
            return error


def _fetched_ahead(batches: Fetched[Batch], indices: Iterable[int], num_workers: int) -> Iterator[Batch]:
    pinned = torch.cuda.is_available()
    loader = DataLoader(
        _MistakesAsValues(batches), batch_size=None, sampler=indices, num_workers=num_workers, pin_memory=pinned
    )
    for batch in loader:
        if isinstance(batch, NetError):
            raise batch
        yield batch
