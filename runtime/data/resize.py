"""Images brought to another size and shape as OpenCV does it, on which Caffe's ImageData relies."""

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.shape import Pair
from netdef.runtime.data.datasets.dataset import ImageArray


def resize_bilinear(image: ImageArray, size: Pair) -> ImageArray:
    """Bilinear between the four nearest pixels, even where the image shrinks; within one level of OpenCV's."""
    if image.shape[:2] == size:
        return image
    top, bottom, down = _neighbours(image.shape[0], size.h)
    left, right, across = _neighbours(image.shape[1], size.w)
    down, across = down[:, None, None], across[:, None]
    rows = image[top] * (1 - down) + image[bottom] * down
    pixels = rows[:, left] * (1 - across) + rows[:, right] * across
    return (pixels + 0.5).astype(np.uint8)


def _neighbours(old: int, new: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """For each new place the old ones before and behind it, and the weight of the latter; centres lie on centres."""
    places = np.clip((np.arange(new) + 0.5) * (old / new) - 0.5, 0, old - 1)
    before = np.floor(places).astype(np.int64)
    return before, np.minimum(before + 1, old - 1), (places - before).astype(np.float32)
