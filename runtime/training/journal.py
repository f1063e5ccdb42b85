"""The record of a run while it goes: every iteration's loss to the metrics, and a status to whoever watches."""

import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from netdef.compiler.diagnostics import Diagnostic, NetError
from netdef.runtime.evaluation import Errors
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

    def waiting_for(self, batches: "Iterator[Batch]") -> "Iterator[Batch]":
        """The same batches; how long each is waited for is noted."""
        while True:
            asked = time.monotonic()
            batch = next(batches, None)
            self._waited += time.monotonic() - asked
            if batch is None:
                return
            yield batch

    def note(self, entry: Entry) -> None:
        """Note an iteration, and look at the losses from time to time."""
        self._entries.append(entry)
        if time.monotonic() - self._since >= SECONDS_BETWEEN_LOOKS:
            self.look()

    def look(self, evaluation: Errors | None = None, evaluating: float = 0.0) -> None:
        """Write what was noted since the last look; an evaluation of some seconds belongs to the last iteration.

        Raises:
            NetError: if a loss is no number any more.
        """
        losses = torch.stack([entry.loss for entry in self._entries]).tolist()
        now = time.monotonic()
        training = max(1e-9, now - self._since - evaluating)
        status = Status(
            iteration=self._entries[-1].iteration,
            total=self._total,
            epoch=self._entries[-1].epoch,
            loss=sum(losses) / len(losses),
            lr=self._entries[-1].lr,
            images_per_s=len(losses) * self._batch / training,
            data_wait=min(1.0, self._waited / training),
            seconds_left=(self._total - self._entries[-1].iteration) * training / len(losses),
            evaluation=evaluation.text if evaluation else "",
        )
        lines = [
            {
                "iteration": entry.iteration,
                "epoch": round(entry.epoch, 4),
                "loss": loss,
                "lr": entry.lr,
                "images_per_s": round(status.images_per_s, 1),
                "data_wait": round(status.data_wait, 3),
                "seconds": round(now - self._began, 3),
            }
            for entry, loss in zip(self._entries, losses, strict=True)
        ]
        bad = next((index for index, loss in enumerate(losses) if not math.isfinite(loss)), None)
        if bad is not None:
            self._run.log(lines[:bad])
            raise _diverged(self._entries[bad], losses[bad])
        if evaluation:
            lines[-1] |= {"top1_error": evaluation.top1_error, "top5_error": evaluation.top5_error}
        self._run.log(lines)
        self._display.show(status)
        self._entries = []
        self._since = time.monotonic()
        self._waited = 0.0


def _diverged(entry: Entry, loss: float) -> NetError:
    message = f"the loss is {loss} at iteration {entry.iteration}, with a learning rate of {entry.lr:g}"
    cure = f"try a tenth of it (--lr {entry.lr / 10:g}), and look at the input's range and the fillers"
    return NetError(Diagnostic("N733", message, help=cure))
