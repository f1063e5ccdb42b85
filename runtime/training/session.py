"""A training session: one net, or the stages of a plan, from the first batch or from where a run broke off.

    request -> resumed request -> stages -> checked stages -> runs

Everything that can be checked is, for all stages, before the first of them begins. Processes agree on mistakes in two
places: when all is checked, and when a stage begins.
"""

import shlex
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from netdef.compiler.weights.formats.files import read_weights
from netdef.compiler.weights.stored import Weights
from netdef.runtime.console import Console
from netdef.runtime.data.crop import RESCALING
from netdef.runtime.hardware.launch_environment import attempt, launch_number
from netdef.runtime.hardware.process_group import ProcessGroup, agree_on_errors
from netdef.runtime.requests import TrainRequest
from netdef.runtime.run import Run, digest_of, launched_run, new_run, refuse_another
from netdef.runtime.training.checkpoint import Checkpoint
from netdef.runtime.training.console_text import introduction, overriding
from netdef.runtime.training.job import Job, job_of
from netdef.runtime.training.manifest import manifest_of, name_of, on_devices, resumed, run_to_resume
from netdef.runtime.training.metrics_log import MetricSink
from netdef.runtime.training.progress import Display, display
from netdef.runtime.training.recipe.file import RecipeFile, read_recipe_file, recipe_path
from netdef.runtime.training.recipe.recipe import Recipe, Stage
from netdef.runtime.training.saving import starting_point
from netdef.runtime.training.signals import SignalHandler, Stopped
from netdef.runtime.training.stage_run import StageRun, checked_stages
from netdef.runtime.training.stages import (
    first_weights,
    folders,
    has_begun,
    plan_identity,
    refuse_other_kind,
    refuse_without_weights,
    stage_named,
)
from netdef.runtime.training.tensorboard import TensorBoard, check_tensorboard
from netdef.runtime.training.train import train as train_job


class Session(NamedTuple):
    """What is trained, by whom, and who tells of it.

    request       what is asked for, laid over what an old run began with
    recipe_file   where the recipe stands, if it does
    stages        what is trained, in order
    is_plan       whether they are a plan's stages, each with a run of its own in the plan's folder
    old           the run, or the plan's folder, that goes on
    command       how all this was asked for, for people
    """

    request: TrainRequest
    recipe_file: RecipeFile | None
    stages: tuple[Stage, ...]
    is_plan: bool
    old: Run | None
    command: str
    group: ProcessGroup
    console: Console
    signals: SignalHandler

    def folder_of(self, stage: Stage) -> str:
        """The name of a stage's folder in the plan's."""
        return folders(self.stages)[self.stages.index(stage)]

    def has_begun(self, stage: Stage) -> bool:
        """Whether a stage has a checkpoint to go on from, and so needs no first weights."""
        if self.old is None:
            return False
        return has_begun(Run(self.old.path / self.folder_of(stage)) if self.is_plan else self.old)


def train(request: TrainRequest, command: str, group: ProcessGroup, console: Console, signals: SignalHandler) -> Run:
    """Train in this process, among the others of its group; the run's folder, or the plan's.

    Raises:
        NetError: for whatever the user can mend; in one process, and the others end without a word.
        Stopped: if a signal asked for it; everything is saved.
    """
    with agree_on_errors(group):
        session = open_session(request, command, group, console, signals)
        stage_runs = checked_runs(session)
    return train_plan(session, stage_runs) if session.is_plan else train_alone(session, *stage_runs)


def open_session(
    request: TrainRequest, command: str, group: ProcessGroup, console: Console, signals: SignalHandler
) -> Session:
    """What is to be trained; warnings of the recipe's file are shown."""
    old = old_run(request)
    if old is not None:
        request = on_devices(resumed(request, old), old, group.size)
    if request.tensorboard:
        check_tensorboard()
    path = recipe_path(request.recipe.file, request.net.file)
    recipe_file = None if path is None else read_recipe_file(path)
    recipe, stages = (Recipe(), ()) if recipe_file is None else (recipe_file.recipe, recipe_file.stages)
    if recipe_file is not None:
        console.show(recipe_file.report)
    alone = Stage("", None, recipe, None)
    if request.recipe.only is not None:
        alone, stages = stage_named(request.recipe.only, stages), ()
    if old is not None:
        refuse_other_kind(old, stages)
    for line in overriding(request.recipe, stages):
        console.say(line)
    return Session(request, recipe_file, stages or (alone,), bool(stages), old, command, group, console, signals)


def old_run(request: TrainRequest) -> Run | None:
    """The run that goes on: the one to resume, or the one that this launch began before its processes broke down."""
    if request.resume:
        return run_to_resume(request)
    return launched_run(Path(request.out) if request.out else None, launch_number()) if attempt() else None


