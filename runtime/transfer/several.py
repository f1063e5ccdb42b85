"""Images that may show several classes, as Pascal VOC's classification has them.

An image shows a class if an object of it is marked there. Objects that VOC calls difficult count like all others.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.override import override
from netdef.runtime.data.datasets.box_files import csv_objects, is_csv, is_voc, voc_objects
from netdef.runtime.data.datasets.cached import Cached
from netdef.runtime.data.datasets.dataset import Dataset, ImageArray
from netdef.runtime.data.datasets.decoding import decode


class Several(Cached):
    """The images of a file or folder of boxes, all of them.

    shown   (N, classes): 1 where the image shows the class, else 0
    labels  the first class that an image shows
    """

    def __init__(self, path: Path, classes: Sequence[str] | None = None) -> None:
        if not (is_voc(path) or is_csv(path)):
            help = "name a folder in Pascal VOC's layout, or a CSV of path,label,x0,y0,x1,y1"
            message = f"--several needs data that mark the objects on images, and {path} does not"
            raise NetError(Diagnostic("N1122", message, help=help))
        marked = voc_objects(path) if is_voc(path) else csv_objects(path)
        self.paths = list(marked)
        known = tuple(classes or sorted({each.label for found in marked.values() for each in found}))
        labels = [{each.label for each in found} for found in marked.values()]
        self.shown = np.array([[name in here for name in known] for here in labels], np.int64)
        super().__init__(known, self.shown.argmax(1).tolist())

    @override
    def read(self, index: int) -> ImageArray:
        """One image from its file."""
        return decode(self.paths[index])


def labels_of(data: Dataset) -> NDArray[np.int64]:
    """What the data's images show: a class each (N,), or of ``Several`` (N, classes)."""
    return data.shown if isinstance(data, Several) else np.asarray(data.labels, np.int64)
