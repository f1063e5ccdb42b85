"""How often a net is wrong: top-1 and top-5 errors."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch
from torch import Tensor

from netdef.runtime.data.batches import Batch
from netdef.runtime.data.binding import Binding

if TYPE_CHECKING:
    from netdef.runtime.module import NetModule

PAGE = 256
"""Pictures that are evaluated at once."""


class Measured(Protocol):
    """What came of an evaluation, whatever was measured."""

    @property
    def num(self) -> int:
        """The pictures."""

    @property
    def score(self) -> float:
        """What is to become greater."""

    @property
    def as_data(self) -> dict[str, float]:
        """The errors by name, 0 to 1, the most important first."""

    @property
    def text(self) -> str:
        """For people, in per cent."""


class Errors(NamedTuple):
    """Counts over a data set, exact: parts of it may be counted apart and added.

    num     pictures
    top1    those whose class did not score highest
    top5    those whose class was not among the five highest
    """

    num: int = 0
    top1: int = 0
    top5: int = 0

    def plus(self, other: "Errors") -> "Errors":
        """The counts of two parts."""
        return Errors(self.num + other.num, self.top1 + other.top1, self.top5 + other.top5)

    @property
    def top1_error(self) -> float:
        """The share of ``top1``, 0 to 1."""
        return self.top1 / self.num

    @property
    def top5_error(self) -> float:
        """The share of ``top5``, 0 to 1."""
        return self.top5 / self.num

    @property
    def score(self) -> float:
        """Higher is better."""
        return 1 - self.top1_error

    @property
    def as_data(self) -> dict[str, float]:
        """The errors by name."""
        return {"top1_error": self.top1_error, "top5_error": self.top5_error}

    @property
    def text(self) -> str:
        """For people, in per cent."""
        return f"top-1 error {100 * self.top1_error:.2f} %, top-5 error {100 * self.top5_error:.2f} %"


@torch.inference_mode()
def evaluate(module: "NetModule", scores: str, binding: Binding, batches: Iterable[Batch]) -> Errors:
    """Count a net's errors on labelled pictures; ``scores`` is the blob with the class scores."""
    device = next(iter(module.parameters())).device
    total = Errors()
    for batch in batches:
        fed = binding.feed(batch, device)
        found = module.blobs([scores], **fed)[scores]
        total = total.plus(count_errors(found, batch["label"].to(device)))
    return total


def count_errors(scores: Tensor, labels: Tensor) -> Errors:
    """Errors of one batch; ``scores`` (N, classes), or (N, classes, h, w): a map, which is averaged.

    As in Caffe's Accuracy, a class is among the k highest only if fewer than k others score as high or higher:
    ties count against it, and so do scores that are not numbers.
    """
    means = scores.flatten(2).mean(2) if scores.dim() > 2 else scores
    own = means.gather(1, labels.long()[:, None])
    others_as_high = (~(means < own)).sum(1) - 1
    top1, top5 = ((others_as_high >= k).sum() for k in (1, 5))
    return Errors(len(labels), int(top1), int(top5))
