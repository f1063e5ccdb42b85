"""Several data layers in one phase: pictures from one file and what belongs to them from another.

As in Caffe each begins at its start and cycles by itself, so data of one length stay in step. The first layer's data
tell the epochs and their order; the others follow its samples, and a sample is cut and mirrored alike in all of them,
which in Caffe it isn't: a label map fits its picture.
"""

from typing import NamedTuple

from netdef.runtime.data.dataset import Dataset, Picture
from netdef.runtime.data.transform import Cut, Numbers


class Companion(NamedTuple):
    """The data of a further layer.

    fields   what its layer's data and labels are called in a batch, where they are the input's numbers already
    """

    data: Dataset
    view: Cut
    normalise: Numbers
    fields: dict[str, str]


class Accompanied:
    """The first layer's data, with the others' beside them."""

    def __init__(self, first: Dataset, companions: tuple[Companion, ...]) -> None:
        self.first = first
        self.companions = companions
        self.classes = first.classes
        self.labels = first.labels
        self.num_bytes = first.num_bytes + sum(each.data.num_bytes for each in companions)

    def picture(self, index: int) -> Picture:
        """A picture of the first."""
        return self.first.picture(index)

    def __len__(self) -> int:
        return len(self.first)
