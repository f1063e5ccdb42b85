"""The record of a run while it goes: every iteration's loss to the metrics, and a status to whoever watches."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.runtime.evaluation import Measured
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.hardware.mistakes import SaidElsewhere
from netdef.runtime.metric_names import output_key
from netdef.runtime.run import Run
from netdef.runtime.training.progress import Display, Status

if TYPE_CHECKING:
    from netdef.runtime.data.batches import Batch

SECONDS_BETWEEN_SAVES = 600.0
"""Within an epoch; at its end all is saved in any case."""
SECONDS_BETWEEN_LOOKS = 1.0
"""Losses stay on the device between looks: each look waits for it."""


class Entry(NamedTuple):
    """One iteration; ``lr`` and ``loss`` are those before the step."""

    iteration: int
    epoch: float
    lr: float
    loss: Tensor


MetricSink = Callable[[list[dict[str, float]]], None]
"""Takes lines of the metrics."""


class MetricsLog:
    """What happens, noted in order.

    Every line of the metrics goes to the ``sink``, too. ``total`` iterations are to be run, and ``seconds`` had been
    spent before this process began. Without a ``run`` nothing is written: one process of several does, and it alone
    looks at losses between the iterations at which all do.
    """

    def __init__(
        self,
        run: Run | None,
        display: Display,
        batch: int,
        total: int,
        *,
        seconds: float,
        sink: MetricSink | None = None,
    ) -> None:
        self._run = run
        self._sink = sink
        self._display = display
        self._batch = batch
        self._total = total
        self._began = time.monotonic() - seconds
        self._entries: list[Entry] = []
        self._since = time.monotonic()
        self._waited = 0.0
        self._paused = 0.0
        self._saved = time.monotonic()
        self._epoch_losses: list[float] = []
        self._diverged: NetError | None = None

    @property
    def is_save_due(self) -> bool:
        """Whether all processes should save: the last time is long ago, or a loss was seen that stops them there."""
        return self._diverged is not None or time.monotonic() - self._saved >= SECONDS_BETWEEN_SAVES

    @contextmanager
    def pause(self, *, saves: bool = False) -> Iterator[None]:
        """Time that is no training; with ``saves``, everything that was noted is in the metrics first."""
        if saves:
            self.catch_up()
        began = time.monotonic()
        yield
        now = time.monotonic()
        self._paused += now - began
        if saves:
            self._saved = now

    def waiting_for(self, batches: "Iterator[Batch]") -> "Iterator[Batch]":
        """The same batches; how long each is waited for is noted."""
        while True:
            asked = time.monotonic()
            batch = next(batches, None)
            self._waited += time.monotonic() - asked
            if batch is None:
                return
            yield batch

    def note(self, entry: Entry, evaluation: Measured | None = None) -> None:
        """Note an iteration, and the evaluation behind it if there was one; raises what ``catch_up`` does."""
        self._entries.append(entry)
        if evaluation is not None:
            self.catch_up(evaluation)
        elif self._run is not None and time.monotonic() - self._since >= SECONDS_BETWEEN_LOOKS:
            self._look(None)

    def note_test(self, iteration: int, evaluation: Measured) -> None:
        """Note a test before this process's first iteration: the run's first, or one that had been broken off."""
        if self._run is not None:
            if iteration == 0:
                seconds = round(time.monotonic() - self._began, 3)
                self._log([{"iteration": 0, "epoch": 0.0, "seconds": seconds, **test_facts(evaluation)}])
            else:
                self._run.amend(test_facts(evaluation))
                if self._sink is not None:
                    self._sink([{"iteration": iteration, **test_facts(evaluation)}])
            self._display.print(f"the test after iteration {iteration}: {evaluation.text}")
        self._since = time.monotonic()
        self._paused = 0.0

    def catch_up(self, evaluation: Measured | None = None) -> None:
        """Have everything in the metrics that was noted; all processes do so after the same iterations.

        Raises:
            NetError: if a loss is no number any more.
            SaidElsewhere: likewise, where another process says so.
        """
        if self._entries:
            self._look(evaluation)
        if self._diverged is not None:
            raise self._diverged if self._run is not None else SaidElsewhere(ExitStatus.USER_MISTAKE)

    def _look(self, evaluation: Measured | None) -> None:
        if self._diverged is not None:
            return
        training = max(1e-9, time.monotonic() - self._since - self._paused)
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
            self._log(lines[:bad])
            self._diverged = diverged(self._entries[bad].iteration, self._entries[bad].lr, losses[bad])
            self._entries = []
            return
        if evaluation is not None:
            lines[-1] |= test_facts(evaluation)
        self._log(lines)
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
        self._waited = self._paused = 0.0

    def _log(self, lines: list[dict[str, float]]) -> None:
        if self._run is not None:
            with self._run.saving():
                self._run.log(lines)
            if self._sink is not None:
                self._sink(lines)


def test_facts(evaluation: Measured) -> dict[str, float]:
    """What a line of the metrics has of a test: the errors, and the net's scalar outputs."""
    return evaluation.as_data | {output_key(name): mean for name, mean in evaluation.outputs.means.items()}


def diverged(iteration: int, lr: float, loss: float) -> NetError:
    """What to say when a loss is no number."""
    message = f"the loss is {loss} at iteration {iteration}, with a learning rate of {lr:g}"
    help = f"try a tenth of it (--lr {lr / 10:g}), and look at the input's range and the fillers"
    return NetError(Diagnostic("N844", message, help=help))
