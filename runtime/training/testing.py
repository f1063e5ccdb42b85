"""The tests of a training: the net as it stands, on the test data, of which each device takes a part."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from math import ceil

from netdef.runtime.data.batches import Batch, TestBatches
from netdef.runtime.data.loading import stream
from netdef.runtime.data.skipping import Skipped
from netdef.runtime.evaluation import TEST_BATCH, Measured, measure
from netdef.runtime.hardware.acceleration import casting
from netdef.runtime.localisation.evaluation import evaluate_boxes
from netdef.runtime.trained import TrainedNet
from netdef.runtime.training.job import Job
from netdef.runtime.training.sharding import whole_weights
from netdef.runtime.training.solver import Solver


def tests_after(solver: Solver, total: int) -> bool:
    """Whether a test follows the solver's iteration: where the recipe wants one, and at the end."""
    interval = solver.recipe.test.interval
    by_recipe = solver.finished_epoch if interval is None else solver.iteration % interval == 0
    return by_recipe or solver.iteration == total


class _BrokenOff(Exception):
    """A test was given up."""


def run_test(job: Job, skipped: Skipped, solver: Solver, stops: Callable[[], bool]) -> Measured | None:
    """The net's errors on the test data as it stands, to which each device adds its part.

    Before each batch all devices are asked whether the test ``stops`` there; it is None then. Tests of Caffe's go on
    where the last one ended.
    """
    setup, group = job.setup, job.setup.group
    group.broadcast_(job.module.statistics)
    test = setup.recipe.test
    most = min(TEST_BATCH, test.batch) if setup.judged is not None and setup.judged.by_position else TEST_BATCH
    size = most if test.batches is None else test.batch
    batches = TestBatches(setup.data.test, setup.testing.crop, size, skip=setup.skip, endless=test.batches is not None)
    num = test.batches or len(batches)
    first = len(solver.scores) * num if batches.endless else 0
    own = stream(batches, [first + batch for batch in group.slice_of(num)], setup.num_workers)
    coming = _until(own, ceil(num / group.size), stops)
    with whole_weights(job.module, job.tester), casting(job.settings, setup.device), suppress(_BrokenOff):
        return measured(job, skipped.readable(coming)).over(group)
    return None


def _until(batches: Iterator[Batch], num_rounds: int, stops: Callable[[], bool]) -> Iterator[Batch]:
    """The same batches, of which this device may have none in the last round."""
    for _ in range(num_rounds):
        if stops():
            raise _BrokenOff
        yield from islice(batches, 1)


def measured(job: Job, batches: Iterable[Batch]) -> Measured:
    """What the net's class scores say of test batches, or its boxes, or, where it has neither, its loss alone."""
    setup = job.setup
    batches = job.test_labels.checked(batches)
    if setup.boxes is None:
        return measure(job.tester, setup.testing, batches, setup.judged)
    return evaluate_boxes(
        TrainedNet(module=job.tester, blob=setup.boxes, feed=setup.testing, gives_boxes=True), batches
    )
