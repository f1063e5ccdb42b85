"""A picture as a net takes it: first cut to its window, later, on the device, turned to numbers."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from netdef.compiler.diagnostics import NetError
from netdef.compiler.schema.caffe import Channels, Preprocess
from netdef.compiler.shape import Pair
from netdef.runtime.data.datasets.dataset import Dataset, Picture

BILINEAR = Image.Resampling.BILINEAR
RESCALING = "both sides to the nearest pixel, bilinear over all pixels that fall together"
"""What the VGG paper leaves open, in words for records."""
NUM_MEASURED = 512
"""Pictures from which mean and scale are taken where the net says nothing of them."""


class Draw(IntEnum):
    """What each of a sample's numbers by chance, from 0 to 1, decides: they are drawn whether they are wanted or not.

    DOWN, RIGHT           the window's corner
    MIRROR                whether the window is mirrored
    SCALE                 the picture's size
    FIRST, SECOND, THIRD  the shift along each principal colour
    """

    DOWN = 0
    RIGHT = 1
    MIRROR = 2
    SCALE = 3
    FIRST = 4
    SECOND = 5
    THIRD = 6


class Cut(Protocol):
    """What makes a window of a picture."""

    def of(self, picture: Picture, chance: NDArray[np.float64]) -> Picture:
        """The window (H, W, C) of a picture; ``chance`` has a number for each ``Draw``."""


class Numbers(Protocol):
    """What makes a net's numbers of bytes."""

    def __call__(self, pictures: Tensor, chance: Tensor | None = None) -> Tensor:
        """Pictures (N, H, W, C) as an input (N, C, H, W); they were cut as ``chance`` (N, draws) said."""

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""

    @property
    def text(self) -> str:
        """What says the same in a net."""


class Placement(NamedTuple):
    """Where a net's window lies on a picture: the picture is scaled, then cut, then perhaps mirrored.

    scaled      the whole picture's size before it is cut, (H, W) in pixels
    top, left   the window's corner in it
    mirrored    whether the window is mirrored then, left to right
    """

    scaled: Pair
    top: int
    left: int
    mirrored: bool


class View(NamedTuple):
    """Which part of a picture the net sees.

    size          the net's window, (H, W) in pixels
    num_channels  1 or 3; grey is repeated, colour is weighed as in Rec. 601
    resize        the picture's shorter side before it is cut, in pixels; None leaves it
    resize_most   where the side is drawn by chance: the greatest, and ``resize`` is the least
    cover         without ``resize``: shrink a larger picture until it just covers the window
    crop_by_chance, mirror   training's augmentation
    """

    size: Pair
    num_channels: int
    resize: int | None = None
    cover: bool = True
    crop_by_chance: bool = False
    mirror: bool = False
    resize_most: int | None = None

    def of(self, picture: Picture, chance: NDArray[np.float64]) -> Picture:
        """The window (H, W, C) of a picture; ``chance`` has a number for each ``Draw``."""
        place = self.placement(Pair(*picture.shape[:2]), chance)
        window = cut_out(with_channels(picture, self.num_channels), place, self.size)
        return turned(window) if place.mirrored else window

    def placement(self, picture: Pair, chance: NDArray[np.float64]) -> Placement:
        """Where the window lies on a picture of a size: what ``of`` does, and what boxes on the picture follow."""
        scaled = self.scaled(picture, chance[Draw.SCALE] if self.resize_most is not None else 0.0)
        spare = Pair(scaled.h - self.size.h, scaled.w - self.size.w)
        if self.crop_by_chance:
            top, left = int(chance[Draw.DOWN] * (spare.h + 1)), int(chance[Draw.RIGHT] * (spare.w + 1))
        else:
            top, left = spare.h // 2, spare.w // 2  # Caffe rounds down
        return Placement(scaled, top, left, self.mirror and chance[Draw.MIRROR] < 0.5)

    def scaled(self, picture: Pair, draw: float = 0.0) -> Pair:
        """The size of a picture before it is cut: never smaller than the window; sides are rounded to the nearest.

        ``draw``, from 0 up to but not including 1, chooses the shorter side between the least and the greatest.
        """
        covering = max(self.size.h / picture.h, self.size.w / picture.w)
        if self.resize is not None:
            side = self.resize + int(draw * ((self.resize_most or self.resize) - self.resize + 1))
            scale = max(covering, side / min(picture))
        else:
            scale = covering if self.cover else max(covering, 1.0)
        return Pair(max(self.size.h, round(picture.h * scale)), max(self.size.w, round(picture.w * scale)))


