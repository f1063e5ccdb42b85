"""How often the positions of label maps are wrong, and how well the classes' regions overlap with the true ones.

Of class i let right_i be the positions of its label where it scores highest, labelled_i those of its label, and
found_i those that are taken for it. Over the classes that there are,

    pixel error          1 - sum right_i / sum labelled_i
    mean class accuracy  the mean of right_i / labelled_i, where labelled_i > 0
    mean IoU             the mean of right_i / (labelled_i + found_i - right_i), where that is no division by 0

(Long, Shelhamer and Darrell 2015, section 5; intersection over union). Positions with an ignored label don't count.
All three are made from the confusion matrix: right_i are its diagonal, labelled_i its rows' sums, found_i its columns'.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netdef.compiler.override import override
from netdef.runtime.evaluation.confusion import ConfusionMatrix, Matrix, Shares, all_named
from netdef.runtime.evaluation.outputs import Loss, Outputs
from netdef.runtime.hardware.process_group import ProcessGroup

Counts = tuple[int, ...]
"""A number for each class."""


class PixelErrors(NamedTuple):
    """Counts over a data set, exact: parts of it may be counted apart and added.

    num        samples
    taken      positions of each class that were taken for each class, row by row
    loss       of all samples, and the net's scalar outputs
    """

    num: int = 0
    taken: tuple[Counts, ...] = ()
    loss: Loss = Loss()

    def plus(self, other: "PixelErrors") -> "PixelErrors":
        """The counts of two parts."""
        both = self.taken and other.taken
        taken = _rows(self.matrix + other.matrix) if both else self.taken or other.taken
        return PixelErrors(self.num + other.num, taken, self.loss.plus(other.loss))

    def over(self, group: ProcessGroup) -> "PixelErrors":
        """The counts of all processes' parts."""
        total = PixelErrors()
        for part in group.all_gather(self._replace(loss=Loss())):
            total = total.plus(part)
        return total._replace(loss=self.loss.over(group))

    @property
    def matrix(self) -> Matrix:
        """The confusion matrix (classes, classes)."""
        return np.array(self.taken, np.int64).reshape(len(self.taken), len(self.taken))

    @property
    def right(self) -> Counts:
        """Positions of each class that are right."""
        return tuple(self.matrix.diagonal().tolist())

    @property
    def labelled(self) -> Counts:
        """Positions of each class, by their labels."""
        return tuple(self.matrix.sum(1).tolist())

    @property
    def found(self) -> Counts:
        """Positions that were taken for each class."""
        return tuple(self.matrix.sum(0).tolist())

    @property
    def pixel_error(self) -> float:
        """The share of positions that are wrong, 0 to 1; of no positions 1, as Caffe's Accuracy of them is 0."""
        num = sum(self.labelled)
        return 1 - sum(self.right) / num if num else 1.0

    @property
    def class_accuracy(self) -> NDArray[np.float64]:
        """The share of each class's positions that are right; nan for a class without any."""
        return _shares(self.right, np.array(self.labelled))

    @property
    def iou(self) -> NDArray[np.float64]:
        """Each class's intersection over union; nan for a class that is neither labelled nor found."""
        right, labelled, found = map(np.array, (self.right, self.labelled, self.found))
        return _shares(self.right, labelled + found - right)

    @property
    def score(self) -> float:
        """What training makes larger."""
        return 1 - self.pixel_error

    @property
    def as_data(self) -> dict[str, float]:
        """The error and the means by name, 0 to 1, and the mean loss where there is one."""
        means = {"mean_class_accuracy": _mean(self.class_accuracy), "mean_iou": _mean(self.iou)}
        return {"pixel_error": self.pixel_error, **means, **self.loss.as_data}

    @property
    def outputs(self) -> Outputs:
        """The net's scalar outputs."""
        return self.loss.outputs

    @property
    def text(self) -> str:
        """For people, in per cent."""
        error, accuracy, iou = (100 * value for value in list(self.as_data.values())[:3])
        said = f"pixel error {error:.2f} %, mean class accuracy {accuracy:.2f} %, mean IoU {iou:.2f} %"
        return self.loss.behind(said)


@dataclass(frozen=True, eq=False)
class PixelClasses(ConfusionMatrix):
    """How each class's regions are found; the matrix counts positions."""

    UNIT: ClassVar[str] = "pixels"
    ONE: ClassVar[str] = "pixel"

    @property
    @override
    def measures(self) -> Mapping[str, Shares]:
        """The share of its positions that are right, and its intersection over union."""
        errors = PixelErrors(taken=_rows(self.matrix))
        return {"accuracy": _known(errors.class_accuracy), "iou": _known(errors.iou)}


def pixel_classes(errors: PixelErrors, names: Sequence[str] = ()) -> PixelClasses:
    """The same counts by class; what has no name has its number."""
    return PixelClasses(all_named(names, len(errors.taken)), errors.matrix)


def count_pixels(scores: Tensor, labels: Tensor, axis: int = 1, ignored: Collection[int] = ()) -> PixelErrors:
    """Counts of one batch: ``scores`` have the classes along ``axis``, and ``labels`` one number for each position.

    As in Caffe's Accuracy, a position is right only if no other class scores as high: one with a tie is taken for
    the other class.
    """
    rows = scores.movedim(axis, -1).flatten(0, -2)
    numbers = labels.long().flatten()
    counts = ~torch.isin(numbers, torch.tensor(sorted(ignored), dtype=torch.long, device=numbers.device))
    rows, numbers = rows[counts], numbers[counts]
    own = rows.gather(1, numbers[:, None])
    right = (~(rows < own)).sum(1) == 1  # only the label's own score is as high
    others = rows.nan_to_num(nan=torch.inf, posinf=torch.inf).scatter(1, numbers[:, None], -torch.inf)
    taken = torch.where(right, numbers, others.argmax(1))
    num_classes = rows.shape[1]
    pairs = torch.bincount(numbers * num_classes + taken, minlength=num_classes**2)
    return PixelErrors(len(scores), _rows(pairs.view(num_classes, num_classes).cpu().numpy()))


def _rows(matrix: Matrix) -> tuple[Counts, ...]:
    return tuple(map(tuple, matrix.tolist()))


def _known(shares: NDArray[np.float64]) -> Shares:
    return [None if np.isnan(share) else float(share) for share in shares]


def _shares(parts: Counts, wholes: NDArray[np.int64]) -> NDArray[np.float64]:
    shares = np.full(len(parts), np.nan)
    np.divide(parts, wholes, out=shares, where=wholes > 0)
    return shares


def _mean(values: NDArray[np.float64]) -> float:
    """Over the classes that there are; 0 if there are none."""
    there = values[~np.isnan(values)]
    return float(there.mean()) if there.size else 0.0
