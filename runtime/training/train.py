"""Training from the first batch, or from a checkpoint, to the last."""

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from netdef.compiler.atomic import sync
from netdef.compiler.diagnostics import Diagnostic, NetError, Report
from netdef.compiler.render.text import render
from netdef.compiler.weights import write_weights
from netdef.runtime.data.batches import TestBatches, TrainingBatches, stream
from netdef.runtime.data.binding import Binding
from netdef.runtime.data.dataset import Data
from netdef.runtime.data.skipping import Skipped
from netdef.runtime.data.transform import Cut
from netdef.runtime.evaluation import PAGE, Measured, evaluate
from netdef.runtime.localisation.evaluation import evaluate_boxes
from netdef.runtime.training.checkpoint import Checkpoint, newest, save
from netdef.runtime.training.journal import Entry, Journal
from netdef.runtime.training.progress import Display
from netdef.runtime.training.recipe import Recipe
from netdef.runtime.training.run import Run, digest_of, refuse_another
from netdef.runtime.training.solver import Solver

if TYPE_CHECKING:
    from netdef.runtime.module import NetModule

SECONDS_BETWEEN_CHECKPOINTS = 600.0
"""Within an epoch; at its end there is one in any case."""


class Job(NamedTuple):
    """What is trained, on what, and how.

    module      the net in phase TRAIN
    tester      the same net in phase TEST; the two share their weights
    scores      the tester's blob with the class scores, or with boxes where the net is ``boxed``
    feeding     how training batches reach the module; ``testing``: test batches the tester
    view        how training pictures are cut; ``test_view``: test pictures
    shuffled    whether each epoch has an order of its own, or all the data's
    skip        whether pictures that can't be read are skipped
    identity    recipe, net and data as plain values, by which a run is told from others
    """

    module: "NetModule"
    tester: "NetModule"
    scores: str
    recipe: Recipe
    data: Data
    feeding: Binding
    testing: Binding
    view: Cut
    test_view: Cut
    shuffled: bool
    skip: bool
    boxed: bool
    identity: dict[str, Any]
    device: torch.device
    num_workers: int


def train(job: Job, run: Run, start: Checkpoint | None, display: Display) -> None:
    """Load, loop, step, evaluate, save: the weights are in the run's folder afterwards."""
    solver = Solver(job.module, job.recipe, len(job.data.train))
    identity = digest_of(job.identity)
    if start is None:
        keep(run, solver, identity)
    else:
        restore(solver, start)
    total = job.recipe.num_iterations(len(job.data.train))
    journal = Journal(run, display, job.recipe.batch, total, seconds=run.cut_metrics(solver.iteration))
    batches = training_batches(job)
    skipped = [Skipped(part, lambda mistake: display.say(render(mistake))) for part in (job.data.train, job.data.test)]
    kept = time.monotonic()
    coming = skipped[0].told(stream(batches, range(solver.iteration, total), job.num_workers))
    for batch in journal.waiting_for(coming):
        lr = solver.lr
        loss = solver.step(**job.feeding.feed(batch, job.device))
        entry = Entry(solver.iteration, solver.epoch, lr, loss)
        if solver.finished_epoch or solver.iteration == total:
            began = time.monotonic()
            errors = evaluated(job, skipped[1])
            journal.note(entry, errors, evaluating=time.monotonic() - began)
            if errors.score > max(solver.scores, default=-1.0):
                write_weights(run.best, job.module.weights())
            solver.scores += (errors.score,)
        else:
            journal.note(entry)
            if time.monotonic() - kept < SECONDS_BETWEEN_CHECKPOINTS:
                continue
            journal.catch_up()
        keep(run, solver, identity)
        kept = time.monotonic()
    if num_skipped := sum(len(each.numbers) for each in skipped):
        display.say(f"{num_skipped:,} pictures could not be read, and were skipped")


def training_batches(job: Job) -> TrainingBatches:
    """The batches of a job, by iteration."""
    size, seed = job.recipe.batch, job.recipe.seed
    return TrainingBatches(job.data.train, job.view, size, seed, shuffled=job.shuffled, skip=job.skip)


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


def evaluated(job: Job, skipped: Skipped) -> Measured:
    """The net's errors on the test data as it stands."""
    pages = TestBatches(job.data.test, job.test_view, PAGE, skip=job.skip)
    coming = stream(pages, range(len(pages)), job.num_workers)
    measure = evaluate_boxes if job.boxed else evaluate
    return measure(job.tester, job.scores, job.testing, skipped.told(coming))


def keep(run: Run, solver: Solver, identity: str) -> None:
    """Make what was reached so far safe: first the metrics, then the weights, then that they belong together."""
    weights = solver.module.weights()
    if run.metrics.exists():
        sync(run.metrics)
    write_weights(run.last, weights)
    history = {name: remembered.cpu().numpy() for name, remembered in solver.history.items()}
    save(run.checkpoints, Checkpoint(solver.iteration, solver.scores, weights, history, identity))


def restore(solver: Solver, start: Checkpoint) -> None:
    """Go on from a checkpoint, bit for bit."""
    solver.module.load(start.weights)
    history = {name: torch.from_numpy(array) for name, array in start.history.items()}
    solver.restore(start.iteration, start.scores, history)
