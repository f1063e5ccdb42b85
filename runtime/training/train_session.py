"""The runs of a session: from checked stages to folders with weights.

A run's folder is made once all is known to be right, by all processes.
"""

import shlex
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from netdef.runtime.console import Console
from netdef.runtime.hardware.process_group import ProcessGroup
from netdef.runtime.requests import TrainRequest
from netdef.runtime.run import Run, new_run
from netdef.runtime.training.changes import note_changes, refuse_too_short
from netdef.runtime.training.checkpoint import Checkpoint
from netdef.runtime.training.console_text import introduction
from netdef.runtime.training.job import Job, job_of
from netdef.runtime.training.manifest import manifest_of_run, manifest_of_stages
from netdef.runtime.training.metrics_log import MetricSink
from netdef.runtime.training.progress import Display, display
from netdef.runtime.training.resume import name_of
from netdef.runtime.training.saving import starting_point
from netdef.runtime.training.session import Session, checked_runs, given_weights, open_session
from netdef.runtime.training.signals import SignalHandler, Stopped
from netdef.runtime.training.stage_run import StageRun
from netdef.runtime.training.stages import first_weights
from netdef.runtime.training.tensorboard import TensorBoard
from netdef.runtime.training.train import train


def train_session(
    request: TrainRequest, command: str, group: ProcessGroup, console: Console, signals: SignalHandler
) -> Run:
    """Train in this process, among the others of its group; the run's folder, or that of all stages.

    Raises:
        NetError: for whatever the user can mend; in one process, and the others end without a word.
        Stopped: if a signal asked for it; everything is saved.
    """
    session = open_session(request, command, group, console, signals)
    stage_runs = checked_runs(session)
    return train_stages(session, stage_runs) if session.is_staged else train_alone(session, *stage_runs)


def train_alone(session: Session, stage_run: StageRun) -> Run:
    """Train one net; its folder is made once all is known to be right."""

    def run_of(job: Job) -> Run:
        return session.old or begun(new_folder(session), manifest_of(session, stage_run.request, job))

    return train_stage(session, stage_run, run_of, source=stage_run.request.weights)


def train_stages(session: Session, stage_runs: list[StageRun]) -> Run:
    """Train the stages that aren't finished, one after the other, each in a folder of its own in that of all."""
    console, group = session.console, session.group

    def manifest() -> dict[str, Any]:
        return manifest_of_stages(session.request, session.stages, group.size, session.command)

    whole = session.old or group.decide_on_rank_0(lambda: begun(new_folder(session), manifest()))
    console.say(f"{whole.path}: the stages {', '.join(stage.name for stage in session.stages)}")
    for each in stage_runs:
        run = Run(whole.path / session.folder_of(each.stage))
        console.say(f"stage {each.stage.name}" + (": finished before" if run.is_finished else ""))
        if not run.is_finished:
            train_stage_of(session, whole, each, run)
    return whole


def train_stage_of(session: Session, whole: Run, stage_run: StageRun, run: Run) -> None:
    """Train one of several stages, from the weights of the stage that it names, else from those that were given."""
    stage, request, _ = stage_run
    source = request.weights
    if stage.init is not None:
        before = next(each for each in session.stages if each.name == stage.init.stage)
        source, request = f"stage {before.name}", request.replace(weights=str(whole.path / session.folder_of(before)))

    def run_of(job: Job) -> Run:
        return run if run.is_there else begun(run, manifest_of(session, request, job))

    train_stage(session, stage_run._replace(request=request), run_of, source=source, folder=whole.path)


def train_stage(
    session: Session,
    stage_run: StageRun,
    run_of: Callable[[Job], Run],
    *,
    source: str | None,
    folder: Path | None = None,
) -> Run:
    """Train from the run's newest checkpoint, if it has one.

    Args:
        session: among whom, and who tells of it.
        stage_run: what is trained.
        run_of: finds the run's folder, or makes it, once there is a job.
        source: where the first weights came from, for people.
        folder: what ``--resume`` goes on with; the run's own folder if not given.
    """
    stage, request, setup = stage_run
    group = session.group
    with ExitStack() as stack:
        given = None if session.has_begun(stage) else given_weights(request.weights)
        job = job_of(setup, first_weights(stage.init, given, source))
        run = group.decide_on_rank_0(lambda: run_of(job))
        if group.is_rank_0:
            stack.enter_context(run.held())
        start, warnings = starting_point(run, setup, request.recipe)
        refuse_too_short(run, start, setup.num_iterations)
        session.console.show(warnings)
        shown = stack.enter_context(display(session.console, group.rank))
        for line in introduction(request, job, run, start, source):
            shown.print(line)
        group.barrier()  # all have read what the run was
        if group.is_rank_0:
            note_changes(run, request, setup.identity, start, session.command)
        try:
            watched = request.tensorboard and group.is_rank_0
            sink = stack.enter_context(tensorboard(run, start, shown)) if watched else None
            train(job, run, start, shown, session.signals, sink=sink)
        except (KeyboardInterrupt, Stopped):
            shown.print(f"stopped; to go on: netdef train --resume -o {shlex.quote(str(folder or run.path))}")
            raise
    if group.is_rank_0:
        run.manifest = {**run.manifest, "result": run.evaluations[-1]}
    return run


@contextmanager
def tensorboard(run: Run, start: Checkpoint | None, shown: Display) -> Iterator[MetricSink]:
    """TensorBoard, as one who is given the metrics while it is entered."""
    with run.saving():
        board = TensorBoard(run.path, start.iteration + 1 if start else 0, shown.print)
    yield board.log
    board.close()


def manifest_of(session: Session, request: TrainRequest, job: Job) -> dict[str, Any]:
    """The manifest of one of a session's trainings."""
    return manifest_of_run(request, job, session.command, session.recipe_file)


def new_folder(session: Session) -> Run:
    """The folder of a new run: the one that is asked for, else one in ``runs/``."""
    request = session.request
    return new_run(Path(request.out) if request.out else None, name_of(request.net))


def begun(run: Run, manifest: dict[str, Any]) -> Run:
    """A run, with its manifest written."""
    run.begin(manifest)
    return run
