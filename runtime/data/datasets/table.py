"""HDF5 files as Caffe's HDF5Data layer reads them: blobs by name, a row for each sample, of any shape."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netdef.compiler.data_files.hdf5 import open_hdf5, piece_of, rows_of
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import show
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.datasets.per_process import PerProcess

DATA, LABEL = "data", "label"
"""Two fields of a batch: what is called so, else the first two blobs."""
MOST_CLASSES = 2**20
"""Greater numbers are no labels, but something measured."""


class Table:
    """Rows of some files, one file after the other; numbers as they are stored, for nothing is done to them.

    names    the blobs: those of the layer's tops
    fields   what they are called in a batch
    shapes   of a row of each
    labels   of each row, where the second blob holds some; else none
    """

    def __init__(self, paths: Sequence[Path], names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.fields = fields_of(self.names)
        self._paths = list(paths)
        self._files = [PerProcess(partial(open_hdf5, path)) for path in paths]
        pieces = [piece_of(path, file(), self.names) for path, file in zip(paths, self._files, strict=True)]
        self.shapes = pieces[0].shapes
        for path, piece in zip(paths, pieces, strict=True):
            for name, shape, first in zip(self.names, piece.shapes, self.shapes, strict=True):
                if shape != first:
                    message = f"rows of {name} are {show(shape)} in {path}, and {show(first)} in {paths[0]}"
                    raise NetError(Diagnostic("N773", message, help="rows of all files must have one shape"))
        self._starts = np.cumsum([0, *(piece.num_rows for piece in pieces)])
        if not len(self):
            raise NetError(Diagnostic("N773", f"{paths[0]} has no rows"))
        self.labels = self.labels_in(LABEL) if LABEL in self.fields else []
        self.classes = numbered(self.labels)
        self.num_bytes = 4 * len(self) * sum(int(np.prod(shape)) for shape in self.shapes)

    def __len__(self) -> int:
        return int(self._starts[-1])

    def image(self, index: int) -> ImageArray:
        """Never asked for: rows are no images, and are read many at once."""
        raise NotImplementedError

    def rows(self, numbers: NDArray[np.int64]) -> dict[str, Tensor]:
        """Some rows of each blob, by field, in the order asked for; Caffe knows only floats."""
        columns = (torch.from_numpy(self._column(name, numbers)) for name in self.names)
        return dict(zip(self.fields, columns, strict=True))

    def _column(self, name: str, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = np.empty((len(numbers), *self.shapes[self.names.index(name)]), np.float32)
        files = np.searchsorted(self._starts, numbers, side="right") - 1
        for file in np.unique(files).tolist():
            wanted, places = np.unique(numbers[files == file] - self._starts[file], return_inverse=True)
            found[files == file] = rows_of(self._paths[file], self._files[file](), name, wanted)[places]
        return found

    def labels_in(self, field: str) -> list[int]:
        """What a blob holds, if that is one whole number a row; else none. Those below 0 are no classes."""
        index = self.fields.index(field)
        if self.shapes[index] not in ((), (1,)):
            return []
        column = self._column(self.names[index], np.arange(len(self))).ravel()
        whole = bool(((np.abs(column) < MOST_CLASSES) & (column == np.floor(column))).all())
        return column.astype(np.int64).tolist() if whole else []


def fields_of(names: Sequence[str]) -> tuple[str, ...]:
    """What blobs are called in a batch: each by its name, but one is always the data, and of several one the label."""
    fields = list(names)
    if DATA not in fields:
        fields[0] = DATA
    if LABEL not in fields and len(fields) > 1:
        fields[1 if fields[0] == DATA else 0] = LABEL
    return tuple(fields)


def numbered(labels: Sequence[int]) -> tuple[str, ...]:
    """The names of classes that are known by their labels only."""
    return tuple(str(number) for number in range(max(labels, default=-1) + 1))
