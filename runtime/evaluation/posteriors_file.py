"""Posteriors in files, to be fused without running the nets again."""

from typing import Any

import numpy as np

from netdef.runtime.array_files import ArrayFile, Arrays
from netdef.runtime.evaluation.posteriors import Posteriors


def _posteriors(arrays: Arrays, facts: dict[str, Any]) -> Posteriors:
    values = arrays["values"].astype(np.float64, casting="safe")
    labels = arrays["labels"].astype(np.int64, casting="safe")
    numbers = arrays["numbers"].astype(np.int64, casting="safe")
    classes = tuple(facts["classes"])
    if values.ndim != 2 or labels.shape != numbers.shape or labels.shape != values.shape[:1]:
        raise ValueError("its arrays don't fit each other")
    if len(classes) > values.shape[1] or (labels.size and not 0 <= labels.min() <= labels.max() < len(classes)):
        raise ValueError(f"its labels go from {labels.min()} to {labels.max()}, and there are {len(classes)} classes")
    paths = tuple(facts.get("paths", ()))
    if paths and len(paths) != len(values):
        raise ValueError(f"it is of {len(values)} images and has {len(paths)} paths")
    return Posteriors(values, labels, numbers, classes, facts["made"], paths)


POSTERIORS = ArrayFile(
    "posteriors",
    "netdef evaluate --save-posteriors",
    ("values", "labels", "numbers"),
    ("classes", "made", "paths"),
    "N1104",
    _posteriors,
)
