"""The road of a training: one net or the stages of a plan, from the first batch or from where it broke off."""

import argparse
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netdef.training.job import Opening, name_of, prepared_of, recipe_file
from netdef.training.memory import begun, planned, recalled
from netdef.training.told import conclusion, introduction, overriding

from netdef.compiler.diagnostics import Report
from netdef.compiler.net_error import NetError
from netdef.runtime.console import open_console

if TYPE_CHECKING:
    from netdef.runtime.training.run import Run

    from netdef.compiler.weights.stored import Weights
    from netdef.runtime.hardware.process_group import ProcessGroup
    from netdef.runtime.training.checkpoint import Checkpoint
    from netdef.runtime.training.metrics_log import Log
    from netdef.runtime.training.progress import Display
    from netdef.runtime.training.recipe.file import RecipeFile
    from netdef.runtime.training.recipe.recipe import Stage
    from netdef.runtime.training.setup import TrainingSetup
    from netdef.runtime.training.signals import SignalHandler
    from netdef.runtime.training.train import Job

NO_DATA = {"N710", "N010", "N774"}
"""What is said of data that aren't there, or whose package isn't."""


class StageRun(NamedTuple):
    """One training on the road, checked: a net's alone, or a stage's of a plan.

    args    what is asked for in it
    """

    stage: "Stage"
    args: argparse.Namespace
    prepared: "TrainingSetup"


def trained(
    args: argparse.Namespace, written: "RecipeFile | None", group: "ProcessGroup", interrupts: "SignalHandler"
) -> int:
    """Train the net, or the stages of a plan, in this process."""
    from netdef.runtime.hardware.process_group import agree_on_errors
    from netdef.runtime.training.recipe.recipe import Recipe, Stage
    from netdef.runtime.training.stages import refuse_other_kind, stage_named
    from netdef.runtime.training.tensorboard import check_tensorboard

    with agree_on_errors(group):
        old = recalled(args, group)
        if args.tensorboard:
            check_tensorboard()
        if old is not None:
            written = recipe_file(args)
        if written is not None and group.is_rank_0:
            open_console().show(written.report)
        recipe, stages = (Recipe(), ()) if written is None else (written.recipe, written.stages)
        alone = Stage("", None, recipe, None)
        if args.only is not None:
            alone, stages = stage_named(args.only, stages), ()
        if old is not None:
            refuse_other_kind(old, stages)
    if group.is_rank_0:
        for line in overriding(args, stages):
            print(line, file=sys.stderr)
    if args.dry_run or args.overfit_one_batch:
        return tried(args, written, stages or (alone,), group)
    if written is not None and stages:
        return train_stages(args, written, group, old, interrupts)
    return train_one(args, written, alone, group, old=old, interrupts=interrupts)


def of_stage(args: argparse.Namespace, written: "RecipeFile | None", stage: "Stage") -> argparse.Namespace:
    """What is asked for in one stage of a plan, so that it can be asked for again without the plan."""
    own = argparse.Namespace(**vars(args))
    if written is not None and stage.name:
        own.file = args.file if stage.net is None else written.found(stage.net)
        own.only, own.recipe = stage.name, str(written.path)
    return own


def given_weights(args: argparse.Namespace) -> "Weights | None":
    """The weights that the arguments name, if they do."""
    from netdef.compiler.weights.formats.files import read_weights

    return None if args.weights is None else read_weights(args.weights)


