"""Made-up images, as many and as large as one likes, that a net can learn: for trying things out.

An image is its class's own coarse pattern under noise; each depends on its number alone.
"""

import numpy as np

from netdef.compiler.override import override
from netdef.compiler.shape import Pair
from netdef.runtime.data.datasets.cached import Cached
from netdef.runtime.data.datasets.dataset import Data, ImageArray
from netdef.runtime.hardware.seeded_bits import uniform

NUM_TRAIN = 1024
NUM_TEST = 256
GRID = 4
"""Tiles of a pattern on each side."""
PATTERN, NOISE = range(2)
"""What random numbers are for."""


class Synthetic(Cached):
    """Images numbered from ``first``; their classes take turns."""

    def __init__(self, first: int, num: int, size: Pair, num_channels: int, num_classes: int) -> None:
        self._first = first
        self._shape = (*size, num_channels)
        super().__init__([str(label) for label in range(num_classes)], [(first + i) % num_classes for i in range(num)])

    @override
    def read(self, index: int) -> ImageArray:
        """One image, half pattern and half noise."""
        tiles = uniform(PATTERN, self.labels[index], np.arange(GRID * GRID * self._shape[2]))
        tiles = tiles.reshape(GRID, GRID, -1)
        rows, columns = (np.arange(side) * GRID // side for side in self._shape[:2])
        noise = uniform(NOISE, self._first + index, np.arange(np.prod(self._shape))).reshape(self._shape)
        image: ImageArray = (127.5 * (tiles[rows][:, columns] + noise)).astype(np.uint8)
        return image


def synthetic(size: Pair, num_channels: int, num_classes: int) -> Data:
    """Images for a net of some size, and others for its test."""
    train = Synthetic(0, NUM_TRAIN, size, num_channels, num_classes)
    test = Synthetic(NUM_TRAIN, NUM_TEST, size, num_channels, num_classes)
    return Data(train, test, "synthetic", "all made up")
