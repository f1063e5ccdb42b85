"""The record of a run while it goes: every iteration's loss to the metrics, and a status to whoever watches."""

import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from netdef.compiler.diagnostics import Diagnostic, NetError
from netdef.runtime.evaluation import Measured
from netdef.runtime.training.progress import Display, Status
from netdef.runtime.training.run import Run

if TYPE_CHECKING:
    from netdef.runtime.data.batches import Batch

SECONDS_BETWEEN_LOOKS = 1.0
"""Losses stay on the device between looks: each look waits for it."""


class Entry(NamedTuple):
    """One iteration; ``lr`` and ``loss`` are those before the step."""

    iteration: int
    epoch: float
    lr: float
    loss: Tensor


class Journal:
    """What happens, noted in order.

    ``total`` iterations are to be run, and ``seconds`` had been spent before this process began.
    """

    def __init__(self, run: Run, display: Display, batch: int, total: int, seconds: float) -> None:
        self._run = run
        self._display = display
        self._batch = batch
        self._total = total
        self._began = time.monotonic() - seconds
        self._entries: list[Entry] = []
        self._since = time.monotonic()
        self._waited = 0.0
        self._epoch_losses: list[float] = []

    def waiting_for(self, batches: "Iterator[Batch]") -> "Iterator[Batch]":
        """The same batches; how long each is waited for is noted."""
        while True:
            asked = time.monotonic()
            batch = next(batches, None)
            self._waited += time.monotonic() - asked
            if batch is None:
                return
            yield batch

    def note(self, entry: Entry, evaluation: Measured | None = None, evaluating: float = 0.0) -> None:
        """Note an iteration, and the evaluation behind it if there was one and the seconds that it took.

        Raises:
            NetError: if a loss is no number any more; that is seen at the next look at the losses.
        """
        self._entries.append(entry)
        if evaluation is not None or time.monotonic() - self._since >= SECONDS_BETWEEN_LOOKS:
            self._look(evaluation, evaluating)

    def catch_up(self) -> None:
        """Have everything in the metrics that was noted."""
        if self._entries:
            self._look(None, 0.0)

    def _look(self, evaluation: Measured | None, evaluating: float) -> None:
        training = max(1e-9, time.monotonic() - self._since - evaluating)
        losses = torch.stack([entry.loss for entry in self._entries]).tolist()
        images_per_s = len(losses) * self._batch / training
        data_wait = min(1.0, self._waited / training)
        seconds = time.monotonic() - self._began
        lines: list[dict[str, float]] = [
            {
                "iteration": entry.iteration,
                "epoch": round(entry.epoch, 4),
                "loss": loss,
                "lr": entry.lr,
                "images_per_s": round(images_per_s, 1),
                "data_wait": round(data_wait, 3),
                "seconds": round(seconds, 3),
            }
            for entry, loss in zip(self._entries, losses, strict=True)
        ]
        bad = next((index for index, loss in enumerate(losses) if not math.isfinite(loss)), None)
        if bad is not None:
            self._run.log(lines[:bad])
            raise diverged(self._entries[bad].iteration, self._entries[bad].lr, losses[bad])
        if evaluation is not None:
            lines[-1] |= evaluation.as_data
        self._run.log(lines)
        self._epoch_losses += losses
        last = self._entries[-1]
        self._display.show(
            Status(
                iteration=last.iteration,
                total=self._total,
                epoch=last.epoch,
                loss=sum(self._epoch_losses) / len(self._epoch_losses),
                lr=last.lr,
                images_per_s=images_per_s,
                data_wait=data_wait,
                seconds_left=(self._total - last.iteration) * training / len(losses),
                evaluation="" if evaluation is None else evaluation.text,
            )
        )
        if evaluation is not None:
            self._epoch_losses = []
        self._entries = []
        self._since = time.monotonic()
        self._waited = 0.0


def diverged(iteration: int, lr: float, loss: float) -> NetError:
    """What to say when a loss is no number."""
    message = f"the loss is {loss} at iteration {iteration}, with a learning rate of {lr:g}"
    cure = f"try a tenth of it (--lr {lr / 10:g}), and look at the input's range and the fillers"
    return NetError(Diagnostic("N733", message, help=cure))