def checked(
    args: argparse.Namespace,
    written: "RecipeFile | None",
    stages: "Sequence[Stage]",
    group: "ProcessGroup",
    given: "Weights | None",
) -> list[StageRun]:
    """The trainings that are asked for, with everything checked that can be before the first of them.

    Raises:
        NetError: where a net, a recipe, the data, the division or the weights of any of them are wrong.
    """
    from netdef.compiler.weights.match import match
    from netdef.runtime.training.stages import first_weights, in_stage, weights_like

    opening = Opening(group)
    legs: dict[str, StageRun] = {}
    for stage in stages:
        try:
            own = of_stage(args, written, stage)
            leg = StageRun(stage, own, prepared_of(own, written, stage.recipe, opening))
            before = legs.get(stage.init.stage) if stage.init else None
            found = weights_like(before.prepared.train_net) if before else given
            weights = first_weights(stage.init, found, f"stage {before.stage.name}" if before else args.weights)
            if weights is not None:
                match(leg.prepared.train_net, weights)
        except NetError as error:
            raise in_stage(stage, error) if len(stages) > 1 else error from None
        legs[stage.name] = leg
    return [*legs.values()]


def train_one(
    args: argparse.Namespace,
    written: "RecipeFile | None",
    stage: "Stage",
    group: "ProcessGroup",
    *,
    old: "Run | None",
    interrupts: "SignalHandler",
) -> int:
    """Train one net, from its first weights or from where an ``old`` run broke off."""
    from netdef.runtime.training.run import new_run

    from netdef.runtime.hardware.process_group import agree_on_errors
    from netdef.runtime.training.stages import first_weights, has_begun, refuse_without_weights

    with agree_on_errors(group):
        given = None
        if old is None or not has_begun(old):
            given = given_weights(args)
            refuse_without_weights(stage, given)
        (leg,) = checked(args, written, (stage,), group, given)
        job = leg.prepared.job(first_weights(stage.init, given, args.weights))
    path = Path(args.run_folder) if args.run_folder else None
    run = old or group.decide_on_rank_0(lambda: begun(leg.args, job, new_run(path, name_of(args))))
    carry_out(leg.args, job, run, interrupts, source=args.weights)
    if group.is_rank_0:
        for line in conclusion(leg.args, run):
            print(line)
    return 0


def train_stages(
    args: argparse.Namespace,
    written: "RecipeFile",
    group: "ProcessGroup",
    old: "Run | None",
    interrupts: "SignalHandler",
) -> int:
    """Train the stages of a plan that aren't finished, one after the other."""
    from netdef.runtime.training.run import Run, new_run, refuse_another

    from netdef.runtime.hardware.process_group import agree_on_errors
    from netdef.runtime.training.stages import folders, has_begun, plan_identity

    stages, identity = written.stages, plan_identity(written.stages)
    names = dict(zip((stage.name for stage in stages), folders(stages), strict=True))
    with agree_on_errors(group):
        waiting = [stage for stage in stages if old is None or not has_begun(Run(old.path / names[stage.name]))]
        given = given_weights(args) if any(stage.init is None for stage in waiting) else None
        legs = checked(args, written, stages, group, given)
        if old is not None:
            refuse_another(old, identity)
            for leg in legs:
                run = Run(old.path / names[leg.stage.name])
                if run.is_there:
                    refuse_another(run, leg.prepared.identity)
    path, name = Path(args.run_folder) if args.run_folder else None, name_of(args)
    plan = old or group.decide_on_rank_0(lambda: planned(args, new_run(path, name), group, identity))
    if group.is_rank_0:
        print(f"{plan.path}: a plan of {', '.join(names)}", file=sys.stderr)
    for leg in legs:
        train_stage(leg, plan, names, interrupts)
    if group.is_rank_0:
        for line in conclusion(args, plan):
            print(line)
    return 0


def train_stage(leg: StageRun, plan: "Run", names: dict[str, str], interrupts: "SignalHandler") -> None:
    """Train one stage of a plan, unless it is finished; ``names`` are the stages' folders."""
    from netdef.runtime.training.run import Run

    from netdef.runtime.hardware.process_group import agree_on_errors
    from netdef.runtime.training.stages import first_weights, has_begun

    stage, args, prepared = leg
    run = Run(plan.path / names[stage.name])
    group, source = prepared.means.group, args.weights
    if group.is_rank_0:
        print(f"stage {stage.name}" + (": finished before" if run.is_finished else ""), file=sys.stderr)
    if run.is_finished:
        return
    if stage.init is not None:
        source, args.weights = f"stage {stage.init.stage}", str(plan.path / names[stage.init.stage])
    with agree_on_errors(group):
        given = None if has_begun(run) else given_weights(args)
        job = prepared.job(first_weights(stage.init, given, source))
    args.run_folder = str(plan.path)
    if group.broadcast(not run.is_there):
        group.decide_on_rank_0(partial(begun, args, job, run))
    carry_out(args, job, run, interrupts, source=source)


