"""The formats that weights are read from and written in: what is added here, every command can read and write."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

from netdef.compiler.weights.by_layer import by_key, by_layer
from netdef.compiler.weights.dtypes import NUMBERS
from netdef.compiler.weights.formats.archive import Archive
from netdef.compiler.weights.formats.archives import ARCHIVES, ArchiveFormat
from netdef.compiler.weights.formats.caffemodel import read_caffemodel
from netdef.compiler.weights.formats.run_folder import best_weights
from netdef.compiler.weights.stored import LayerArrays, Weights


class Format(NamedTuple):
    """A format.

    suffix  of its files' names, or ``FOLDER``
    read    gives the weights by layer, their numbers unread; None if that isn't done yet
    write   writes weights; None if that isn't done yet
    dtypes  the kinds of numbers that it can hold
    """

    suffix: str
    read: Callable[[Path], dict[str, LayerArrays]] | None
    write: Callable[[Path, Weights], None] | None
    dtypes: Collection[str] = NUMBERS


FOLDER = "/"


def _of_archive(suffix: str, archive: ArchiveFormat) -> Format:
    """Named arrays as weights: their names are keys."""
    return Format(
        suffix,
        lambda path: by_layer(archive.read(path).arrays, path),
        lambda path, weights: archive.write(path, Archive(by_key(weights))),
        archive.dtypes,
    )


def _read_run(folder: Path) -> dict[str, LayerArrays]:
    """The best weights of a run."""
    best = best_weights(folder)
    return by_layer(ARCHIVES[best.suffix].read(best).arrays, best)


FORMATS = (
    Format(".caffemodel", read_caffemodel, None),
    *(_of_archive(suffix, archive) for suffix, archive in ARCHIVES.items()),
    Format(FOLDER, _read_run, None),
)
