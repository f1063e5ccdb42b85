"""Batches that depend on the seed and the iteration alone.

Training sees an endless row of epochs, each a permutation of the data of its own, cut into batches: iteration k
takes the samples k B to (k + 1) B of that row, so every batch is full, as in Caffe, and an epoch may end inside
one. Nothing is remembered between batches: a run that starts at iteration k sees what an unbroken one sees.
"""

from functools import lru_cache
from math import ceil

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset as TorchDataset

from netdef.compiler.override import override
from netdef.compiler.shape import Pair
from netdef.runtime.data.box_fields import box_fields
from netdef.runtime.data.box_geometry import in_window
from netdef.runtime.data.crop import Cropper, ImageCrop
from netdef.runtime.data.datasets.dataset import Dataset, boxes_of
from netdef.runtime.data.datasets.table import Table
from netdef.runtime.data.random_draws import RandomDraw
from netdef.runtime.data.skipping import ReadSample, read_or_fail, read_or_next, read_or_none
from netdef.runtime.data.zipped import Zipped
from netdef.runtime.hardware.seeded_bits import order, uniform

Batch = dict[str, Tensor]
"""``data`` (N, H, W, C), bytes; ``label`` (N,), whole numbers; ``draws`` (N, draws), the random numbers by
which the images were cut.

``number`` (N,) says which samples they are. Images with boxes have the ``box_fields`` too. A ``Table``'s batches have
its own fields. ``skipped`` are the numbers of samples that could not be read.
"""

ORDER, AUGMENTATION, TESTING = range(3)
"""What random numbers are for: the first key, so that they are independent."""


class TrainingBatches(TorchDataset[Batch]):
    """By iteration, from 0, without end.

    ``shuffled`` gives each epoch an order of its own, else all have the data's. With ``skip``, a sample that can't be
    read leaves its place to the next that can. ``own`` are the samples of each batch that are wanted here, by their
    place; None means all.
    """

    def __init__(
        self,
        data: Dataset,
        crop: Cropper,
        size: int,
        seed: int,
        *,
        shuffled: bool = True,
        skip: bool = False,
        own: slice | None = None,
    ) -> None:
        self.data = data
        self.crop = crop
        self.size = size
        self.seed = seed
        self.shuffled = shuffled
        self.skip = skip
        self.own = slice(None) if own is None else own
        self._order = lru_cache(maxsize=2)(self.epoch_order)

    def epoch_order(self, epoch: int) -> NDArray[np.int64]:
        """The samples in the order of an epoch."""
        return order(len(self.data), ORDER, self.seed, epoch) if self.shuffled else np.arange(len(self.data))

    def samples(self, iteration: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Epoch and number of each sample of a batch that is wanted here."""
        row = np.arange(iteration * self.size, (iteration + 1) * self.size)[self.own]
        epochs, places = np.divmod(row, len(self.data))
        numbers = np.concatenate([self._order(int(e))[places[epochs == e]] for e in np.unique(epochs)])
        return epochs, numbers

    @override
    def __getitem__(self, iteration: int) -> Batch:
        epochs, numbers = self.samples(iteration)
        draws = uniform(AUGMENTATION, self.seed, epochs[:, None], numbers[:, None], np.arange(len(RandomDraw)))
        row = epochs * len(self.data) + numbers
        return _collected(self.data, self.crop, row, draws, read_or_next if self.skip else read_or_fail)


class TestBatches(TorchDataset[Batch]):
    """Every sample once, in order; the last batch may be smaller, or with ``endless`` goes on from the first sample.

    With ``skip``, samples that can't be read are left out, and a batch of them alone has no images.
    """

    __test__ = False  # pytest: not a test case

    def __init__(self, data: Dataset, crop: Cropper, size: int, *, skip: bool = False, endless: bool = False) -> None:
        self.data = data
        self.crop = crop
        self.size = size
        self.skip = skip
        self.endless = endless

    @override
    def __getitem__(self, index: int) -> Batch:
        numbers = np.arange(index * self.size, (index + 1) * self.size)
        numbers = numbers % len(self.data) if self.endless else numbers[numbers < len(self.data)]
        draws = uniform(TESTING, numbers[:, None], np.arange(len(RandomDraw)))  # Caffe's data layers mirror in TEST too
        return _collected(self.data, self.crop, numbers, draws, read_or_none if self.skip else read_or_fail)

    def __len__(self) -> int:
        return ceil(len(self.data) / self.size)


def _collected(
    data: Dataset, crop: Cropper, row: NDArray[np.int64], draws: NDArray[np.float64], read: ReadSample
) -> Batch:
    """A batch of samples by their places in the endless row of a data set that begins again and again."""
    if isinstance(data, Zipped):
        # Another sample in the place of one that can't be read would not fit what belongs to it.
        batch = _collected(data.first, crop, row, draws, read_or_fail)
        for each in data.further:
            own = _collected(each.data, each.crop, row, draws, read_or_fail)
            own["data"] = each.normalise(own["data"], own.get("draws"))
            batch |= {name: own[field] for field, name in each.fields.items()}
        return batch
    numbers = row % len(data)
    if isinstance(data, Table):
        return data.rows(numbers) | {"number": torch.from_numpy(numbers)}
    skipped: list[int] = []
    samples = [read(data, number, skipped) for number in numbers.tolist()]
    found = [(*sample, own) for sample, own in zip(samples, draws, strict=True) if sample is not None]
    batch = {"skipped": torch.tensor(skipped)} if skipped else {}
    if found:
        batch["data"] = torch.from_numpy(np.stack([crop.of(image, own) for _, image, own in found]))
        batch["label"] = torch.tensor([data.labels[number] for number, *_ in found])
        batch["number"] = torch.tensor([number for number, *_ in found])
        batch["draws"] = torch.from_numpy(np.stack([own for *_, own in found]))
        boxes = boxes_of(data)
        if boxes is not None and isinstance(crop, ImageCrop):  # a data layer's crop never meets boxes
            places = [(boxes[number], Pair(*image.shape[:2]), own) for number, image, own in found]
            seen = [in_window(edges, size, crop.placement(size, own), crop.size) for edges, size, own in places]
            batch |= box_fields(np.stack(seen), batch["label"], len(data.classes))
    return batch