def carry_out(
    args: argparse.Namespace, job: "Job", run: "Run", interrupts: "SignalHandler", *, source: str | None
) -> None:
    """Train from the run's newest checkpoint, if it has one; ``source`` is where its first weights came from."""
    from netdef.runtime.hardware.process_group import agree_on_errors
    from netdef.runtime.training.progress import display
    from netdef.runtime.training.signals import Stopped
    from netdef.runtime.training.train import starting_point, train

    group = job.division.group
    with ExitStack() as stack:
        with agree_on_errors(group):
            if group.is_rank_0:
                stack.enter_context(run.held())
            start, warnings = starting_point(run, job.identity)
        shown = stack.enter_context(display(group))
        also = None
        if group.is_rank_0:
            open_console().show(Report(warnings))
            for line in introduction(args, job, run, start, source):
                shown.say(line)
        try:
            if args.tensorboard and group.is_rank_0:
                also = stack.enter_context(watched(args, run, start, shown))
            train(job, run, start, shown, interrupts, also=also)
        except (KeyboardInterrupt, Stopped):
            if group.is_rank_0:
                shown.say(
                    f"stopped; to go on: netdef train --resume -o {shlex.quote(args.run_folder or str(run.path))}"
                )
            raise
    if group.is_rank_0:
        run.manifest = {**run.manifest, "result": run.evaluations[-1]}


@contextmanager
def watched(args: argparse.Namespace, run: "Run", start: "Checkpoint | None", shown: "Display") -> "Iterator[Log]":
    """TensorBoard, as one who is told the metrics while it is entered."""
    from netdef.runtime.training.tensorboard import TensorBoard

    with run.saving():
        board = TensorBoard(run.path, start.iteration + 1 if start else 0, shown.say)
    yield board.log
    board.close()


def tried(
    args: argparse.Namespace, written: "RecipeFile | None", stages: "Sequence[Stage]", group: "ProcessGroup"
) -> int:
    """Say what a run would need, or whether it could learn, without one."""
    from netdef.runtime.hardware.process_group import agree_on_errors

    has_data = True
    with agree_on_errors(group):
        given = given_weights(args)
        try:
            legs = checked(args, written, stages, group, given)
        except NetError as error:
            if not args.dry_run or NO_DATA.isdisjoint(each.code for each in error.report.errors):
                raise
            if group.is_rank_0:
                print(f"netdef train: made-up images stand in: {error.report.errors[0].message}", file=sys.stderr)
            has_data, args.data = False, "synthetic"
            legs = checked(args, written, stages, group, given)
    for leg in legs:
        if group.is_rank_0 and len(legs) > 1:
            print(f"stage {leg.stage.name}:", flush=True)
        try_one(leg, given if len(legs) == 1 or leg.stage.init is None else None, has_data=has_data)
    return 0


def try_one(leg: StageRun, given: "Weights | None", *, has_data: bool) -> None:
    """Try one training; without weights that were given, from the fillers."""
    from netdef.runtime.hardware.process_group import agree_on_errors
    from netdef.runtime.training.dry_run import dry_run
    from netdef.runtime.training.overfit import overfit
    from netdef.runtime.training.progress import display
    from netdef.runtime.training.stages import first_weights

    group = leg.prepared.means.group
    with agree_on_errors(group), display(group) as shown:
        job = leg.prepared.job(first_weights(leg.stage.init, given, leg.args.weights))
        found = dry_run(job, shown, has_data=has_data) if leg.args.dry_run else overfit(job, shown)
    if group.is_rank_0:
        print(found.text)
