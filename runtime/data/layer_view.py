"""What a data layer does to an image, as Caffe's data_transformer.cpp does it: crop, mirror, subtract, scale."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Pair, show
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.resize import stretched
from netdef.runtime.data.transform import RandomDraw, turned, with_channels


class LayerView(NamedTuple):
    """Which part of an image a data layer shows (Caffe's data_transformer.cpp).

    name           the layer, for people
    size           the window, (H, W) in pixels
    num_channels   of the top
    stretch        the size to which images are brought first, whatever their shape
    crops          whether the window is cut out of images of any size; else all have its size
    """

    name: str
    num_channels: int
    size: Pair
    stretch: Pair | None = None
    crops: bool = False
    crop_by_chance: bool = False
    mirror: bool = False

    def of(self, image: ImageArray, chance: NDArray[np.float64]) -> ImageArray:
        """The window (H, W, C) of an image; ``chance`` has a number for each ``RandomDraw``."""
        image = with_channels(image, self.num_channels)
        if self.stretch is not None:
            image = stretched(image, self.stretch)
        whole = Pair(*image.shape[:2])
        if not self.crops and whole != self.size:
            raise self._unfit(f"among others of {show(self.size)}", whole)
        if whole.h < self.size.h or whole.w < self.size.w:
            raise self._unfit(f"is smaller than the crop of {show(self.size)}", whole)
        tops, lefts = self.corners(whole, chance[None])
        top, left = int(tops[0]), int(lefts[0])
        window = image[top : top + self.size.h, left : left + self.size.w]
        return turned(window) if self.mirror and chance[RandomDraw.MIRROR] < 0.5 else window

    def corners(self, whole: Pair, chance: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Top and left of the windows of images of one size, for each row of ``chance`` (N, draws)."""
        spare = Pair(whole.h - self.size.h, whole.w - self.size.w)
        if self.crop_by_chance:
            tops, lefts = chance[:, RandomDraw.DOWN] * (spare.h + 1), chance[:, RandomDraw.RIGHT] * (spare.w + 1)
            return tops.astype(np.int64), lefts.astype(np.int64)
        return np.full(len(chance), spare.h // 2), np.full(len(chance), spare.w // 2)  # Caffe rounds down

    def _unfit(self, what: str, whole: Pair) -> NetError:
        cure = "bring all images to one size that is large enough (ImageData: new_height and new_width)"
        return NetError(Diagnostic("N775", f"{self.name}: an image of {show(whole)} {what}", help=cure))


NOTHING_DONE = LayerView("", 0, Pair(0, 0))
"""For blobs that aren't images."""


class MeanImage:
    """Bytes to numbers where every pixel has its own mean: (x - mean) * scale, the mean cropped as its image was."""

    def __init__(self, path: Path, mean: NDArray[np.float32], scale: float, view: LayerView) -> None:
        self.path = path
        self.scale = scale
        self.view = view
        self.mean = torch.tensor(mean, dtype=torch.float32)

    def __call__(self, images: Tensor, chance: Tensor | None = None) -> Tensor:
        """Images (N, H, W, C) of bytes, cut as ``chance`` (N, draws) said, as an input (N, C, H, W) of floats."""
        assert chance is not None
        planes = images.permute(0, 3, 1, 2)
        if planes.shape[1] == 3:
            planes = planes.flip(1)
        numbers = planes.to(torch.float32, memory_format=torch.contiguous_format)
        return (numbers - self._windows(chance.cpu().numpy(), numbers.device)) * self.scale

    def _windows(self, chance: NDArray[np.float64], device: torch.device) -> Tensor:
        self.mean = self.mean.to(device)
        if not (self.view.crop_by_chance or self.view.mirror):
            chance = chance[:1]  # all alike
        whole, size = Pair(*self.mean.shape[1:]), self.view.size
        tops, lefts = self.view.corners(whole, chance)
        rows = tops[:, None] + np.arange(size.h)
        columns = lefts[:, None] + np.arange(size.w)
        if self.view.mirror:
            columns = np.where(chance[:, RandomDraw.MIRROR, None] < 0.5, columns[:, ::-1], columns)
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

    def __call__(self, images: Tensor, chance: Tensor | None = None) -> Tensor:
        """The same."""
        return images

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {}
