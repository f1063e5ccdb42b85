"""What of a training is made safe in its run's folder, and how it goes on from there."""

from netdef.compiler.atomic import sync
from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.faults import come_to
from netdef.compiler.net_error import NetError
from netdef.compiler.weights.formats.files import write_weights
from netdef.runtime.evaluation import Measured
from netdef.runtime.requests import RecipeRequest
from netdef.runtime.run import Run, digest_of, refuse_another
from netdef.runtime.tensors import plain
from netdef.runtime.training.changes import identities_of, may_differ
from netdef.runtime.training.checkpoint import Checkpoint, newest, save
from netdef.runtime.training.job import Job
from netdef.runtime.training.setup import TrainingSetup
from netdef.runtime.training.solver import Solver


def keep_best(job: Job, run: Run, solver: Solver, evaluation: Measured) -> None:
    """Keep the weights if they are the best so far; of equals the first."""
    is_best = evaluation.score > max(solver.scores, default=float("-inf"))
    solver.scores += (evaluation.score,)
    weights = job.module.weights() if is_best else {}
    if is_best and job.setup.group.is_rank_0:
        with run.saving():
            write_weights(run.best, weights)


def keep(job: Job, run: Run, solver: Solver, *, test_due: bool = False) -> None:
    """Make what was reached so far safe: first the metrics, then the weights, then that they belong together."""
    group = job.setup.group
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
        checkpoint = Checkpoint(
            solver.iteration, solver.scores, weights, history, digest_of(job.setup.identity), test_due
        )
        save(run.checkpoints, checkpoint, job.setup.num_kept)


def restore(solver: Solver, start: Checkpoint) -> None:
    """Go on from a checkpoint, bit for bit."""
    solver.module.load(start.weights)
    solver.restore(start.iteration, start.scores, start.history)


_NOTHING = RecipeRequest()


def starting_point(
    run: Run, setup: TrainingSetup, asked: RecipeRequest = _NOTHING
) -> tuple[Checkpoint | None, list[Diagnostic]]:
    """The checkpoint to go on from, None if the run has none yet, and warnings about damaged ones.

    Raises:
        NetError: if the run is one of another recipe, net or data, or if all its checkpoints are damaged.
    """
    refuse_another(run, setup.identity, may_differ(asked, run, setup.recipe))
    start, warnings = newest(run.checkpoints, identities_of(run))
    if warnings and start is None:
        raise NetError(Report([*warnings, Diagnostic("N886", f"{run.path} has no sound checkpoint")]))
    return start, warnings
