"""Bytes to the net's numbers, on its device: the order of the channels, then (x - mean) * scale."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netdef.compiler.schema.caffe import Channels, Preprocess
from netdef.compiler.shape import Pair
from netdef.runtime.data.crop import ImageCrop
from netdef.runtime.data.datasets.dataset import Dataset, evenly_spread
from netdef.runtime.data.layer_crop import LayerCrop
from netdef.runtime.data.random_draws import NO_DRAWS, RandomDraw

NUM_MEASURED = 512
"""Images from which mean and scale are taken where the net says nothing of them."""


class Normaliser(Protocol):
    """What makes a net's numbers of bytes."""

    def __call__(self, images: Tensor, draws: Tensor | None = None) -> Tensor:
        """Images (N, H, W, C) as an input (N, C, H, W); they were cut as ``draws`` (N, draws) said."""

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""

    @property
    def text(self) -> str:
        """What says the same in a net."""


class Normalise(NamedTuple):
    """How the numbers 0 to 255 become the net's: the order of the channels, then (x - mean) * scale."""

    channels: Channels
    mean: tuple[float, ...] = ()
    scale: float = 1.0

    def __call__(self, images: Tensor, draws: Tensor | None = None) -> Tensor:
        """Images (N, H, W, C) of bytes as an input (N, C, H, W) of floats."""
        planes = images.permute(0, 3, 1, 2)
        if self.channels is Channels.BGR:
            planes = planes.flip(1)
        numbers = planes.to(torch.float32, memory_format=torch.contiguous_format)
        if self.mean:
            numbers -= torch.tensor(self.mean, device=numbers.device).view(-1, 1, 1)
        return numbers if self.scale == 1 else numbers.mul_(self.scale)

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"channels": self.channels.name, "mean": list(self.mean), "scale": self.scale}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Normalise":
        """The same back."""
        return cls(Channels[data["channels"]], tuple(data["mean"]), data["scale"])

    @property
    def text(self) -> str:
        """The ``preprocess`` that says the same in a net."""
        mean = ", ".join(f"{value:g}" for value in self.mean)
        return f"preprocess {{ channels: {self.channels.name} mean: [{mean}] scale: {self.scale:g} }}"


class MeanImage:
    """Bytes to numbers where every pixel has its own mean: (x - mean) * scale, the mean cropped as its image was."""

    def __init__(self, path: Path, mean: NDArray[np.float32], scale: float, view: LayerCrop) -> None:
        self.path = path
        self.scale = scale
        self.view = view
        self.mean = torch.tensor(mean, dtype=torch.float32)

    def __call__(self, images: Tensor, draws: Tensor | None = None) -> Tensor:
        """Images (N, H, W, C) of bytes, cut as ``draws`` (N, draws) said, as an input (N, C, H, W) of floats."""
        assert draws is not None
        planes = images.permute(0, 3, 1, 2)
        if planes.shape[1] == 3:
            planes = planes.flip(1)
        numbers = planes.to(torch.float32, memory_format=torch.contiguous_format)
        return (numbers - self._windows(draws.cpu().numpy(), numbers.device)) * self.scale

    def _windows(self, draws: NDArray[np.float64], device: torch.device) -> Tensor:
        self.mean = self.mean.to(device)
        if not (self.view.random_crop or self.view.mirror):
            draws = draws[:1]  # all alike
        whole, size = Pair(*self.mean.shape[1:]), self.view.size
        tops, lefts = self.view.corners(whole, draws)
        rows = tops[:, None] + np.arange(size.h)
        columns = lefts[:, None] + np.arange(size.w)
        if self.view.mirror:
            columns = np.where(draws[:, RandomDraw.MIRROR, None] < 0.5, columns[:, ::-1], columns)
        down, right = (torch.from_numpy(np.ascontiguousarray(each)).to(device) for each in (rows, columns))
        return self.mean[:, down[:, :, None], right[:, None, :]].transpose(0, 1)

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"mean_file": str(self.path), "scale": self.scale}

    @property
    def text(self) -> str:
        """The ``transform_param`` that says the same."""
        return f'transform_param {{ mean_file: "{self.path}" scale: {self.scale:g} }}'


class AsStored:
    """Numbers that stay as they are."""

    text = "as stored"

    def __call__(self, images: Tensor, draws: Tensor | None = None) -> Tensor:
        """The same."""
        return images

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {}


def stated(preprocess: Preprocess) -> Normalise:
    """What a net says of its input's numbers."""
    return Normalise(preprocess.channels, preprocess.mean, preprocess.scale)


def measured(data: Dataset, view: ImageCrop) -> Normalise:
    """Mean 0 and deviation 1 over some images of the training data, evenly spread; four digits each."""
    still = view._replace(random_crop=False, mirror=False, resize_most=None)
    windows = np.stack([still.of(image, NO_DRAWS) for image in evenly_spread(data, NUM_MEASURED)])
    channels = Channels.GREY if view.num_channels == 1 else Channels.BGR
    means = windows.mean(axis=(0, 1, 2))[:: -1 if channels is Channels.BGR else 1]
    deviation = windows.std(axis=(0, 1, 2)).mean()
    return Normalise(channels, tuple(_rounded(mean) for mean in means), _rounded(1 / max(deviation, 1.0)))


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
