"""A net that isn't judged by classes of whole images: by label maps, or by its loss, as in the tests of training."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from netdef.compiler.request import UsageError
from netdef.runtime.data.batches import Batch
from netdef.runtime.data.labels import LabelCheck
from netdef.runtime.data.skipping import Skipped
from netdef.runtime.evaluation.measure import Measured, measure
from netdef.runtime.evaluation.pixel_errors import PixelClasses, PixelErrors, pixel_classes
from netdef.runtime.evaluation.scoring import Done, ScoringTask, Tell, batches_in_tests
from netdef.runtime.hardware.process_group import SINGLE, ProcessGroup
from netdef.runtime.requests import EvaluateRequest


class MeasuredResult(NamedTuple):
    """What a net was judged by, and what came of it.

    made        what made it, as plain values: ``net``, ``weights``, ``data``, and ``scores`` where there are some
    per_class   of label maps: how each class's regions are found, and what is taken for what
    """

    made: dict[str, Any]
    measured: Measured
    per_class: PixelClasses | None = None

    @property
    def text(self) -> str:
        """A line for people."""
        return f"{self.made['net']}: {self.measured.text} ({self.measured.num:,} images)"

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        outputs = self.measured.outputs.means
        by_class = self.per_class.as_data if self.per_class else {}
        beside = {"outputs": outputs} if outputs else {}
        return {**self.made, "num": self.measured.num, **self.measured.as_data, **by_class, **beside}


def measured_result(made: dict[str, Any], measured: Measured, names: Sequence[str]) -> MeasuredResult:
    """What came of a net, by class where label maps were counted; ``names`` are those of its classes."""
    by_class = pixel_classes(measured, names) if isinstance(measured, PixelErrors) and measured.taken else None
    return MeasuredResult(made, measured, by_class)


def measure_images(task: ScoringTask, tell: Tell, done: Done, group: ProcessGroup = SINGLE) -> Measured:
    """What the task's net is judged by, over all processes, of which each takes some batches."""
    trained = task.trained
    own = batches_in_tests(task, task.batch, group)
    check = LabelCheck(trained.module, trained.feed)

    def coming() -> Iterator[Batch]:
        for batch in check.checked(Skipped(task.data, tell).readable(own)):
            yield batch
            done(len(batch["number"]))

    return measure(trained.module, trained.feed, coming(), task.judged).over(group)


def check_without_views(task: ScoringTask, request: EvaluateRequest) -> None:
    """Refuse what is for the classes of whole images alone.

    Raises:
        UsageError: with what should be left out, and why.
    """
    is_map = task.judged is not None
    asked = {
        "--dense": task.protocol.dense,
        "--crops": request.crops,
        "--scales": request.scales,
        "--flip": request.flip,
        "--save-posteriors": request.save_posteriors,
        "--per-class": request.per_class and not is_map,
    }
    if unused := [option for option, value in asked.items() if value]:
        name = task.trained.path
        why = f"{name} is judged by its loss, and scores no classes"
        if is_map:
            why = f"{name} has a label for each position, which belongs to the one view of an image that its data give"
        raise UsageError(f"{why}: leave out {' and '.join(unused)}")