def checked_runs(session: Session) -> list[StageRun]:
    """The stages that are trained, with everything checked that can be before the first of them.

    Raises:
        NetError: if any of them is wrong, or is not what the old run was.
    """
    waiting = [stage for stage in session.stages if not session.has_begun(stage)]
    begin_with_given = waiting if not session.is_plan else [stage for stage in waiting if stage.init is None]
    given = given_weights(session.request.weights) if begin_with_given else None
    if waiting and not session.is_plan:
        refuse_without_weights(waiting[0], given)
    stage_runs = checked(session, session.request, given)
    if session.old is not None and session.is_plan:
        refuse_another(session.old, plan_identity(session.stages))
        for each in stage_runs:
            run = Run(session.old.path / session.folder_of(each.stage))
            if run.is_there:
                refuse_another(run, each.setup.identity)
    return stage_runs


def checked(session: Session, request: TrainRequest, given: Weights | None) -> list[StageRun]:
    """The stages of a session, checked."""
    return checked_stages(
        request,
        session.recipe_file,
        session.stages,
        given=given,
        group=session.group,
        console=session.console,
    )


def train_alone(session: Session, stage_run: StageRun) -> Run:
    """Train one net; its folder is made once all is known to be right."""

    def run_of(job: Job) -> Run:
        return session.old or begun(new_folder(session), manifest_of_run(session, stage_run.request, job))

    return train_stage(session, stage_run, run_of, source=stage_run.request.weights)


def train_plan(session: Session, stage_runs: list[StageRun]) -> Run:
    """Train the stages of a plan that aren't finished, one after the other."""
    console, group = session.console, session.group
    plan = session.old or group.decide_on_rank_0(lambda: begun(new_folder(session), manifest_of_plan(session)))
    console.say(f"{plan.path}: a plan of {', '.join(stage.name for stage in session.stages)}")
    for each in stage_runs:
        run = Run(plan.path / session.folder_of(each.stage))
        console.say(f"stage {each.stage.name}" + (": finished before" if run.is_finished else ""))
        if not run.is_finished:
            train_stage_of(session, plan, each, run)
    return plan


def train_stage_of(session: Session, plan: Run, stage_run: StageRun, run: Run) -> None:
    """Train a stage of a plan, from the weights of the stage that it names, else from those that were given."""
    stage, request, _ = stage_run
    source = request.weights
    if stage.init is not None:
        before = next(each for each in session.stages if each.name == stage.init.stage)
        source, request = f"stage {before.name}", request.replace(weights=str(plan.path / session.folder_of(before)))

    def run_of(job: Job) -> Run:
        return run if run.is_there else begun(run, manifest_of_run(session, request, job))

    train_stage(session, stage_run._replace(request=request), run_of, source=source, folder=plan.path)


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
        with agree_on_errors(group):
            given = None if session.has_begun(stage) else given_weights(request.weights)
            job = job_of(setup, first_weights(stage.init, given, source))
            run = group.decide_on_rank_0(lambda: run_of(job))
            if group.is_rank_0:
                stack.enter_context(run.held())
            start, warnings = starting_point(run, setup.identity)
        session.console.show(warnings)
        shown = stack.enter_context(display(session.console, group.rank))
        for line in introduction(request, job, run, start, source):
            shown.print(line)
        try:
            watched = request.tensorboard and group.is_rank_0
            sink = stack.enter_context(tensorboard(run, start, shown)) if watched else None
            train_job(job, run, start, shown, session.signals, sink=sink)
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


def given_weights(path: str | None) -> Weights | None:
    """The weights at a path, if one is given."""
    return None if path is None else read_weights(path)


def new_folder(session: Session) -> Run:
    """The folder of a new run: the one that is asked for, else one in ``runs/``."""
    request = session.request
    return new_run(Path(request.out) if request.out else None, name_of(request.net))


def begun(run: Run, manifest: dict[str, Any]) -> Run:
    """A run, with its manifest written."""
    run.manifest = manifest
    return run


def manifest_of_run(session: Session, request: TrainRequest, job: Job) -> dict[str, Any]:
    """The manifest of a training: what was asked for, and what it became."""
    setup = job.setup
    return manifest_of(request, session.command, launch_number()) | {
        "net": setup.train_net.name,
        "data": {"source": setup.data.source, "split": setup.data.split},
        "classes": list(setup.data.train.classes),
        "preprocess": setup.feeding.normalise.as_data,
        "rescaling": RESCALING,
        "device": str(setup.device),
        "devices": setup.group.size,
        "parts": setup.division.num_parts,
        "hardware": job.settings._asdict(),
        "hashes": {part: digest_of({part: setup.identity[part]}) for part in ("net", "data", "recipe")},
        "identity": setup.identity,
    }


def manifest_of_plan(session: Session) -> dict[str, Any]:
    """The manifest of the folder that holds the runs of several stages."""
    identity, size = plan_identity(session.stages), session.group.size
    return manifest_of(session.request, session.command, launch_number()) | {
        "devices": size,
        "parts": size * (session.request.division.passes or 1),
        "stages": [*identity["stages"]],
        "identity": identity,
    }
