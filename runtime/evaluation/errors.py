"""How often a net is wrong about whole images: top-1 and top-5 errors."""

from collections.abc import Collection
from typing import NamedTuple

import torch
from torch import Tensor

from netdef.runtime.evaluation.outputs import Loss, Outputs
from netdef.runtime.hardware.process_group import ProcessGroup


class Errors(NamedTuple):
    """Counts over a data set, exact: parts of it may be counted apart and added.

    num        images that count
    top1       those whose class did not score highest
    top5       those whose class was not among the five highest
    loss       of all images, if the net has one in phase TEST, and its scalar outputs
    """

    num: int = 0
    top1: int = 0
    top5: int = 0
    loss: Loss = Loss()

    def plus(self, other: "Errors") -> "Errors":
        """The counts of two parts."""
        num, top1, top5 = self.num + other.num, self.top1 + other.top1, self.top5 + other.top5
        return Errors(num, top1, top5, self.loss.plus(other.loss))

    def over(self, group: ProcessGroup) -> "Errors":
        """The counts of all processes' parts."""
        num, top1, top5 = group.total(self[:3])
        return Errors(num, top1, top5, self.loss.over(group))

    @property
    def top1_error(self) -> float:
        """The share of ``top1``, 0 to 1; of no images 1, as Caffe's Accuracy of them is 0."""
        return self.top1 / self.num if self.num else 1.0

    @property
    def top5_error(self) -> float:
        """The share of ``top5``, likewise."""
        return self.top5 / self.num if self.num else 1.0

    @property
    def score(self) -> float:
        """What training makes larger."""
        return 1 - self.top1_error

    @property
    def as_data(self) -> dict[str, float]:
        """The shares, and the mean loss where there is one, as the metrics name them."""
        return {"top1_error": self.top1_error, "top5_error": self.top5_error, **self.loss.as_data}

    @property
    def outputs(self) -> Outputs:
        """The net's scalar outputs."""
        return self.loss.outputs

    @property
    def text(self) -> str:
        """For people, in per cent."""
        return self.loss.behind(f"top-1 error {100 * self.top1_error:.2f} %, top-5 error {100 * self.top5_error:.2f} %")


def count_errors(scores: Tensor, labels: Tensor, ignored: Collection[int] = ()) -> Errors:
    """Errors of one batch; ``scores`` (N, classes), or (N, classes, h, w): a map, which is averaged.

    As in Caffe's Accuracy, images with an ``ignored`` label don't count, and a class is among the k highest only if
    fewer than k others score as high or higher: ties count against it, and so do scores that are not numbers.
    """
    means = scores.flatten(2).mean(2) if scores.dim() > 2 else scores
    labels = labels.long().flatten()
    counts = ~torch.isin(labels, torch.tensor(sorted(ignored), dtype=torch.long, device=labels.device))
    own = means.gather(1, torch.where(counts, labels, 0)[:, None])
    others_as_high = (~(means < own)).sum(1) - 1
    top1, top5 = ((counts & (others_as_high >= k)).sum() for k in (1, 5))
    return Errors(int(counts.sum()), int(top1), int(top5))
