"""What every source of labelled images looks like, whatever it reads."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.runtime.hardware.seeded_bits import order

ImageArray = NDArray[np.uint8]
"""(H, W, C), 0 to 255; C is 1 (grey) or 3 (red, green, blue)."""


MOST_CLASSES = 5_000_000
"""More than any data set has: names and counts of a billion classes would fill the memory."""


def numbered_classes(labels: Sequence[int], where: str, code: str) -> tuple[str, ...]:
    """The names of classes that are known by their labels alone: their numbers from 0 on.

    Raises:
        NetError: of the code, if a label is so large that it can't be a class.
    """
    num = max(labels, default=-1) + 1
    if num > MOST_CLASSES:
        message = f"{where} has a label of {num - 1:,}, which would be one of {num:,} classes"
        raise NetError(Diagnostic(code, message, help=f"classes are numbered from 0, at most {MOST_CLASSES:,} of them"))
    return tuple(map(str, range(num)))


class Dataset(Protocol):
    """Labelled images, by number from 0.

    Images are read when they are asked for, in any order and by several processes.
    """

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names; a label is an index into them."""

    @property
    def labels(self) -> Sequence[int]:
        """The label of each image."""

    @property
    def num_bytes(self) -> int:
        """What all images take in memory once they are decoded, about."""

    def image(self, index: int) -> ImageArray:
        """One image; raises ``NetError`` if its file cannot be read."""

    def __len__(self) -> int: ...


class Data(NamedTuple):
    """What a net is trained on and what it is tested on.

    source   what the user called it
    split    how the two were told apart, for people
    """

    train: Dataset
    test: Dataset
    source: str
    split: str


def boxes_of(data: Dataset) -> NDArray[np.float64] | None:
    """The edges (x0, y0, x1, y1) of the object on each image, in pixels, if the data tell them."""
    boxes: NDArray[np.float64] | None = getattr(data, "boxes", None)
    return boxes


def paths_of(data: Dataset) -> Sequence[str]:
    """The file of each image, if the data tell them."""
    paths: Sequence[object] = getattr(data, "paths", ())
    return [str(path) for path in paths]


def same_files(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether two lists of files may be the same, as far as they are known; the data may have been moved."""
    return not (first and second) or [Path(path).name for path in first] == [Path(path).name for path in second]


def warnings_of(data: Dataset) -> list[Diagnostic]:
    """What was wrong with the data and could be mended."""
    warnings: list[Diagnostic] = getattr(data, "warnings", [])
    return warnings


def evenly_spread(data: Dataset, most: int) -> Iterator[ImageArray]:
    """Some images of a data set, or all if they are few, without those that can't be read."""
    num = min(most, len(data))
    for i in range(num):
        with suppress(NetError):  # whoever asks for this image is told
            yield data.image(i * len(data) // num)


class Part:
    """Some of the images of a data set."""

    def __init__(self, whole: Dataset, indices: Sequence[int]) -> None:
        self._whole = whole
        self._indices = indices
        self.classes = whole.classes
        self.labels = [whole.labels[index] for index in indices]
        self.num_bytes = whole.num_bytes * len(indices) // max(1, len(whole))
        boxes = boxes_of(whole)
        self.boxes = None if boxes is None else boxes[indices]
        paths = paths_of(whole)
        self.paths = [paths[index] for index in indices] if paths else []
        self.warnings = warnings_of(whole)

    def image(self, index: int) -> ImageArray:
        """One image."""
        return self._whole.image(self._indices[index])

    def __len__(self) -> int:
        return len(self._indices)


def every_nth(labels: Sequence[int], n: int) -> tuple[list[int], list[int]]:
    """Indices of most samples, and of every n-th of each class."""
    return _dealt(labels, n, range(len(labels)))


def random_nth(labels: Sequence[int], n: int) -> tuple[list[int], list[int]]:
    """Indices of most samples, and of an n-th of each class chosen at random, once for all."""
    return _dealt(labels, n, order(len(labels)).tolist())


def _dealt(labels: Sequence[int], n: int, sequence: Sequence[int]) -> tuple[list[int], list[int]]:
    most: list[int] = []
    few: list[int] = []
    seen: dict[int, int] = {}
    for index in sequence:
        label = labels[index]
        seen[label] = seen.get(label, 0) + 1
        (most if seen[label] % n else few).append(index)
    return sorted(most), sorted(few)
