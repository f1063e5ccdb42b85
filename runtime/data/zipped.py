"""Several data layers in one phase: images from one file and what belongs to them from another.

As in Caffe each begins at its start and cycles by itself, so data of one length stay in step. The first layer's data
tell the epochs and their order; the others follow its samples, and a sample is cut and mirrored alike in all of them,
which in Caffe it isn't: a label map fits its image.
"""

from collections.abc import Sequence
from typing import NamedTuple

from netdef.runtime.data.crop import Cropper
from netdef.runtime.data.datasets.dataset import Dataset, ImageArray
from netdef.runtime.data.datasets.table import Table, numbered
from netdef.runtime.data.normalise import Normaliser


class FurtherData(NamedTuple):
    """The data of a further layer.

    fields   what its layer's data and labels are called in a batch, where they are the input's numbers already
    """

    data: Dataset
    crop: Cropper
    normalise: Normaliser
    fields: dict[str, str]


class Zipped:
    """The first layer's data, with the others' beside them."""

    def __init__(self, first: Dataset, further: tuple[FurtherData, ...]) -> None:
        self.first = first
        self.further = further
        others = _labels_beside(further)
        self.labels = first.labels if others is None else _repeated(others, len(first))
        self.classes = first.classes if others is None else numbered(others)
        self.num_bytes = first.num_bytes + sum(each.data.num_bytes for each in further)

    def labels_in(self, field: str) -> list[int]:
        """What a field of a batch holds, if that is the number of a class for each sample; else none."""
        for each in self.further:
            own = next((own for own, name in each.fields.items() if name == field), None)
            if own is not None:
                return _repeated(_class_numbers(each.data, own), len(self.first))
        return list(_class_numbers(self.first, field))

    def image(self, index: int) -> ImageArray:
        """An image of the first."""
        return self.first.image(index)

    def __len__(self) -> int:
        return len(self.first)


def _labels_beside(further: Sequence[FurtherData]) -> Sequence[int] | None:
    """The labels of a batch, where a further layer has them; none if what it has are no classes."""
    for each in further:
        for field, name in each.fields.items():
            if name == "label":
                return _class_numbers(each.data, field)
    return None


def _class_numbers(data: Dataset, field: str) -> Sequence[int]:
    """What a layer's data hold in a field, if that is the number of a class for each sample; else none."""
    if isinstance(data, Table):
        return data.labels_in(field)
    return data.labels if field == "label" else []


def _repeated(labels: Sequence[int], num: int) -> list[int]:
    """As many as there are samples of the first, from the beginning again where there are fewer."""
    return [labels[index % len(labels)] for index in range(num)] if labels else []
