"""Labelled pictures that stay in memory once they are read, where all of them fit."""

from abc import abstractmethod
from collections.abc import Sequence

from netdef.compiler.diagnostics import NetError
from netdef.runtime.data.datasets.dataset import Picture

KEPT_BYTES = 256 * 2**20
"""Decoded pictures that a data set keeps in memory."""
NUM_TRIED = 16
"""Pictures from which a data set's size is guessed, where the first can't be read."""


class Kept:
    """A data set of pictures that are read by number."""

    def __init__(self, classes: Sequence[str], labels: Sequence[int]) -> None:
        self.classes = tuple(classes)
        self.labels = labels
        self._kept: dict[int, Picture] = {}
        self.num_bytes = self._guessed_bytes()

    @abstractmethod
    def read(self, index: int) -> Picture:
        """One picture from where it is stored; raises ``NetError`` if it can't be read."""

    def picture(self, index: int) -> Picture:
        """One picture, decoded; kept if all of them fit into memory."""
        picture = self._kept.get(index)
        if picture is None:
            picture = self.read(index)
            if picture.nbytes * len(self) <= KEPT_BYTES:
                self._kept[index] = picture
        return picture

    def __len__(self) -> int:
        return len(self.labels)

    def _guessed_bytes(self) -> int:
        """What all pictures take, if they are like the first that can be read; of broken ones whoever asks is told."""
        mistakes = []
        for index in range(min(NUM_TRIED, len(self))):
            try:
                return self.picture(index).nbytes * len(self)
            except NetError as error:
                mistakes.append(error)
        raise mistakes[0]
