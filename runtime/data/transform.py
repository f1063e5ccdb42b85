"""An image as a net takes it: first cut to its window, later, on the device, turned to numbers."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from netdef.compiler.net_error import NetError
from netdef.compiler.schema.caffe import Channels, Preprocess
from netdef.compiler.shape import Pair
from netdef.runtime.data.datasets.dataset import Dataset, ImageArray

BILINEAR = Image.Resampling.BILINEAR
RESCALING = "both sides to the nearest pixel, bilinear over all pixels that fall together"
"""What the VGG paper leaves open, in words for records."""
NUM_MEASURED = 512
"""Images from which mean and scale are taken where the net says nothing of them."""


class RandomDraw(IntEnum):
    """What each of a sample's numbers by chance, from 0 to 1, decides: they are drawn whether they are wanted or not.

    DOWN, RIGHT           the window's corner
    MIRROR                whether the window is mirrored
    SCALE                 the image's size
    FIRST, SECOND, THIRD  the shift along each principal colour
    """

    DOWN = 0
    RIGHT = 1
    MIRROR = 2
    SCALE = 3
    FIRST = 4
    SECOND = 5
    THIRD = 6


class Cropper(Protocol):
    """What makes a window of an image."""

    def of(self, image: ImageArray, chance: NDArray[np.float64]) -> ImageArray:
        """The window (H, W, C) of an image; ``chance`` has a number for each ``RandomDraw``."""


class Normaliser(Protocol):
    """What makes a net's numbers of bytes."""

    def __call__(self, images: Tensor, chance: Tensor | None = None) -> Tensor:
        """Images (N, H, W, C) as an input (N, C, H, W); they were cut as ``chance`` (N, draws) said."""

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""

    @property
    def text(self) -> str:
        """What says the same in a net."""


class Placement(NamedTuple):
    """Where a net's window lies on an image: the image is scaled, then cut, then perhaps mirrored.

    scaled      the whole image's size before it is cut, (H, W) in pixels
    top, left   the window's corner in it
    mirrored    whether the window is mirrored then, left to right
    """

    scaled: Pair
    top: int
    left: int
    mirrored: bool


class View(NamedTuple):
    """Which part of an image the net sees.

    size          the net's window, (H, W) in pixels
    num_channels  1 or 3; grey is repeated, colour is weighed as in Rec. 601
    resize        the image's shorter side before it is cut, in pixels; None leaves it
    resize_most   where the side is drawn by chance: the greatest, and ``resize`` is the least
    cover         without ``resize``: shrink a larger image until it just covers the window
    crop_by_chance, mirror   training's augmentation
    """

    size: Pair
    num_channels: int
    resize: int | None = None
    cover: bool = True
    crop_by_chance: bool = False
    mirror: bool = False
    resize_most: int | None = None

    def of(self, image: ImageArray, chance: NDArray[np.float64]) -> ImageArray:
        """The window (H, W, C) of an image; ``chance`` has a number for each ``RandomDraw``."""
        place = self.placement(Pair(*image.shape[:2]), chance)
        window = cut_out(with_channels(image, self.num_channels), place, self.size)
        return turned(window) if place.mirrored else window

    def placement(self, image: Pair, chance: NDArray[np.float64]) -> Placement:
        """Where the window lies on an image of a size: what ``of`` does, and what boxes on the image follow."""
        scaled = self.scaled(image, chance[RandomDraw.SCALE] if self.resize_most is not None else 0.0)
        spare = Pair(scaled.h - self.size.h, scaled.w - self.size.w)
        if self.crop_by_chance:
            top, left = int(chance[RandomDraw.DOWN] * (spare.h + 1)), int(chance[RandomDraw.RIGHT] * (spare.w + 1))
        else:
            top, left = spare.h // 2, spare.w // 2  # Caffe rounds down
        return Placement(scaled, top, left, self.mirror and chance[RandomDraw.MIRROR] < 0.5)

    def scaled(self, image: Pair, draw: float = 0.0) -> Pair:
        """The size of an image before it is cut: never smaller than the window; sides are rounded to the nearest.

        ``draw``, from 0 up to but not including 1, chooses the shorter side between the least and the greatest.
        """
        covering = max(self.size.h / image.h, self.size.w / image.w)
        if self.resize is not None:
            side = self.resize + int(draw * ((self.resize_most or self.resize) - self.resize + 1))
            scale = max(covering, side / min(image))
        else:
            scale = covering if self.cover else max(covering, 1.0)
        return Pair(max(self.size.h, round(image.h * scale)), max(self.size.w, round(image.w * scale)))


