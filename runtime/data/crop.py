"""The window of an image that a net sees: the image is resized, cut and perhaps mirrored, still as bytes."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from netdef.compiler.shape import Pair
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.random_draws import RandomDraw
from netdef.runtime.data.resize import resize_bilinear

BILINEAR = Image.Resampling.BILINEAR
RESCALING = "both sides to the nearest pixel, bilinear over all pixels that fall together"
"""What the VGG paper leaves open, in words for records."""


class Cropper(Protocol):
    """What makes a window of an image."""

    def of(self, image: ImageArray, draws: NDArray[np.float64]) -> ImageArray:
        """The window (H, W, C) of an image; ``draws`` has a number for each ``RandomDraw``."""


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


class ImageCrop(NamedTuple):
    """Which part of an image the net sees.

    size          the net's window, (H, W) in pixels
    num_channels  1 or 3; grey is repeated, colour is weighed as in Rec. 601
    resize        the image's shorter side before it is cut, in pixels; None leaves it
    resize_most   where the side is drawn by draws: the greatest, and ``resize`` is the least
    resize_to     instead of ``resize``: the size to which images are brought first whatever their shape, as Caffe does
    cover         without ``resize``: shrink a larger image until it just covers the window
    random_crop, mirror   training's augmentation
    """

    size: Pair
    num_channels: int
    resize: int | None = None
    cover: bool = True
    random_crop: bool = False
    mirror: bool = False
    resize_most: int | None = None
    resize_to: Pair | None = None

    def of(self, image: ImageArray, draws: NDArray[np.float64]) -> ImageArray:
        """The window (H, W, C) of an image; ``draws`` has a number for each ``RandomDraw``."""
        image = with_channels(image, self.num_channels)
        if self.resize_to is not None:
            image = resize_bilinear(image, self.resize_to)
        place = self.placement(Pair(*image.shape[:2]), draws)
        window = cut_out(image, place, self.size)
        return mirrored(window) if place.mirrored else window

    def placement(self, image: Pair, draws: NDArray[np.float64]) -> Placement:
        """Where the window lies on an image of a size: what ``of`` does, and what boxes on the image follow."""
        scaled = self.scaled(image, draws[RandomDraw.SCALE] if self.resize_most is not None else 0.0)
        spare = Pair(scaled.h - self.size.h, scaled.w - self.size.w)
        if self.random_crop:
            top, left = int(draws[RandomDraw.DOWN] * (spare.h + 1)), int(draws[RandomDraw.RIGHT] * (spare.w + 1))
        else:
            top, left = spare.h // 2, spare.w // 2  # Caffe rounds down
        return Placement(scaled, top, left, self.mirror and draws[RandomDraw.MIRROR] < 0.5)

    def scaled(self, image: Pair, draw: float = 0.0) -> Pair:
        """The size of an image before it is cut: never smaller than the window; sides are rounded to the nearest.

        ``draw``, from 0 up to but not including 1, chooses the shorter side between the least and the greatest.
        """
        image = self.resize_to or image
        covering = max(self.size.h / image.h, self.size.w / image.w)
        if self.resize_to is not None:
            scale = max(covering, 1.0)
        elif self.resize is not None:
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


def mirrored(image: ImageArray) -> ImageArray:
    """An image mirrored left to right; by channels, since numpy is slow at turning round many runs of three bytes."""
    turned = np.empty(image.shape, image.dtype)
    for channel in range(image.shape[2]):
        turned[:, :, channel] = image[:, ::-1, channel]
    return turned


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
