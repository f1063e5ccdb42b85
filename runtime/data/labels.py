"""The labels that a net is judged by, in the data that feed it; and whether labels are numbers of classes at all."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import copy
from typing import Any, NamedTuple

import torch
from torch import Tensor

from netdef.compiler.analysis.judged import Judged, LabelRange, judged_by, label_ranges, made_from
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.runtime.data.batches import Batch
from netdef.runtime.data.datasets.dataset import Dataset
from netdef.runtime.data.datasets.table import Table, numbered
from netdef.runtime.data.feed import Feed, help_to_ignore
from netdef.runtime.data.zipped import Zipped
from netdef.runtime.module import NetModule

CPU = torch.device("cpu")


def under_labels_of(data: Dataset, feed: Feed, blob: str, num_classes: int) -> Dataset:
    """Data of a net's own data layers, under the labels that ``blob`` holds, one of the net's.

    They are known beforehand where a layer brings one for each sample; else there are none, and ``num_classes`` names.
    """
    if not isinstance(data, Table | Zipped):
        return data
    field = next((field for field, fed in feed.blobs.items() if fed == blob), None)
    labels = [] if field is None else data.labels_in(field)
    found: Any = copy(data)
    found.labels = labels
    found.classes = numbered(labels or [num_classes - 1])
    return found  # type: ignore[no-any-return]  # a copy is of the same type


def judged_in_tests(net: Net, data: Dataset, chosen: str | None, *, taught: Net | None = None) -> Judged | None:
    """The class scores and labels by which a net in phase TEST is judged; None where its loss alone tells, as in Caffe.

    ``taught`` is the net in phase TRAIN (``judged_by``).

    Raises:
        NetError: if there are class scores without labels, and no loss; or if it isn't clear which blob has the scores.
    """
    has_class_numbers = len(data.labels) == len(data)
    may_tell = chosen is not None or net.reads_scores or not net.has_loss
    judged = judged_by(net, chosen, taught=taught) if may_tell else None
    if judged is not None and (judged.labels is not None or has_class_numbers):
        return judged
    if judged is not None and (chosen is not None or not net.has_loss):
        message = "the data have no labels that are numbers of classes, so errors can't be counted"
        help = "a loss without include { phase: TRAIN }"
        if net.has_loss:
            help = "leave out --scores: the net's loss in tests"
        raise NetError(Diagnostic("N1102", message, help=f"{help} tells how good it is"))
    return None


class _Checked(NamedTuple):
    """What labels of a blob may be, and the fields that the blob is made from."""

    blob: str
    range: LabelRange
    feed: Feed


class LabelCheck:
    """Refuses labels of batches that are no numbers of classes: they would be read beyond the scores.

    Labels are looked at where no data set tells them beforehand: maps, and what the net makes of what is fed.
    """

    def __init__(self, module: NetModule, feed: Feed, *others: Net, known: Collection[str] = ()) -> None:
        """Of a net and of ``others``, in which the same labels may be more; of ``known`` blobs all is known."""
        self._module = module
        ranges = label_ranges(module.net, *others)
        self._checked = [
            _Checked(blob, found, feed.of_blobs(made.fed))
            for blob, found in ranges.items()
            if blob not in known and blob in module.net.shapes
            for made in [made_from(module.net, blob)]
            if made.is_data and made.fed.issubset(feed.blobs.values())
        ]

    def checked(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The same batches, up to one with a wrong label."""
        for batch in batches:
            self.check(batch)
            yield batch

    def check(self, batch: Batch) -> None:
        """Raise ``NetError`` where a label is wrong."""
        for blob, allowed, feed in self._checked:
            fed = feed.inputs(batch, CPU)
            with torch.inference_mode():
                labels = fed[blob] if blob in fed else self._module.blobs([blob], **fed)[blob]
            check_range(labels, batch["number"], blob, allowed)


def check_fed(module: NetModule, fed: Mapping[str, Tensor]) -> None:
    """Refuse what a net is fed, where it makes labels of it that are no numbers of classes; raises as below."""
    for blob, allowed in label_ranges(module.net).items():
        made = made_from(module.net, blob)
        if made.is_data and made.fed <= fed.keys():
            with torch.inference_mode():
                labels = module.blobs([blob], **fed)[blob]
                labels = labels if labels.dim() else labels.reshape(1)
            check_range(labels, torch.arange(len(labels)), blob, allowed)


def check_range(labels: Tensor, numbers: Tensor, blob: str, allowed: LabelRange) -> None:
    """Refuse labels of a batch of samples with these ``numbers``.

    Raises:
        NetError: N725 for one below 0, N714 for one beyond the scores.
    """
    most = allowed.num_classes
    rows = labels.long().reshape(len(labels), -1)
    wrong = rows < 0
    if isinstance(most, int):
        wrong |= rows >= most
    if not bool(wrong.any()):
        return
    for label in allowed.ignored:
        wrong &= rows != label
    if not bool(wrong.any()):
        return
    row, place = (int(index) for index in wrong.nonzero()[0])
    label, stored = int(rows[row, place]), float(labels.reshape(len(labels), -1)[row, place])
    which = f"sample {int(numbers[row]):,}" if len(rows) == len(numbers) else f"one of {len(numbers):,} samples"
    if not math.isfinite(stored):
        message = f"{which} has the label {stored} in {blob}, and classes are numbers from 0"
        raise NetError(Diagnostic("N725", message, help=f"look at what made the data: {stored} is no number"))
    sample = f"{which} has the label {label} in {blob}"
    if label < 0:
        raise NetError(Diagnostic("N725", f"{sample}, and classes are numbers from 0", help=help_to_ignore(label)))
    help = f"if it is a class, give the scores num_output: {label + 1}; {help_to_ignore(label)}"
    raise NetError(Diagnostic("N714", f"{sample}, and the net scores for {most} classes", help=help))
