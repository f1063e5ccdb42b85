"""How often a net is wrong: top-1 and top-5 errors; and its loss, where a net in phase TEST has one."""

import math
import sys
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

import torch
from torch import Tensor

from netdef.runtime.data.batches import Batch
from netdef.runtime.data.feed import Feed
from netdef.runtime.hardware.process_group import ProcessGroup
from netdef.runtime.trained import TrainedNet

if TYPE_CHECKING:
    from netdef.runtime.module import NetModule

TEST_BATCH = 256
"""Images that are evaluated at once."""


class Measured(Protocol):
    """What came of an evaluation, whatever was measured."""

    @property
    def num(self) -> int:
        """The images."""

    def over(self, group: ProcessGroup) -> Self:
        """The same of all processes' parts."""

    @property
    def score(self) -> float:
        """What is to become greater."""

    @property
    def as_data(self) -> dict[str, float]:
        """The errors by name, 0 to 1, the most important first."""

    @property
    def text(self) -> str:
        """For people, in per cent."""


class Loss(NamedTuple):
    """The loss over a data set.

    num      samples
    summed   the sum of their losses, each that of its batch
    """

    num: int = 0
    summed: float = 0.0

    def plus(self, other: "Loss") -> "Loss":
        """That of two parts."""
        return Loss(self.num + other.num, self.summed + other.summed)

    def over(self, group: ProcessGroup) -> "Loss":
        """That of all processes' parts."""
        (num,) = group.total([self.num])
        return Loss(num, sum(group.all_gather(self.summed)))

    @property
    def mean(self) -> float:
        """That of a sample."""
        return self.summed / self.num if self.num else 0.0

    @property
    def score(self) -> float:
        """What training makes larger; a loss that is no number is worse than any that is."""
        return -self.mean if math.isfinite(self.mean) else -sys.float_info.max

    @property
    def as_data(self) -> dict[str, float]:
        """The mean loss, as the metrics name it."""
        return {"test_loss": self.mean}

    @property
    def text(self) -> str:
        """For people."""
        return f"test loss {self.mean:.4f}"


class Errors(NamedTuple):
    """Counts over a data set, exact: parts of it may be counted apart and added.

    num        images that count
    top1       those whose class did not score highest
    top5       those whose class was not among the five highest
    loss       of all images, if the net has one in phase TEST
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
        losses = self.loss.as_data if self.loss.num else {}
        return {"top1_error": self.top1_error, "top5_error": self.top5_error, **losses}

    @property
    def text(self) -> str:
        """For people, in per cent."""
        loss = f", loss {self.loss.mean:.4f}" if self.loss.num else ""
        return f"top-1 error {100 * self.top1_error:.2f} %, top-5 error {100 * self.top5_error:.2f} %{loss}"


@torch.inference_mode()
def evaluate(trained: TrainedNet, batches: Iterable[Batch], ignored: Collection[int] = ()) -> Errors:
    """Count a net's errors on labelled images; its blob has the class scores.

    Images with an ``ignored`` label don't count. The loss is ``loss_of``'s, if the net has one.
    """
    module, scores = trained.module, trained.blob
    weights = loss_weights(module)
    like = next(iter(module.parameters()))
    total = Errors()
    for batch in batches:
        fed = trained.feed.inputs(batch, like.device, like.dtype)
        found = module.blobs([scores, *weights], **fed)
        errors = count_errors(found[scores], batch["label"].to(like.device), ignored)
        if weights:
            errors = errors._replace(loss=loss_of(found, weights, len(batch["label"])))
        total = total.plus(errors)
    return total


@torch.inference_mode()
def evaluate_loss(module: "NetModule", feed: Feed, batches: Iterable[Batch]) -> Loss:
    """The loss of a net without class scores; its batches may be without labels."""
    weights = loss_weights(module)
    like = next(iter(module.parameters()))
    total = Loss()
    for batch in batches:
        found = module.blobs(list(weights), **feed.inputs(batch, like.device, like.dtype))
        total = total.plus(loss_of(found, weights, len(batch["number"])))
    return total


def loss_weights(module: "NetModule") -> dict[str, float]:
    """How much each blob counts in the loss, of those that do."""
    return {top.id: w for node in module.net.nodes for top, w in zip(node.tops, node.loss_weights, strict=True) if w}


def loss_of(found: Mapping[str, Tensor], weights: Mapping[str, float], num: int) -> Loss:
    """Caffe's loss of a batch of ``num`` samples: each loss layer's top, times its weight."""
    return Loss(num, num * sum(weight * float(found[top].sum()) for top, weight in weights.items()))


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
