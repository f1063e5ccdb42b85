"""Descriptors of images, in memory and in files, and several of the same images together."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.runtime.array_files import ArrayFile, Arrays, texts_of
from netdef.runtime.data.datasets.dataset import same_files


class Descriptors(NamedTuple):
    """Descriptors of some images of a data set.

    values    (N, D), float32
    labels    (N,): each image's class; or (N, classes), 1 where the image shows the class, else 0
    numbers   (N,): which samples of the data they are, ascending
    classes   their names
    paths     the images' files; none where they aren't known
    made      what made them, as plain values
    """

    values: NDArray[np.float32]
    labels: NDArray[np.int64]
    numbers: NDArray[np.int64]
    classes: tuple[str, ...]
    paths: tuple[str, ...]
    made: dict[str, Any]

    @property
    def shown(self) -> NDArray[np.bool_]:
        """(N, classes): which image shows which class."""
        several = self.labels.ndim == 2
        shown: NDArray[np.bool_] = self.labels == 1 if several else self.labels[:, None] == range(len(self.classes))
        return shown

    def part(self, indices: NDArray[np.int64]) -> "Descriptors":
        """Those of some of the images."""
        paths = tuple(self.paths[index] for index in indices.tolist()) if self.paths else ()
        arrays = {name: getattr(self, name)[indices] for name in DESCRIPTORS.names}
        return self._replace(paths=paths, **arrays)

    def of_classes(self, classes: Sequence[str]) -> "Descriptors":
        """The same with the classes in another's order.

        Raises:
            NetError: if a class is missing there.
        """
        if strange := sorted(set(self.classes) - set(classes)):
            help = f"describe data with the classes {', '.join(classes)}"
            raise NetError(Diagnostic("N1124", f"nothing is trained for the class {strange[0]}", help=help))
        place = np.array([classes.index(name) for name in self.classes], np.int64)
        if self.labels.ndim == 1:
            return self._replace(labels=place[self.labels], classes=tuple(classes))
        labels = np.zeros((len(self.labels), len(classes)), np.int64)
        labels[:, place] = self.labels
        return self._replace(labels=labels, classes=tuple(classes))


def normalised(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1; one of zeros stays."""
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return (values / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def side_by_side(parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Descriptors of the same images stacked: rows of length 1 give rows of length 1, each part counting alike."""
    rows: NDArray[np.float32] = np.hstack(parts) / np.float32(len(parts) ** 0.5)
    return rows


def stacked(parts: Sequence[Descriptors]) -> Descriptors:
    """Several nets' descriptors of the same images as one.

    Raises:
        NetError: if they aren't of the same images in the same order.
    """
    first, *others = parts
    for other in others:
        what = next((name for name in ("numbers", "labels", "classes") if _differs(first, other, name)), "")
        if not what and not same_files(first.paths, other.paths):
            what = "files' names"
        if what:
            names = " and ".join(f"{part.made.get('net', 'one file')}'s" for part in (first, other))
            message = f"{names} descriptors don't go together: their images' {what} differ"
            help = "describe the same --data with both nets, and leave none of its images out; others go to --test"
            raise NetError(Diagnostic("N1124", message, help=help))
    values = side_by_side([part.values for part in parts])
    return first._replace(values=values, made={"stacked": [part.made for part in parts]}) if others else first


def check_alike(train: Descriptors, test: Descriptors) -> None:
    """Refuse descriptors for the test that were made otherwise than those to train on."""
    for ours, theirs in zip(_made_how(train), _made_how(test), strict=False):  # their lengths tell if one is missing
        for name, wanted in ours.items():
            if (found := theirs.get(name)) != wanted:
                message = f"the descriptors to test on are made otherwise: {name} is {found}, and {wanted} in training"
                raise NetError(Diagnostic("N1124", message, help="make both with the same nets and options"))


def _made_how(descriptors: Descriptors) -> list[dict[str, Any]]:
    """For each net what decides about its numbers, files' names aside."""
    names = ("name", "blob", "normalise", "stack", "unit_length", "box")
    parts = descriptors.made.get("stacked", [descriptors.made])
    return [{name: made.get(name) for name in names} | made.get("protocol", {}) for made in parts]


def _differs(first: Descriptors, other: Descriptors, name: str) -> bool:
    return not np.array_equal(getattr(first, name), getattr(other, name))


def _descriptors(arrays: Arrays, facts: dict[str, Any]) -> Descriptors:
    labels = arrays["labels"].astype(np.int64, casting="safe")
    found = Descriptors(
        values=arrays["values"].astype(np.float32, casting="same_kind"),
        labels=labels,
        numbers=arrays["numbers"].astype(np.int64, casting="safe"),
        classes=texts_of(facts, "classes"),
        paths=texts_of(facts, "paths"),
        made=facts["made"],
    )
    num, num_classes = len(found.values), len(found.classes)
    label_shape = (num,) if labels.ndim == 1 else (num, num_classes)
    if found.values.ndim != 2 or found.numbers.shape != (num,) or labels.shape != label_shape:
        raise ValueError("its arrays don't fit each other")
    if found.paths and len(found.paths) != num:
        raise ValueError(f"it has {num} descriptors and {len(found.paths)} paths")
    most = num_classes - 1 if labels.ndim == 1 else 1
    if labels.size and not 0 <= labels.min() <= labels.max() <= most:
        raise ValueError(f"its labels go from {labels.min()} to {labels.max()}, and may go from 0 to {most}")
    if not np.isfinite(found.values).all():
        raise ValueError("it holds numbers that are not finite")
    try:
        _made_how(found)
    except (AttributeError, TypeError):
        raise ValueError("what it says of how it was made is damaged") from None
    return found


DESCRIPTORS = ArrayFile(
    "descriptors",
    "netdef features -o",
    ("values", "labels", "numbers"),
    ("classes", "paths", "made"),
    "N1123",
    _descriptors,
)
