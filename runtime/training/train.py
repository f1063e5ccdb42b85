"""Training from the first batch, or from a checkpoint, to the last."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from netdef.compiler.atomic import sync
from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.faults import come_to
from netdef.compiler.net_error import NetError
from netdef.compiler.render.text import render
from netdef.compiler.weights.files import write_weights
from netdef.runtime.data.batches import Batch, TestBatches, TrainingBatches, stream
from netdef.runtime.data.datasets.dataset import Data
from netdef.runtime.data.feed import Feed
from netdef.runtime.data.skipping import Skipped
from netdef.runtime.evaluation import PAGE, Measured, evaluate, evaluate_loss
from netdef.runtime.hardware.acceleration import accelerated, casting
from netdef.runtime.hardware.execution_settings import ExecutionSettings
from netdef.runtime.hardware.process_group import SignalSync
from netdef.runtime.localisation.evaluation import evaluate_boxes
from netdef.runtime.module import plain
from netdef.runtime.training.checkpoint import Checkpoint, newest, save
from netdef.runtime.training.division import Division
from netdef.runtime.training.metrics_log import Entry, Log, MetricsLog
from netdef.runtime.training.progress import Display
from netdef.runtime.training.recipe.recipe import Recipe
from netdef.runtime.training.run import Run, digest_of, refuse_another
from netdef.runtime.training.sharding import all_gather
from netdef.runtime.training.signals import SignalHandler, Stopped, StopRequest
from netdef.runtime.training.solver import Solver

if TYPE_CHECKING:
    from netdef.runtime.module import NetModule


class Job(NamedTuple):
    """What is trained, on what, and how.

    module      the net in phase TRAIN
    tester      the same net in phase TEST; the two share their weights
    scores      the tester's blob with the class scores, or with boxes where the net is ``boxed``; None: the loss tells
    ignored     labels of images that don't count in tests
    feeding     how training batches reach the module; ``testing``: test batches the tester
    skip        whether images that can't be read are skipped
    identity    recipe, net and data as plain values, by which a run is told from others
    division    over which devices batches are divided
    num_kept    checkpoints to keep
    settings    how the hardware is used
    """

    module: "NetModule"
    tester: "NetModule"
    scores: str | None
    ignored: frozenset[int]
    recipe: Recipe
    data: Data
    feeding: Feed
    testing: Feed
    skip: bool
    boxed: bool
    identity: dict[str, Any]
    device: torch.device
    num_workers: int
    division: Division
    num_kept: int
    settings: ExecutionSettings


def train(
    job: Job,
    run: Run,
    start: Checkpoint | None,
    display: Display,
    interrupts: SignalHandler,
    *,
    also: Log | None = None,
) -> None:
    """Load, loop, step, evaluate, save: the weights are in the run's folder afterwards.

    ``interrupts`` are the signals that were caught; ``also`` is given every line of the metrics.

    Raises:
        Stopped: if a signal asked for it; everything is saved.
        NetError: if the loss is no number, images can't be read, or the run's folder can't be written.
    """
    group = job.division.group
    solver = solver_of(job, display)
    if start is None:
        keep(job, run, solver)
    else:
        restore(solver, start)
        group.barrier()  # nobody writes while others read
    total = job.recipe.num_iterations(len(job.data.train))
    first_test_due = job.recipe.test.initial and solver.iteration == len(solver.scores) == 0
    seconds = run.cut_back(solver.iteration, at_all=not first_test_due) if group.is_rank_0 else 0.0
    journal = MetricsLog(run if group.is_rank_0 else None, display, job.recipe.batch, total, seconds=seconds, also=also)
    skipped, test_skipped = (
        Skipped(part, lambda mistake: display.say(render(mistake))) for part in (job.data.train, job.data.test)
    )
    coming = skipped.told(stream(training_batches(job), range(solver.iteration, total), job.num_workers))
    with SignalSync(group) as agreement, interrupts.awaited():

        def tested() -> Measured | None:
            with journal.pause():
                return evaluated(
                    job, test_skipped, solver, lambda: agreement.on(interrupts.taken()) == StopRequest.STOP
                )

        if first_test_due or (start is not None and start.test_due):
            before = tested()
            if before is None:
                raise Stopped(interrupts.number)
            journal.note_test(solver.iteration, before)
            keep_best(job, run, solver, before)
            keep(job, run, solver)
        for batch in journal.waiting_for(coming):
            lr = solver.lr
            loss = solver.step(**job.feeding.inputs(batch, job.device))
            is_test_due = tests_after(solver, total)
            evaluation = tested() if is_test_due else None
            broken_off = is_test_due and evaluation is None
            journal.note(Entry(solver.iteration, solver.epoch, lr, loss), evaluation)
            if evaluation is not None:
                keep_best(job, run, solver, evaluation)
            due = group.is_rank_0 and journal.is_save_due
            wish = agreement.on(max(interrupts.taken(), StopRequest.SAVE if due else StopRequest.NOTHING))
            if is_test_due or wish:
                with journal.pause(saves=True):
                    keep(job, run, solver, test_due=broken_off)
            if broken_off or (wish == StopRequest.STOP and solver.iteration < total):
                raise Stopped(interrupts.number)
    num_skipped = sum(len(set().union(*group.all_gather(each.numbers))) for each in (skipped, test_skipped))
    if num_skipped and group.is_rank_0:
        display.say(f"{num_skipped:,} images could not be read, and were skipped")


def solver_of(job: Job, display: Display) -> Solver:
    """The job's solver, before its first iteration."""

    def hasten(loss_of: nn.Module) -> Callable[..., Tensor]:
        return accelerated(loss_of, job.settings, display.say)

    return Solver(job.module, job.recipe, len(job.data.train), division=job.division, hasten=hasten)


