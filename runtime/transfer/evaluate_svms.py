"""Linear SVMs on files of descriptors: splits, a result for each, and the figures over all of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from netdef.runtime.console import Console
from netdef.runtime.requests import SvmRequest
from netdef.runtime.transfer.descriptors import DESCRIPTORS, Descriptors, check_alike, stacked
from netdef.runtime.transfer.svm import Measure, Result, Split, measured, splits, summary


class SvmResults(NamedTuple):
    """What came of the splits.

    made      what made the descriptors to train on
    figures   by name: the mean over the splits, and where there are several their deviation
    """

    made: dict[str, Any]
    splits: tuple[Result, ...]
    figures: dict[str, dict[str, float]]

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"made": self.made, "splits": [each.as_data for each in self.splits], **self.figures}

    @property
    def lines(self) -> Iterator[str]:
        """The figures over several splits, for people."""
        if len(self.splits) > 1:
            for name, each in self.figures.items():
                mean, deviation = 100 * each["mean"], 100 * each["deviation"]
                yield f"{name}: {mean:.1f} +- {deviation:.1f} % over {len(self.splits)} splits"


def evaluate_svms(request: SvmRequest, console: Console) -> SvmResults:
    """Train and test on each split; its result is printed as soon as it is there.

    Raises:
        NetError: if the descriptors don't go together, or a class has too few images.
    """
    train = _together(request.features)
    if request.test:
        test = _together(request.test)
        check_alike(train, test)
        coming = iter([Split(train, test.of_classes(train.classes))])
    else:
        seeds = range(request.seed, request.seed + request.splits)
        coming = splits(train, seeds, request.train_per_class, request.test_per_class)
    measure = Measure(request.metric or ("map" if train.labels.ndim == 2 else "recall"))
    results = []
    for split in coming:
        results.append(measured(split, measure))
        console.print(results[-1].text)
    return SvmResults(train.made, tuple(results), summary(results))


def _together(paths: tuple[str, ...]) -> Descriptors:
    """The descriptors of some files, stacked."""
    return stacked([DESCRIPTORS.read(Path(path)) for path in paths])
