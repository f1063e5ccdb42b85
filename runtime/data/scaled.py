"""Whole images at several sizes, one sample at a time, and those of equal size together."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset as TorchDataset

from netdef.compiler.override import override
from netdef.compiler.shape import Pair
from netdef.runtime.data.batches import Batch
from netdef.runtime.data.crop import ImageCrop, resized, with_channels
from netdef.runtime.data.datasets.dataset import Dataset
from netdef.runtime.data.skipping import read_or_fail, read_or_none

WAITING_BYTES = 2**29
"""Images that wait for others of their size, over all sizes."""


class ScaledImages(TorchDataset[Batch]):
    """By sample: ``number``, and under ``"0"``, ``"1"``, ... its whole image as each crop scales it, (H, W, C) bytes.

    With ``skip``, an image that can't be read has only ``skipped``.
    """

    def __init__(self, data: Dataset, crops: Sequence[ImageCrop], *, skip: bool = False) -> None:
        self.data = data
        self.crops = crops
        self.skip = skip

    @override
    def __getitem__(self, number: int) -> Batch:
        skipped: list[int] = []
        sample = (read_or_none if self.skip else read_or_fail)(self.data, number, skipped)
        if sample is None:
            return {"skipped": torch.tensor(skipped)}
        image = with_channels(sample[1], self.crops[0].num_channels)
        sizes = [crop.scaled(Pair(*image.shape[:2])) for crop in self.crops]
        images = {str(i): torch.from_numpy(np.array(resized(image, size))) for i, size in enumerate(sizes)}
        return {"number": torch.tensor(number), **images}


class SameSizeBatch(NamedTuple):
    """Images of one size that are shown to a net together.

    scale     which of the crops scaled them
    numbers   the samples
    images  (N, H, W, C), bytes
    """

    scale: int
    numbers: list[int]
    images: Tensor


def same_size_batches(samples: Iterable[Batch], num_pixels: int) -> Iterator[SameSizeBatch]:
    """Samples in groups of equal scale and size, each of at most ``num_pixels``, but at least one image.

    Groups that fill come first, the others last; what waits in them is bounded too.
    """
    groups: dict[tuple[int, torch.Size], list[tuple[int, Tensor]]] = {}
    waiting = 0
    for sample in samples:
        number = int(sample.pop("number"))
        for scale, image in sample.items():
            key = int(scale), image.shape
            group = groups.setdefault(key, [])
            group.append((number, image))
            waiting += image.nbytes
            if (len(group) + 1) * image.shape[0] * image.shape[1] > num_pixels:
                yield _batch(key[0], groups.pop(key))
                waiting -= len(group) * image.nbytes
        while waiting > WAITING_BYTES:
            key, group = max(groups.items(), key=lambda item: len(item[1]) * item[1][0][1].nbytes)
            yield _batch(key[0], groups.pop(key))
            waiting -= len(group) * group[0][1].nbytes
    for (last, _), group in groups.items():
        yield _batch(last, group)


def _batch(scale: int, group: list[tuple[int, Tensor]]) -> SameSizeBatch:
    return SameSizeBatch(scale, [number for number, _ in group], torch.stack([image for _, image in group]))