def training_batches(job: Job) -> TrainingBatches:
    """The batches of a job, by iteration."""
    size, seed = job.recipe.batch, job.recipe.seed
    feed, own = job.feeding, job.division.own(size)
    return TrainingBatches(job.data.train, feed.view, size, seed, shuffled=feed.shuffled, skip=job.skip, own=own)


def starting_point(run: Run, identity: dict[str, Any]) -> tuple[Checkpoint | None, list[Diagnostic]]:
    """The checkpoint to go on from, None if the run has none yet, and warnings about damaged ones.

    Raises:
        NetError: if the run is one of another recipe, net or data, or if all its checkpoints are damaged.
    """
    refuse_another(run, identity)
    start, warnings = newest(run.checkpoints, digest_of(identity))
    if warnings and start is None:
        raise NetError(Report([*warnings, Diagnostic("N736", f"{run.path} has no sound checkpoint")]))
    return start, warnings


def tests_after(solver: Solver, total: int) -> bool:
    """Whether a test follows the solver's iteration: where the recipe wants one, and at the end."""
    interval = solver.recipe.test.interval
    by_recipe = solver.finished_epoch if interval is None else solver.iteration % interval == 0
    return by_recipe or solver.iteration == total


class _BrokenOff(Exception):
    """A test was given up."""


def evaluated(job: Job, skipped: Skipped, solver: Solver, stops: Callable[[], bool]) -> Measured | None:
    """The net's errors on the test data as it stands, to which each device adds its share.

    Before each page all devices are asked whether the test ``stops`` there; it is None then. Tests of Caffe's go on
    where the last one ended.
    """
    group = job.division.group
    group.broadcast_(job.module.statistics)
    test = job.recipe.test
    size = PAGE if test.batches is None else test.batch
    pages = TestBatches(job.data.test, job.testing.view, size, skip=job.skip, endless=test.batches is not None)
    num = test.batches or len(pages)
    first = len(solver.scores) * num if pages.endless else 0
    own = stream(pages, [first + page for page in group.slice_of(num)], job.num_workers)
    coming = _until(own, ceil(num / group.size), stops)
    with all_gather(job.module, job.tester), casting(job.settings, job.device), suppress(_BrokenOff):
        return measured(job, skipped.told(coming)).over(group)
    return None


def _until(pages: Iterator[Batch], num_rounds: int, stops: Callable[[], bool]) -> Iterator[Batch]:
    """The same pages, of which this device may have none in the last round."""
    for _ in range(num_rounds):
        if stops():
            raise _BrokenOff
        yield from islice(pages, 1)


def measured(job: Job, batches: Iterable[Batch]) -> Measured:
    """What the net's class scores say of test batches, or its boxes, or, where it has neither, its loss alone."""
    if job.scores is None:
        return evaluate_loss(job.tester, job.testing, batches)
    if job.boxed:
        return evaluate_boxes(job.tester, job.scores, job.testing, batches)
    return evaluate(job.tester, job.scores, job.testing, batches, job.ignored)


def keep_best(job: Job, run: Run, solver: Solver, evaluation: Measured) -> None:
    """Keep the weights if they are the best so far; of equals the first."""
    is_best = evaluation.score > max(solver.scores, default=float("-inf"))
    solver.scores += (evaluation.score,)
    weights = job.module.weights() if is_best else {}
    if is_best and job.division.group.is_rank_0:
        with run.saving():
            write_weights(run.best, weights)


def keep(job: Job, run: Run, solver: Solver, *, test_due: bool = False) -> None:
    """Make what was reached so far safe: first the metrics, then the weights, then that they belong together."""
    group = job.division.group
    group.broadcast_(job.module.statistics)
    weights = job.module.weights()
    history = {name: plain(remembered).numpy() for name, remembered in solver.history.items()}
    if not group.is_rank_0:
        return
    with run.saving():
        if run.metrics.exists():
            sync(run.metrics)
        come_to("before-checkpoint")
        write_weights(run.last, weights)
        checkpoint = Checkpoint(solver.iteration, solver.scores, weights, history, digest_of(job.identity), test_due)
        save(run.checkpoints, checkpoint, job.num_kept)


def restore(solver: Solver, start: Checkpoint) -> None:
    """Go on from a checkpoint, bit for bit."""
    solver.module.load(start.weights)
    solver.restore(start.iteration, start.scores, start.history)
