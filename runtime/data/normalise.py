"""Bytes to the net's numbers, on its device: the order of the channels, then (x - mean) * scale."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netdef.compiler.override import override
from netdef.compiler.preprocess import Preprocessing
from netdef.compiler.schema.caffe import Channels
from netdef.compiler.shape import Pair
from netdef.runtime.data.crop import ImageCrop
from netdef.runtime.data.datasets.dataset import Dataset, evenly_spread
from netdef.runtime.data.layer_crop import LayerCrop
from netdef.runtime.data.random_draws import NO_DRAWS, RandomDraw

NUM_MEASURED = 512
"""Images from which mean and scale are taken where the net says nothing of them."""


class Normaliser(ABC):
    """What makes a net's numbers of bytes.

    preprocess   what it does, as a value; None where numbers stay as they are stored
    """

    preprocess: Preprocessing | None

    @abstractmethod
    def __call__(self, images: Tensor, draws: Tensor | None = None) -> Tensor:
        """Images (N, H, W, C) of bytes as an input (N, C, H, W); they were cut as ``draws`` (N, num_draws) said."""

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {} if self.preprocess is None else self.preprocess.as_data

    @property
    def of_numbers(self) -> dict[str, Any]:
        """The same, without what is said of the window."""
        return {} if self.preprocess is None else self.preprocess.of_numbers

    @property
    def text(self) -> str:
        """What says the same in a net."""
        return "as stored" if self.preprocess is None else self.preprocess.text


@dataclass(frozen=True, slots=True)
class Normalise(Normaliser):
    """The order of the channels, then (x - mean) * scale with a mean for each channel."""

    preprocess: Preprocessing

    @override
    def __call__(self, images: Tensor, draws: Tensor | None = None) -> Tensor:
        """Images (N, H, W, C) of bytes as an input (N, C, H, W) of floats."""
        numbers = ordered(images, self.preprocess.channels)
        if self.preprocess.mean:
            numbers -= torch.tensor(self.preprocess.mean, device=numbers.device).view(-1, 1, 1)
        return numbers if self.preprocess.scale == 1 else numbers.mul_(self.preprocess.scale)


class MeanImage(Normaliser):
    """The same where every pixel has its own mean, of (C, H, W), which is cropped as its image was."""

    def __init__(self, preprocess: Preprocessing, mean: NDArray[np.float32], crop: LayerCrop) -> None:
        self.preprocess: Preprocessing = preprocess
        self.crop = crop
        self.mean = torch.tensor(mean, dtype=torch.float32)

    @override
    def __call__(self, images: Tensor, draws: Tensor | None = None) -> Tensor:
        """Images (N, H, W, C) of bytes as an input (N, C, H, W) of floats.

        They were cut as ``draws`` (N, num_draws) said; without any, in the middle.
        """
        numbers = ordered(images, self.preprocess.channels)
        cut = NO_DRAWS[None] if draws is None else draws.cpu().numpy()
        return (numbers - self._windows(cut, numbers.device)) * self.preprocess.scale

    def _windows(self, draws: NDArray[np.float64], device: torch.device) -> Tensor:
        self.mean = self.mean.to(device)
        if not (self.crop.random_crop or self.crop.mirror):
            draws = draws[:1]  # all alike
        whole, size = Pair(*self.mean.shape[1:]), self.crop.size
        tops, lefts = self.crop.corners(whole, draws)
        rows = tops[:, None] + np.arange(size.h)
        columns = lefts[:, None] + np.arange(size.w)
        if self.crop.mirror:
            columns = np.where(draws[:, RandomDraw.MIRROR, None] < 0.5, columns[:, ::-1], columns)
        down, right = (torch.from_numpy(np.ascontiguousarray(each)).to(device) for each in (rows, columns))
        return self.mean[:, down[:, :, None], right[:, None, :]].transpose(0, 1)


class AsStored(Normaliser):
    """Numbers that stay as they are."""

    preprocess = None

    @override
    def __call__(self, images: Tensor, draws: Tensor | None = None) -> Tensor:
        """The same."""
        return images


def ordered(images: Tensor, channels: Channels) -> Tensor:
    """Images (N, H, W, C), red before blue, as floats (N, C, H, W) with their channels in some order."""
    planes = images.permute(0, 3, 1, 2)
    if channels is Channels.BGR:
        planes = planes.flip(1)
    return planes.to(torch.float32, memory_format=torch.contiguous_format)


def measured(data: Dataset, crop: ImageCrop) -> Preprocessing:
    """Mean 0 and deviation 1 over some images of the training data, evenly spread; four digits each."""
    still = crop._replace(random_crop=False, mirror=False, resize_most=None)
    windows = np.stack([still.of(image, NO_DRAWS) for image in evenly_spread(data, NUM_MEASURED)])
    channels = Channels.GREY if crop.num_channels == 1 else Channels.BGR
    means = windows.mean(axis=(0, 1, 2))[:: -1 if channels is Channels.BGR else 1]
    deviation = windows.std(axis=(0, 1, 2)).mean()
    return Preprocessing(channels, tuple(_rounded(mean) for mean in means), _rounded(1 / max(deviation, 1.0)))


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
