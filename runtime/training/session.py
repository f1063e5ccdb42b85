"""A training session: what is trained, one net or several stages, from the beginning or where a run broke off.

Everything that can be checked is, for all stages, before the first of them begins.
"""

from pathlib import Path
from typing import NamedTuple

from netdef.compiler.weights.formats.files import read_weights
from netdef.compiler.weights.stored import Weights
from netdef.runtime.console import Console
from netdef.runtime.data.feed import check_label_input
from netdef.runtime.hardware.launch_environment import attempt, launch_number
from netdef.runtime.hardware.process_group import ProcessGroup
from netdef.runtime.requests import TrainRequest
from netdef.runtime.run import Run, launched_run, refuse_another
from netdef.runtime.training.changes import may_differ
from netdef.runtime.training.console_text import overriding
from netdef.runtime.training.recipe.file import RecipeFile, read_recipe_file, recipe_path
from netdef.runtime.training.recipe.recipe import Recipe, Stage
from netdef.runtime.training.resume import on_devices, resumed, run_to_resume
from netdef.runtime.training.signals import SignalHandler
from netdef.runtime.training.stage_run import StageRun, checked_stages
from netdef.runtime.training.stages import (
    folders,
    has_begun,
    refuse_other_kind,
    refuse_without_weights,
    stage_named,
    stages_identity,
)
from netdef.runtime.training.tensorboard import check_tensorboard


class Session(NamedTuple):
    """What is trained, by whom, and who tells of it.

    request       what is asked for, laid over what an old run began with
    recipe_file   where the recipe stands, if it does
    stages        what is trained, in order
    is_staged     whether they are a recipe's stages, each with a run of its own in the folder of all
    old           the run, or the folder of all stages, that goes on
    command       how all this was asked for, for people
    """

    request: TrainRequest
    recipe_file: RecipeFile | None
    stages: tuple[Stage, ...]
    is_staged: bool
    old: Run | None
    command: str
    group: ProcessGroup
    console: Console
    signals: SignalHandler

    def folder_of(self, stage: Stage) -> str:
        """The name of a stage's folder in the folder of all."""
        return folders(self.stages)[self.stages.index(stage)]

    def has_begun(self, stage: Stage) -> bool:
        """Whether a stage has a checkpoint to go on from, and so needs no first weights."""
        if self.old is None:
            return False
        return has_begun(Run(self.old.path / self.folder_of(stage)) if self.is_staged else self.old)


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
    begin_with_given = waiting if not session.is_staged else [stage for stage in waiting if stage.init is None]
    given = given_weights(session.request.weights) if begin_with_given else None
    if waiting and not session.is_staged:
        refuse_without_weights(waiting[0], given)
    stage_runs = checked(session, session.request, given)
    for each in stage_runs:
        check_label_input(each.setup.train_net, each.setup.feeding)
        check_label_input(each.setup.test_net, each.setup.testing)
    if session.old is not None and session.is_staged:
        refuse_another(session.old, stages_identity(session.stages))
        for each in stage_runs:
            run = Run(session.old.path / session.folder_of(each.stage))
            if run.is_there:
                refuse_another(run, each.setup.identity, may_differ(each.request.recipe, run, each.setup.recipe))
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


def given_weights(path: str | None) -> Weights | None:
    """The weights at a path, if one is given."""
    return None if path is None else read_weights(path)
