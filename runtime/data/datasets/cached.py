"""Labelled images that stay in memory once they are read, where all of them fit."""

from abc import abstractmethod
from collections.abc import Sequence

from netdef.compiler.net_error import NetError
from netdef.runtime.data.datasets.dataset import ImageArray

CACHED_BYTES = 256 * 2**20
"""Decoded images that a data set keeps in memory."""
NUM_TRIED = 16
"""Images from which a data set's size is guessed, where the first can't be read."""


class Cached:
    """A data set of images that are read by number."""

    def __init__(self, classes: Sequence[str], labels: Sequence[int]) -> None:
        self.classes = tuple(classes)
        self.labels = labels
        self._kept: dict[int, ImageArray] = {}
        self.num_bytes = self._guessed_bytes()

    @abstractmethod
    def read(self, index: int) -> ImageArray:
        """One image from where it is stored; raises ``NetError`` if it can't be read."""

    def image(self, index: int) -> ImageArray:
        """One image, decoded; kept if all of them fit into memory."""
        image = self._kept.get(index)
        if image is None:
            image = self.read(index)
            if image.nbytes * len(self) <= CACHED_BYTES:
                self._kept[index] = image
        return image

    def __len__(self) -> int:
        return len(self.labels)

    def _guessed_bytes(self) -> int:
        """What all images take, if they are like the first that can be read; of broken ones whoever asks is told."""
        mistakes = []
        for index in range(min(NUM_TRIED, len(self))):
            try:
                return self.image(index).nbytes * len(self)
            except NetError as error:
                mistakes.append(error)
        raise mistakes[0]
