"""What is taken for what: a confusion matrix, its measures by class, and both as a table, in words and for JSON."""

import csv
import io
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError

MOST_TOLD = 3
"""Confusions that are told in words."""

Matrix = NDArray[np.int64]
"""Counts (classes, classes), by the true class and by the one that scored highest."""
Shares = Sequence[float | None]
"""A share of each class, 0 to 1; None where it would be of nothing."""


class Confusion(NamedTuple):
    """How many of one class were taken for another."""

    label: int
    predicted: int
    num: int


@dataclass(frozen=True, eq=False)
class ConfusionMatrix(ABC):
    """What is taken for what, of each class that is scored, whether there is any of it or not.

    names    (classes,), in the order of the labels
    matrix   (classes, classes): counts by their own class and by the one that scored highest; the sum of what is off
             the diagonal is how many are wrong
    UNIT     what is counted, in the plural
    ONE      and one of it
    """

    names: tuple[str, ...]
    matrix: Matrix
    UNIT: ClassVar[str]
    ONE: ClassVar[str]

    @property
    @abstractmethod
    def measures(self) -> Mapping[str, Shares]:
        """What is told of each class, by name."""

    @property
    def confusions(self) -> list[Confusion]:
        """What was taken for what, the most frequent first."""
        labels, predicted = np.nonzero(self.matrix)
        rows = zip(labels.tolist(), predicted.tolist(), self.matrix[labels, predicted].tolist(), strict=True)
        wrong = (Confusion(*row) for row in rows if row[0] != row[1])
        return sorted(wrong, key=lambda each: -each.num)

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON; the matrix by its entries that aren't 0, ``[label, predicted, num]``."""
        nums = self.matrix.sum(1).tolist()
        columns = self.measures
        classes = [
            {"label": label, "class": name, "num": nums[label], **{each: columns[each][label] for each in columns}}
            for label, name in enumerate(self.names)
        ]
        entries = [[int(a), int(b), int(self.matrix[a, b])] for a, b in np.argwhere(self.matrix)]
        return {"classes": classes, "confusion": entries}

    @property
    def csv(self) -> str:
        """A row for each class: its measures, and in a column for each class how often it was taken for that."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        columns = self.measures
        writer.writerow(["label", "class", self.UNIT, *columns, *(f"taken for {name}" for name in self.names)])
        for label, name in enumerate(self.names):
            shares = ("" if share is None else f"{share:.6g}" for share in (columns[each][label] for each in columns))
            row = self.matrix[label]
            writer.writerow([label, name, int(row.sum()), *shares, *row.tolist()])
        return file.getvalue()

    @property
    def text(self) -> str:
        """What was confused most often, for people."""
        if not (found := self.confusions):
            return f"no {self.ONE} was taken for another class"
        told = (
            f"{self.names[each.label]} for {self.names[each.predicted]} ({each.num:,} of"
            f" {int(self.matrix[each.label].sum()):,})"
            for each in found[:MOST_TOLD]
        )
        return f"most often taken: {', '.join(told)}"


def all_named(names: Sequence[str], num: int) -> tuple[str, ...]:
    """A name for each of ``num`` classes; what has none has its number."""
    return (*names, *map(str, range(len(names), num)))


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
