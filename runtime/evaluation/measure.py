"""A net on labelled batches, as it stands: what its class scores say, else its loss, and its scalar outputs."""

from collections.abc import Iterable, Mapping
from typing import Protocol, Self

import torch
from torch import Tensor

from netdef.compiler.analysis.judged import Judged
from netdef.runtime.data.batches import Batch
from netdef.runtime.data.feed import Feed
from netdef.runtime.evaluation.errors import Errors, count_errors
from netdef.runtime.evaluation.outputs import Loss, Outputs, Told
from netdef.runtime.evaluation.pixel_errors import PixelErrors, count_pixels
from netdef.runtime.hardware.process_group import ProcessGroup
from netdef.runtime.module import NetModule

TEST_BATCH = 256
"""Images that are evaluated at once."""


class Measured(Protocol):
    """What came of an evaluation, whatever was measured."""

    @property
    def num(self) -> int:
        """The images."""

    def plus(self, other: Self) -> Self:
        """The same of two parts."""

    def over(self, group: ProcessGroup) -> Self:
        """The same of all processes' parts."""

    @property
    def score(self) -> float:
        """What is to become greater."""

    @property
    def as_data(self) -> dict[str, float]:
        """The errors by name, 0 to 1, the most important first."""

    @property
    def outputs(self) -> Outputs:
        """The net's scalar outputs."""

    @property
    def text(self) -> str:
        """For people, in per cent; the outputs last."""


@torch.inference_mode()
def measure(module: NetModule, feed: Feed, batches: Iterable[Batch], judged: Judged | None) -> Measured:
    """What a net in phase TEST is judged by, over batches; without ``judged`` its loss, and without labels then."""
    told = Told.by(module)
    wanted = list(dict.fromkeys([*(judged.blobs if judged else ()), *told.blobs]))
    like = next(iter(module.parameters()))
    total = nothing_measured(judged)
    for batch in batches:
        found = module.blobs(wanted, **feed.inputs(batch, like.device, like.dtype))
        loss = told.of(found, len(batch["number"]))
        total = total.plus(loss if judged is None else errors_of(judged, found, batch)._replace(loss=loss))
    return total


def errors_of(judged: Judged, found: Mapping[str, Tensor], batch: Batch) -> Errors | PixelErrors:
    """The errors of a batch, by the blobs that the net made of it."""
    scores = found[judged.scores]
    labels = (batch["label"] if judged.labels is None else found[judged.labels]).to(scores.device)
    if judged.by_position:
        return count_pixels(scores, labels, judged.axis, judged.ignored)._replace(num=len(batch["number"]))
    return count_errors(scores, labels, judged.ignored)


def nothing_measured(judged: Judged | None) -> Measured:
    """What comes of no batch."""
    if judged is None:
        return Loss()
    return PixelErrors() if judged.by_position else Errors()
