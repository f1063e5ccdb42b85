"""Posteriors in files, to be fused without running the nets again."""

from typing import Any

import numpy as np

from netdef.runtime.array_files import ArrayFile, Arrays, texts_of
from netdef.runtime.evaluation.posteriors import Posteriors
from netdef.runtime.evaluation.report import Result, report


def _posteriors(arrays: Arrays, facts: dict[str, Any]) -> Posteriors:
    values = arrays["values"].astype(np.float64, casting="safe")
    labels = arrays["labels"].astype(np.int64, casting="safe")
    numbers = arrays["numbers"].astype(np.int64, casting="safe")
    classes = texts_of(facts, "classes")
    if values.ndim != 2 or labels.shape != numbers.shape or labels.shape != values.shape[:1]:
        raise ValueError("its arrays don't fit each other")
    if len(classes) > values.shape[1] or (labels.size and not 0 <= labels.min() <= labels.max() < len(classes)):
        raise ValueError(f"its labels go from {labels.min()} to {labels.max()}, and there are {len(classes)} classes")
    paths = texts_of(facts, "paths")
    if paths and len(paths) != len(values):
        raise ValueError(f"it is of {len(values)} images and has {len(paths)} paths")
    found = Posteriors(values, labels, numbers, classes, facts["made"], paths)
    try:
        _tell(found)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise ValueError("what it says of the nets that made it is damaged") from None
    return found


def _tell(found: Posteriors) -> None:
    """Have told once what is ever told of how they were made, so that a fact of another kind is found here."""
    first = found._replace(values=found.values[:1], labels=found.labels[:1], numbers=found.numbers[:1])
    if len(first.values):
        result = Result(found.made, first.errors())
        _ = result.text, result.as_data, report([result], markdown=False)


POSTERIORS = ArrayFile(
    "posteriors",
    "netdef evaluate --save-posteriors",
    ("values", "labels", "numbers"),
    ("classes", "made", "paths"),
    "N1104",
    _posteriors,
)