def resized(picture: Picture, size: Pair) -> Picture:
    """A picture at another size: bilinear, over all pixels that fall together when it shrinks."""
    return cut_out(picture, Placement(size, 0, 0, mirrored=False), size)


def cut_out(picture: Picture, place: Placement, window: Pair) -> Picture:
    """A window of a picture at another size, without the rest being made; it is not mirrored yet.

    It is that of the whole picture resized, but for halves that are rounded otherwise: by one level in each direction.
    """
    (h, w), (top, left) = place.scaled, (place.top, place.left)
    if picture.shape[:2] == place.scaled:
        return picture[top : top + window.h, left : left + window.w]
    down, across = picture.shape[0] / h, picture.shape[1] / w
    bottom, right = min((top + window.h) * down, picture.shape[0]), min((left + window.w) * across, picture.shape[1])
    planes = [picture] if picture.dtype == np.uint8 and picture.shape[2] == 3 else np.moveaxis(picture, 2, 0)
    source = left * across, top * down, right, bottom
    images = [Image.fromarray(each).resize((window.w, window.h), BILINEAR, source) for each in planes]
    return np.dstack([np.asarray(image) for image in images])


def turned(picture: Picture) -> Picture:
    """A picture mirrored left to right; by channels, since numpy is slow at turning round many runs of three bytes."""
    mirrored = np.empty(picture.shape, picture.dtype)
    for channel in range(picture.shape[2]):
        mirrored[:, :, channel] = picture[:, ::-1, channel]
    return mirrored


def with_channels(picture: Picture, num: int) -> Picture:
    """A picture with one channel or three."""
    if picture.shape[2] == num:
        return picture
    if num == 3:
        return np.repeat(picture, 3, axis=2)
    red, green, blue = (picture[:, :, i : i + 1].astype(np.uint32) for i in range(3))
    # 0.299, 0.587 and 0.114 in 1/65536, rounded as Pillow does
    grey: Picture = (red * 19595 + green * 38470 + blue * 7471 + 32768 >> 16).astype(np.uint8)
    return grey


class Normalise(NamedTuple):
    """How the numbers 0 to 255 become the net's: the order of the channels, then (x - mean) * scale."""

    channels: Channels
    mean: tuple[float, ...] = ()
    scale: float = 1.0

    def __call__(self, pictures: Tensor, chance: Tensor | None = None) -> Tensor:
        """Pictures (N, H, W, C) of bytes as an input (N, C, H, W) of floats."""
        planes = pictures.permute(0, 3, 1, 2)
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


def stated(preprocess: Preprocess) -> Normalise:
    """What a net says of its input's numbers."""
    return Normalise(preprocess.channels, preprocess.mean, preprocess.scale)


def measured(data: Dataset, view: View) -> Normalise:
    """Mean 0 and deviation 1 over some pictures of the training data, evenly spread; four digits each."""
    still = view._replace(crop_by_chance=False, mirror=False, resize_most=None)
    windows = np.stack([still.of(picture, np.zeros(len(Draw))) for picture in evenly_spread(data, NUM_MEASURED)])
    channels = Channels.GREY if view.num_channels == 1 else Channels.BGR
    means = windows.mean(axis=(0, 1, 2))[:: -1 if channels is Channels.BGR else 1]
    deviation = windows.std(axis=(0, 1, 2)).mean()
    return Normalise(channels, tuple(_rounded(mean) for mean in means), _rounded(1 / max(deviation, 1.0)))


def evenly_spread(data: Dataset, most: int) -> Iterator[Picture]:
    """Some pictures of a data set, or all if they are few, without those that can't be read."""
    num = min(most, len(data))
    for i in range(num):
        with suppress(NetError):  # whoever asks for this picture is told
            yield data.picture(i * len(data) // num)


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