def resized(image: ImageArray, size: Pair) -> ImageArray:
    """An image at another size: bilinear, over all pixels that fall together when it shrinks."""
    return cut_out(image, Placement(size, 0, 0, mirrored=False), size)


def cut_out(image: ImageArray, place: Placement, window: Pair) -> ImageArray:
    """A window of an image at another size, without the rest being made; it is not mirrored yet.

    It is that of the whole image resized, but for halves that are rounded otherwise: by one level in each direction.
    """
    (h, w), (top, left) = place.scaled, (place.top, place.left)
    if image.shape[:2] == place.scaled:
        return image[top : top + window.h, left : left + window.w]
    down, across = image.shape[0] / h, image.shape[1] / w
    bottom, right = min((top + window.h) * down, image.shape[0]), min((left + window.w) * across, image.shape[1])
    planes = [image] if image.dtype == np.uint8 and image.shape[2] == 3 else np.moveaxis(image, 2, 0)
    source = left * across, top * down, right, bottom
    resized_planes = [Image.fromarray(each).resize((window.w, window.h), BILINEAR, source) for each in planes]
    return np.dstack([np.asarray(plane) for plane in resized_planes])


def turned(image: ImageArray) -> ImageArray:
    """An image mirrored left to right; by channels, since numpy is slow at turning round many runs of three bytes."""
    mirrored = np.empty(image.shape, image.dtype)
    for channel in range(image.shape[2]):
        mirrored[:, :, channel] = image[:, ::-1, channel]
    return mirrored


def with_channels(image: ImageArray, num: int) -> ImageArray:
    """An image with one channel or three."""
    if image.shape[2] == num:
        return image
    if num == 3:
        return np.repeat(image, 3, axis=2)
    red, green, blue = (image[:, :, i : i + 1].astype(np.uint32) for i in range(3))
    # 0.299, 0.587 and 0.114 in 1/65536, rounded as Pillow does
    grey: ImageArray = (red * 19595 + green * 38470 + blue * 7471 + 32768 >> 16).astype(np.uint8)
    return grey


class Normalise(NamedTuple):
    """How the numbers 0 to 255 become the net's: the order of the channels, then (x - mean) * scale."""

    channels: Channels
    mean: tuple[float, ...] = ()
    scale: float = 1.0

    def __call__(self, images: Tensor, chance: Tensor | None = None) -> Tensor:
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


def stated(preprocess: Preprocess) -> Normalise:
    """What a net says of its input's numbers."""
    return Normalise(preprocess.channels, preprocess.mean, preprocess.scale)


def measured(data: Dataset, view: View) -> Normalise:
    """Mean 0 and deviation 1 over some images of the training data, evenly spread; four digits each."""
    still = view._replace(crop_by_chance=False, mirror=False, resize_most=None)
    windows = np.stack([still.of(image, np.zeros(len(RandomDraw))) for image in evenly_spread(data, NUM_MEASURED)])
    channels = Channels.GREY if view.num_channels == 1 else Channels.BGR
    means = windows.mean(axis=(0, 1, 2))[:: -1 if channels is Channels.BGR else 1]
    deviation = windows.std(axis=(0, 1, 2)).mean()
    return Normalise(channels, tuple(_rounded(mean) for mean in means), _rounded(1 / max(deviation, 1.0)))


def evenly_spread(data: Dataset, most: int) -> Iterator[ImageArray]:
    """Some images of a data set, or all if they are few, without those that can't be read."""
    num = min(most, len(data))
    for i in range(num):
        with suppress(NetError):  # whoever asks for this image is told
            yield data.image(i * len(data) // num)


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
