"""How well decision values find classes: Pascal VOC's average precision in both its kinds, and mean class recall.

Images of one value are found together: their order would be luck.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Shown = NDArray[np.bool_]


class AveragePrecision(NamedTuple):
    """Average precision, 0 to 1; of several classes the mean (mAP).

    points_11    as the VOC 2007 devkit has it: the mean over the recalls 0, 0.1 ... 1 of the best precision there or at
                 a higher recall
    all_points   as VOC has it since 2010: the area under that best precision, over all recalls
    """

    points_11: float
    all_points: float


def average_precision(values: Values, shown: Shown) -> AveragePrecision:
    """Of one class, from the decision values (N,) of images that show it or not; nan if none does."""
    if not shown.any():
        return AveragePrecision(float("nan"), float("nan"))
    order = np.argsort(-values, kind="stable")
    last = np.append(np.flatnonzero(np.diff(values[order])), len(order) - 1)  # of those of one value
    found = np.cumsum(shown[order])[last]
    recall = found / found[-1]
    best = np.maximum.accumulate((found / (last + 1))[::-1])[::-1]
    reached = np.searchsorted(recall, np.arange(11) / 10)
    return AveragePrecision(float(best[reached].mean()), float(best @ np.diff(recall, prepend=0)))


def mean_average_precision(values: Values, shown: Shown) -> AveragePrecision:
    """The mean over the classes that some image shows, from (N, classes)."""
    each = [average_precision(values[:, i], shown[:, i]) for i in np.flatnonzero(shown.any(0))]
    points_11, all_points = np.mean(each, axis=0).tolist()
    return AveragePrecision(points_11, all_points)


def mean_class_recall(values: Values, labels: NDArray[np.int64]) -> float:
    """The share of a class's images whose greatest value (N, classes) is the class's; the mean over the classes."""
    right = values.argmax(1) == labels
    return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))
