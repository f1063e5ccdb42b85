"""From what the user calls the data to the data."""

from collections.abc import Callable
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic, NetError, did_you_mean
from netdef.runtime.data.dataset import Data, Dataset
from netdef.runtime.data.digits import digits
from netdef.runtime.data.folder import Folder, find_test, folder

EMBEDDED: dict[str, Callable[[], Data]] = {"digits": digits}
"""Data sets that come with a package, by name."""


def open_data(source: str, test: str | None = None) -> Data:
    """Training and test data: an embedded data set's name, or a folder; ``test`` is another folder for the test."""
    if source in EMBEDDED:
        data = EMBEDDED[source]()
        return data if test is None else data._replace(test=Folder(_existing(test), data.train.classes))
    return folder(_existing(source), None if test is None else _existing(test))


def open_test(source: str, classes: tuple[str, ...] | None) -> Dataset:
    """What a net is evaluated on: the test part, or all of a folder that has none.

    ``classes`` is the order of the labels, where training has told it.
    """
    if source in EMBEDDED:
        return EMBEDDED[source]().test
    path = _existing(source)
    return Folder(find_test(path) or path, classes)


def _existing(source: str) -> Path:
    path = Path(source)
    if path.is_dir():
        return path
    names = " or ".join(EMBEDDED)
    beside = [other.name for other in path.parent.iterdir() if other.is_dir()] if path.parent.is_dir() else []
    cure = did_you_mean(path.name, [*beside, *EMBEDDED]) or f"--data takes {names}, or a folder of class folders"
    raise NetError(Diagnostic("N710", f"there is no data {source}: no folder has this name", help=cure))
