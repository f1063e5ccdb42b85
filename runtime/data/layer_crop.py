"""What a data layer does to an image, as Caffe's data_transformer.cpp cuts it: resize, crop, mirror."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Pair, show
from netdef.runtime.data.crop import mirrored, with_channels
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.random_draws import RandomDraw
from netdef.runtime.data.resize import resize_bilinear


class LayerCrop(NamedTuple):
    """Which part of an image a data layer shows (Caffe's data_transformer.cpp).

    name           the layer, for people
    size           the window, (H, W) in pixels
    num_channels   of the top
    resize_to      the size to which images are brought first, whatever their shape
    crops          whether the window is cut out of images of any size; else all have its size
    """

    name: str
    num_channels: int
    size: Pair
    resize_to: Pair | None = None
    crops: bool = False
    random_crop: bool = False
    mirror: bool = False

    def of(self, image: ImageArray, draws: NDArray[np.float64]) -> ImageArray:
        """The window (H, W, C) of an image; ``draws`` has a number for each ``RandomDraw``."""
        image = with_channels(image, self.num_channels)
        if self.resize_to is not None:
            image = resize_bilinear(image, self.resize_to)
        whole = Pair(*image.shape[:2])
        if not self.crops and whole != self.size:
            raise self._unfit(f"among others of {show(self.size)}", whole)
        if whole.h < self.size.h or whole.w < self.size.w:
            raise self._unfit(f"is smaller than the crop of {show(self.size)}", whole)
        tops, lefts = self.corners(whole, draws[None])
        top, left = int(tops[0]), int(lefts[0])
        window = image[top : top + self.size.h, left : left + self.size.w]
        return mirrored(window) if self.mirror and draws[RandomDraw.MIRROR] < 0.5 else window

    def corners(self, whole: Pair, draws: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Top and left of the windows of images of one size, for each row of ``draws`` (N, draws)."""
        spare = Pair(whole.h - self.size.h, whole.w - self.size.w)
        if self.random_crop:
            tops, lefts = draws[:, RandomDraw.DOWN] * (spare.h + 1), draws[:, RandomDraw.RIGHT] * (spare.w + 1)
            return tops.astype(np.int64), lefts.astype(np.int64)
        return np.full(len(draws), spare.h // 2), np.full(len(draws), spare.w // 2)  # Caffe rounds down

    def _unfit(self, what: str, whole: Pair) -> NetError:
        help = "bring all images to one size that is large enough (ImageData: new_height and new_width)"
        return NetError(Diagnostic("N775", f"{self.name}: an image of {show(whole)} {what}", help=help))


NOTHING_DONE = LayerCrop("", 0, Pair(0, 0))
"""For blobs that aren't images."""
