"""A net that isn't judged by classes of whole images: by label maps, or by its loss, as in the tests of training."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from netdef.compiler.request import UsageError
from netdef.runtime.data.batches import Batch, TestBatches
from netdef.runtime.data.labels import LabelCheck
from netdef.runtime.data.loading import stream
from netdef.runtime.data.skipping import Skipped
from netdef.runtime.evaluation.measure import Measured, measure
from netdef.runtime.evaluation.scoring import Done, ScoringTask, Tell
from netdef.runtime.hardware.process_group import SINGLE, ProcessGroup
from netdef.runtime.requests import EvaluateRequest


class MeasuredResult(NamedTuple):
    """What a net was judged by, and what came of it.

    made   what made it, as plain values: ``net``, ``weights``, ``data``, and ``scores`` where there are some
    """

    made: dict[str, Any]
    measured: Measured

    @property
    def text(self) -> str:
        """A line for people."""
        return f"{self.made['net']}: {self.measured.text} ({self.measured.num:,} images)"

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        outputs = self.measured.outputs.means
        beside = {"outputs": outputs} if outputs else {}
        return {**self.made, "num": self.measured.num, **self.measured.as_data, **beside}


def measure_images(task: ScoringTask, tell: Tell, done: Done, group: ProcessGroup = SINGLE) -> Measured:
    """What the task's net is judged by, over all processes, of which each takes some batches."""
    trained = task.trained
    batches = TestBatches(task.data, trained.feed.crop, task.batch, skip=task.skip)
    own = stream(batches, group.slice_of(len(batches)), task.num_workers)
    check = LabelCheck(trained.module, trained.feed)

    def coming() -> Iterator[Batch]:
        for batch in check.checked(Skipped(task.data, tell).readable(own)):
            yield batch
            done(len(batch["number"]))

    return measure(trained.module, trained.feed, coming(), task.judged).over(group)


def check_without_views(task: ScoringTask, request: EvaluateRequest) -> None:
    """Refuse what is for the classes of whole images alone.

    Raises:
        UsageError: with what should be left out.
    """
    asked = {
        "--dense": task.protocol.dense,
        "--crops": request.crops,
        "--scales": request.scales,
        "--flip": request.flip,
        "--per-class": request.per_class,
        "--save-posteriors": request.save_posteriors,
    }
    unused = [option for option, value in asked.items() if value]
    if unused:
        name = task.trained.path
        raise UsageError(f"{name} scores no classes of whole images: leave out {' and '.join(unused)}")
