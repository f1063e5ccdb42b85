"""Which classes a net confuses: each class's errors, and the confusion matrix."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.runtime.evaluation.posteriors import Posteriors

TOP = 5
"""Guesses that count for a top-5 error."""
MOST_TOLD = 3
"""Confusions that are told in words."""

Counts = NDArray[np.int64]


class Confusion(NamedTuple):
    """Images of one class that were taken for another."""

    label: int
    predicted: int
    images: int


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


class PerClass(NamedTuple):
    """The errors of each class that is scored, whether it has images or not.

    names    (classes,), in the order of the labels
    matrix   (classes, classes): images by their own class and by the one that scored highest; the sum of what is off
             the diagonal are the top-1 errors
    top5     (classes,): images of a class that wasn't among the five highest
    """

    names: tuple[str, ...]
    matrix: Counts
    top5: Counts

    @property
    def classes(self) -> Iterator[ClassErrors]:
        """Each class's errors, in the order of the labels."""
        nums, right = self.matrix.sum(1).tolist(), self.matrix.diagonal().tolist()
        for label, name in enumerate(self.names):
            yield ClassErrors(label, name, nums[label], nums[label] - right[label], int(self.top5[label]))

    @property
    def confusions(self) -> list[Confusion]:
        """What was taken for what, the most frequent first."""
        labels, predicted = np.nonzero(self.matrix)
        rows = zip(labels.tolist(), predicted.tolist(), self.matrix[labels, predicted].tolist(), strict=True)
        wrong = (Confusion(*row) for row in rows if row[0] != row[1])
        return sorted(wrong, key=lambda each: -each.images)

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON; the matrix by its entries that aren't 0, ``[label, predicted, images]``."""
        classes = [
            {"label": each.label, "class": each.name, "num": each.num}
            | {"top1_error": each.top1_error, "top5_error": each.top5_error}
            for each in self.classes
        ]
        entries = [[int(a), int(b), int(self.matrix[a, b])] for a, b in np.argwhere(self.matrix)]
        return {"classes": classes, "confusion": entries}

    @property
    def csv(self) -> str:
        """A row for each class: its errors, and in a column for each class how many of its images were taken for it."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        heads = ("label", "class", "images", "top1_error", "top5_error")
        writer.writerow([*heads, *(f"taken for {name}" for name in self.names)])
        for each in self.classes:
            errors = (_rounded(error) for error in (each.top1_error, each.top5_error))
            writer.writerow([each.label, each.name, each.num, *errors, *self.matrix[each.label].tolist()])
        return file.getvalue()

    @property
    def text(self) -> str:
        """What was confused most often, for people."""
        if not (found := self.confusions):
            return "no image was taken for another class"
        told = (
            f"{self.names[each.label]} for {self.names[each.predicted]} ({each.images:,} of"
            f" {int(self.matrix[each.label].sum()):,})"
            for each in found[:MOST_TOLD]
        )
        return f"most often taken: {', '.join(told)}"


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
    told = [*(names or posteriors.classes)]
    return PerClass((*told, *map(str, range(len(told), num))), matrix, top5)


def names_in(path: str, num: int) -> tuple[str, ...]:
    """The names of ``num`` classes from a text file with one on each line.

    Raises:
        NetError: if it can't be read, or has another number of lines.
    """
    help = "a text file with a class's name on each line, in the order of the labels"
    try:
        names = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NetError(Diagnostic("N1115", f"the classes' names can't be read: {error}", help=help)) from None
    if len(names) != num:
        message = f"{path} names {len(names):,} classes, and the net scores {num:,}"
        raise NetError(Diagnostic("N1115", message, help=help))
    return tuple(names)


def _rounded(share: float | None) -> str:
    return "" if share is None else f"{share:.6g}"
