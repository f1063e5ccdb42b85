"""Databases of Datums, which Caffe's tools write."""

from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.override import override
from netdef.compiler.schema.caffe_binary import Datum
from netdef.compiler.schema.wire import Damaged, Record
from netdef.runtime.data.datasets.cached import Cached
from netdef.runtime.data.datasets.databases import open_database
from netdef.runtime.data.datasets.dataset import ImageArray, numbered_classes
from netdef.runtime.data.datasets.decoding import decoded
from netdef.runtime.data.datasets.per_process import PerProcess

LABEL = {"label": Datum.fields["label"]}
"""What is read of every Datum when a database is opened: looking for less takes less time."""


class Datums(Cached):
    """The images of a database, in the order of their keys, which is Caffe's; classes are named by their numbers.

    With ``marks``, labels below 0 may mark images without a class.
    """

    def __init__(self, path: Path, *, marks: bool = False) -> None:
        self.path = path
        self._database = PerProcess(partial(open_database, path), survives_fork=True)
        self._keys: list[bytes] = []
        labels = []
        for key, content in self._database().items():
            self._keys.append(key)
            try:
                labels.append(Record(content, LABEL).get("label"))
            except Damaged as damage:
                raise self._no_datum(key, damage) from None
        if not labels:
            raise NetError(Diagnostic("N772", f"the database {path} is empty"))
        if min(labels) < 0 and not marks:
            raise NetError(Diagnostic("N772", f"the database {path} has labels below 0: {min(labels)}"))
        super().__init__(numbered_classes(labels, f"the database {path}", "N772"), labels)

    @override
    def read(self, index: int) -> ImageArray:
        """One image from its Datum."""
        key = self._keys[index]
        datum = Record(self._database().get(key), Datum.fields)
        try:
            data = datum.get("data")
            if datum.get("encoded"):
                return decoded(bytes(data), self._name(key))
            numbers = np.frombuffer(data, np.uint8) if len(data) else datum.array("float_data")
            return _image(numbers, datum.get("height"), datum.get("width"), datum.get("channels"), self._name(key))
        except Damaged as damage:
            raise self._no_datum(key, damage) from None

    def _no_datum(self, key: bytes, damage: Damaged) -> NetError:
        return NetError(Diagnostic("N772", f"{self._name(key)} is no Datum of Caffe's: {damage}"))

    def _name(self, key: bytes) -> str:
        return f"{self.path}, key {key.decode('utf-8', 'replace')}"


def _image(numbers: NDArray[Any], height: int, width: int, channels: int, name: str) -> ImageArray:
    """Numbers (C, H, W), blue first, as an image; those of float_data are no bytes, and stay as they are."""
    if min(height, width, channels) < 1 or len(numbers) != height * width * channels:
        message = f"{name} is said to be {channels}x{height}x{width}, and has {len(numbers):,} numbers"
        raise NetError(Diagnostic("N772", message))
    planes = numbers.reshape(channels, height, width)
    return cast(ImageArray, (planes[::-1] if channels == 3 else planes).transpose(1, 2, 0))
