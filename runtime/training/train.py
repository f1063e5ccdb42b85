"""Training from the first batch, or from a checkpoint, to the last."""

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.render.text import render
from netdef.runtime.data.loading import stream
from netdef.runtime.data.skipping import Skipped
from netdef.runtime.evaluation import Measured
from netdef.runtime.hardware.signal_sync import SignalSync
from netdef.runtime.run import Run
from netdef.runtime.training.checkpoint import Checkpoint
from netdef.runtime.training.job import Job, solver_of, training_batches
from netdef.runtime.training.metrics_log import Entry, MetricSink, MetricsLog
from netdef.runtime.training.progress import Display
from netdef.runtime.training.saving import keep, keep_best, restore
from netdef.runtime.training.signals import SignalHandler, Stopped, StopRequest
from netdef.runtime.training.testing import run_test, tests_after


def train(
    job: Job,
    run: Run,
    start: Checkpoint | None,
    display: Display,
    signals: SignalHandler,
    *,
    sink: MetricSink | None = None,
) -> None:
    """Load, loop, step, test, save: the weights are in the run's folder afterwards.

    ``signals`` are those that were caught; ``sink`` is given every line of the metrics.

    Raises:
        Stopped: if a signal asked for it; everything is saved.
        NetError: if the loss is no number, images can't be read, or the run's folder can't be written.
    """
    setup, group = job.setup, job.setup.group
    solver = solver_of(job, display)
    if start is None:
        keep(job, run, solver)
    else:
        restore(solver, start)
        group.barrier()  # nobody writes while others read
    total = setup.num_iterations
    first_test_due = setup.recipe.test.initial and solver.iteration == len(solver.scores) == 0
    seconds = run.cut_back(solver.iteration, at_all=not first_test_due) if group.is_rank_0 else 0.0
    written = run if group.is_rank_0 else None
    log = MetricsLog(written, display, setup.recipe.batch, total, seconds=seconds, sink=sink)

    def tell(mistake: Diagnostic) -> None:
        display.remark(render(mistake))

    skipped, test_skipped = Skipped(setup.data.train, tell), Skipped(setup.data.test, tell)
    coming = skipped.readable(stream(training_batches(setup), range(solver.iteration, total), setup.num_workers))
    with SignalSync(group) as sync, signals.awaited():

        def test() -> Measured | None:
            with log.pause():
                return run_test(job, test_skipped, solver, lambda: sync.strongest(signals.taken()) == StopRequest.STOP)

        if first_test_due or (start is not None and start.test_due):
            before = test()
            if before is None:
                raise Stopped(signals.number)
            log.note_test(solver.iteration, before)
            keep_best(job, run, solver, before)
            keep(job, run, solver)
        for batch in log.waiting_for(coming):
            lr = solver.lr
            loss = solver.step(**job.inputs(batch))
            is_test_due = tests_after(solver, total)
            measured = test() if is_test_due else None
            broken_off = is_test_due and measured is None
            log.note(Entry(solver.iteration, solver.epoch, lr, loss), measured)
            if measured is not None:
                keep_best(job, run, solver, measured)
            own = StopRequest.SAVE if group.is_rank_0 and log.is_save_due else StopRequest.NOTHING
            request = sync.strongest(max(signals.taken(), own))
            if is_test_due or request:
                with log.pause(saves=True):
                    keep(job, run, solver, test_due=broken_off)
            if broken_off or (request == StopRequest.STOP and solver.iteration < total):
                raise Stopped(signals.number)
    num_skipped = sum(len(set().union(*group.all_gather(each.numbers))) for each in (skipped, test_skipped))
    if num_skipped:
        display.print(f"{num_skipped:,} images could not be read, and were skipped")
