"""Linear SVMs on descriptors, one against the rest for each class, and how well they find the classes.

C is chosen on a fifth of the training images, by the measure that is reported; the SVMs are then trained on all.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from statistics import mean, stdev
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.extras import require
from netdef.compiler.net_error import NetError
from netdef.runtime.data.datasets.dataset import random_nth
from netdef.runtime.hardware.seeded_bits import order
from netdef.runtime.transfer.descriptors import Descriptors
from netdef.runtime.transfer.metrics import average_precision, mean_average_precision, mean_class_recall

COSTS = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
"""What is tried for C."""
HELD_OUT_SHARE = 5


class Measure(StrEnum):
    """What is reported."""

    RECALL = "recall"
    MAP = "map"


class Split(NamedTuple):
    """Descriptors to train on, others to test on, and the seed that told them apart, if one did."""

    train: Descriptors
    test: Descriptors
    seed: int | None = None


class Result(NamedTuple):
    """How well the SVMs of one split find the classes.

    figures    by name, 0 to 1; the first is what C was chosen by
    by_class   of each class that some test image shows: its recall, or its average precision over all points
    """

    seed: int | None
    cost: float
    num_train: int
    num_test: int
    figures: dict[str, float]
    by_class: dict[str, float]

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**self._asdict(), "figures": dict(self.figures)}

    @property
    def text(self) -> str:
        """A line for people."""
        seed = "" if self.seed is None else f"seed {self.seed}: "
        figures = ", ".join(f"{name} {100 * value:.1f} %" for name, value in self.figures.items())
        return f"{seed}{figures} (C {self.cost:g}, {self.num_train:,} images trained, {self.num_test:,} tested)"


def splits(whole: Descriptors, seeds: Sequence[int], num_train: int, num_test: int) -> Iterator[Split]:
    """For each seed, ``num_train`` images of each class at random, and at most ``num_test`` of its others.

    Raises:
        NetError: if a class has too few, or images show several classes.
    """
    if whole.labels.ndim == 2:
        message = "images that show several classes can't be dealt out by class"
        raise NetError(Diagnostic("N1125", message, help="name other descriptors for the test: --test FEATURES"))
    for label, name in enumerate(whole.classes):
        num = int((whole.labels == label).sum())
        if num <= num_train:
            message = f"{name} has {num} images, and {num_train} of each class are for training, others for the test"
            help = f"say --train-per-class {num - 1}, or fewer" if num > 1 else "describe more images of it"
            raise NetError(Diagnostic("N1125", message, help=help))
    for seed in seeds:
        dealt = order(len(whole.labels), seed)
        of_class = [dealt[whole.labels[dealt] == label] for label in range(len(whole.classes))]
        train = np.sort(np.concatenate([numbers[:num_train] for numbers in of_class]))
        test = np.sort(np.concatenate([numbers[num_train : num_train + num_test] for numbers in of_class]))
        yield Split(whole.part(train), whole.part(test), seed)


def measured(split: Split, measure: Measure) -> Result:
    """Choose C, train on all of a split's training part, and test.

    Raises:
        NetError: if the training part has too few images of a class.
    """
    train, test, seed = split
    if measure is Measure.RECALL and 2 in (train.labels.ndim, test.labels.ndim):
        message = "images that show several classes have no recall by their likeliest class"
        raise NetError(Diagnostic("N1125", message, help="say --metric map"))
    lengths = train.values.shape[1], test.values.shape[1]
    if lengths[0] != lengths[1]:
        message = f"the descriptors to train on have {lengths[0]:,} numbers, and those to test on {lengths[1]:,}"
        raise NetError(Diagnostic("N1124", message, help="make both with the same nets and options"))
    shown = train.shown
    if len(train.classes) < 2 or not (shown.any(0) & ~shown.all(0)).all():
        alike = next((name for name, has in zip(train.classes, shown.T, strict=True) if has.all() or not has.any()), "")
        message = f"an SVM needs images with and without its class, and for {alike or 'the classes'} there are none"
        raise NetError(Diagnostic("N1125", message, help="train on descriptors of several classes"))
    cost = chosen_cost(train, measure)
    values = decisions(train, test, cost)
    figures = _figures(values, test, measure)
    by_class = {
        name: _of_class(values, test, label, measure)
        for label, name in enumerate(test.classes)
        if test.shown[:, label].any()
    }
    return Result(seed, cost, len(train.values), len(test.values), figures, by_class)


def chosen_cost(train: Descriptors, measure: Measure) -> float:
    """The C that does best on a fifth of the training images, of each class where they show one; the least of equals.

    Raises:
        NetError: if nothing can be held out.
    """
    alike = train.labels.tolist() if train.labels.ndim == 1 else [0] * len(train.labels)
    most, few = (train.part(np.array(indices, np.int64)) for indices in random_nth(alike, HELD_OUT_SHARE))
    shown = most.shown
    if not len(few.labels) or not (shown.any(0) & ~shown.all(0)).all():
        message = f"too few training images to choose C on a fifth of them: {len(train.labels)}"
        raise NetError(Diagnostic("N1125", message, help=f"train on {HELD_OUT_SHARE} of each class"))
    scores = [next(iter(_figures(decisions(most, few, cost), few, measure).values())) for cost in COSTS]
    return COSTS[int(np.argmax(scores))]


def decisions(train: Descriptors, test: Descriptors, cost: float) -> NDArray[np.float64]:
    """What the SVM of each class says of each test image: (N, classes), positive if it shows the class.

    Raises:
        NetError: without scikit-learn.
    """
    require("an SVM", "svm")
    from sklearn.svm import LinearSVC  # 1 s to import

    values = np.empty((len(test.values), len(train.classes)))
    for label, shows in enumerate(train.shown.T):
        svm = LinearSVC(C=cost, dual=False)  # Newton's method: few steps, and nothing random
        values[:, label] = svm.fit(train.values, shows).decision_function(test.values)
    return values


def summary(results: Sequence[Result]) -> dict[str, dict[str, float]]:
    """Each figure's mean over the splits, and its deviation (over K - 1) where there are several."""
    found = {}
    for name in results[0].figures:
        over = [result.figures[name] for result in results]
        found[name] = {"mean": mean(over)} | ({"deviation": stdev(over)} if len(over) > 1 else {})
    return found


def _figures(values: NDArray[np.float64], test: Descriptors, measure: Measure) -> dict[str, float]:
    if measure is Measure.RECALL:
        return {"mean class recall": mean_class_recall(values, test.labels)}
    found = mean_average_precision(values, test.shown)
    return {"mAP, all points (VOC 2010)": found.all_points, "mAP, 11 points (VOC 2007)": found.points_11}


def _of_class(values: NDArray[np.float64], test: Descriptors, label: int, measure: Measure) -> float:
    shows = test.shown[:, label]
    if measure is Measure.RECALL:
        return float((values[shows].argmax(1) == label).mean())
    return average_precision(values[:, label], shows).all_points
