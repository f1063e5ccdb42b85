"""Which classes a net takes images for: each class's top-1 and top-5 errors beside the confusion matrix."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.override import override
from netdef.runtime.evaluation.confusion import ConfusionMatrix, Shares, all_named
from netdef.runtime.evaluation.posteriors import Posteriors

TOP = 5
"""Guesses that count for a top-5 error."""


class ClassErrors(NamedTuple):
    """A class's images, and how many of them are wrong: top-1 and top-5."""

    label: int
    name: str
    num: int
    top1: int
    top5: int

    @property
    def top1_error(self) -> float | None:
        """The share of ``top1``, 0 to 1; None of a class without images."""
        return self.top1 / self.num if self.num else None

    @property
    def top5_error(self) -> float | None:
        """The share of ``top5``, likewise."""
        return self.top5 / self.num if self.num else None


@dataclass(frozen=True, eq=False)
class PerClass(ConfusionMatrix):
    """The errors of each class that is scored; the matrix counts images.

    top5     (classes,): images of a class that wasn't among the five highest
    """

    top5: NDArray[np.int64]
    UNIT: ClassVar[str] = "images"
    ONE: ClassVar[str] = "image"

    @property
    def classes(self) -> Iterator[ClassErrors]:
        """Each class's errors, in the order of the labels."""
        nums, right = self.matrix.sum(1).tolist(), self.matrix.diagonal().tolist()
        for label, name in enumerate(self.names):
            yield ClassErrors(label, name, nums[label], nums[label] - right[label], int(self.top5[label]))

    @property
    @override
    def measures(self) -> Mapping[str, Shares]:
        """Top-1 and top-5 errors."""
        classes = [*self.classes]
        return {
            "top1_error": [each.top1_error for each in classes],
            "top5_error": [each.top5_error for each in classes],
        }


def per_class(posteriors: Posteriors, names: Sequence[str] = ()) -> PerClass:
    """The errors by class; a tie counts against the image's own class, as in Caffe's Accuracy.

    ``names`` are those of the classes, where the data's are not wanted; what has no name has its number.
    """
    values, labels = posteriors.values, posteriors.labels
    num = values.shape[1]
    own = np.take_along_axis(values, labels[:, None], 1)
    as_high = (~(values < own)).sum(1) - 1
    others = np.nan_to_num(values, nan=np.inf)
    np.put_along_axis(others, labels[:, None], -np.inf, 1)
    predicted = np.where(as_high == 0, labels, others.argmax(1))
    matrix = np.zeros((num, num), np.int64)
    np.add.at(matrix, (labels, predicted), 1)
    top5 = np.bincount(labels[as_high >= TOP], minlength=num)
    return PerClass(all_named(names or posteriors.classes, num), matrix, top5)
