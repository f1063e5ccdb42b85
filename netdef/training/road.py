"""The road of a training: one net or the stages of a plan, from the first batch or from where it broke off."""

import argparse
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from netdef.cli import show
from netdef.compiler.diagnostics import NetError, Report
from netdef.training.job import job_of, name_of, recipe_file
from netdef.training.memory import begun, planned, recalled
from netdef.training.told import conclusion, introduction

if TYPE_CHECKING:
    from netdef.runtime.devices import Group
    from netdef.runtime.training.checkpoint import Checkpoint
    from netdef.runtime.training.interrupts import Interrupts
    from netdef.runtime.training.journal import Log
    from netdef.runtime.training.progress import Display
    from netdef.runtime.training.recipe import Recipe, Stage
    from netdef.runtime.training.recipe_file import RecipeFile
    from netdef.runtime.training.run import Run
    from netdef.runtime.training.train import Job

NO_DATA = {"N710", "N717", "N774"}
"""What is said of data that aren't there, or whose package isn't."""


def trained(args: argparse.Namespace, written: "RecipeFile | None", group: "Group", interrupts: "Interrupts") -> int:
    """Train the net, or the stages of a plan, in this process."""
    from netdef.runtime.devices import said_once
    from netdef.runtime.training.recipe import Recipe
    from netdef.runtime.training.stages import stage_named, without_first_weights
    from netdef.runtime.training.tensorboard import check_tensorboard

    with said_once(group):
        old = recalled(args, group)
        if args.tensorboard:
            check_tensorboard()
        if old is not None:
            written = recipe_file(args)
        if written is not None and group.leads:
            show(written.report)
        recipe, stages = (Recipe(), ()) if written is None else (written.recipe, written.stages)
        if written is not None and args.only is not None:
            stage, stages = stage_named(args.only, stages), ()
            if stage.init is not None and args.weights is None and old is None:
                raise without_first_weights(stage.name, stage.init.stage)
            args, recipe = of_stage(args, written, stage), stage.recipe
    if args.dry_run or args.overfit_one_batch:
        if written is None or not stages:
            return tried(args, written, recipe, group)
        return max(tried(of_stage(args, written, stage), written, stage.recipe, group) for stage in stages)
    if written is not None and stages:
        return train_stages(args, written, group, old, interrupts)
    return train_one(args, written, recipe, group, old=old, interrupts=interrupts)


def of_stage(args: argparse.Namespace, written: "RecipeFile", stage: "Stage") -> argparse.Namespace:
    """What is asked for in one stage of a plan."""
    own = argparse.Namespace(**vars(args))
    own.file = args.file if stage.net is None else written.found(stage.net)
    own.only = stage.name
    return own


def train_one(
    args: argparse.Namespace,
    written: "RecipeFile | None",
    recipe: "Recipe",
    group: "Group",
    *,
    old: "Run | None",
    interrupts: "Interrupts",
) -> int:
    """Train one net, from its first weights or from where an ``old`` run broke off."""
    from netdef.compiler.weights import read_weights
    from netdef.runtime.devices import said_once
    from netdef.runtime.training.run import best_weights, new_run

    with said_once(group):
        weights = None if args.weights is None else read_weights(best_weights(Path(args.weights)))
        job = job_of(args, written, recipe, weights, group)
    path = Path(args.run_folder) if args.run_folder else None
    name = job.module.net.name or Path(args.file).stem
    run = old or group.decided(lambda: begun(args, job, new_run(path, name)))
    carry_out(args, job, run, interrupts, source=args.weights)
    if group.leads:
        for line in conclusion(args, run):
            print(line)
    return 0


def train_stages(
    args: argparse.Namespace, written: "RecipeFile", group: "Group", old: "Run | None", interrupts: "Interrupts"
) -> int:
    """Train the stages of a plan that aren't finished, one after the other."""
    from netdef.compiler.weights import read_weights
    from netdef.runtime.devices import said_once
    from netdef.runtime.training.run import Run, best_weights, new_run
    from netdef.runtime.training.stages import first_weights, folders, refuse_another_plan

    stages = written.stages
    with said_once(group):
        name = name_of(args)
        if old is not None:
            refuse_another_plan(old, stages)
    path = Path(args.run_folder) if args.run_folder else None
    plan = old or group.decided(lambda: planned(args, new_run(path, name), folders(stages)))
    if group.leads:
        print(f"{plan.path}: a plan of {', '.join(stage.name for stage in stages)}", file=sys.stderr)
    for stage, folder in zip(stages, folders(stages), strict=True):
        own = of_stage(args, written, stage)
        own.run_folder = str(plan.path)
        run = Run(plan.path / folder)
        if group.leads:
            print(f"stage {stage.name}" + (": finished before" if run.is_finished else ""), file=sys.stderr)
        if run.is_finished:
            continue
        with said_once(group):
            given = None if args.weights is None else read_weights(best_weights(Path(args.weights)))
            weights = given if stage.init is None else first_weights(plan, stages, stage.init)
            job = job_of(own, written, stage.recipe, weights, group)
        if group.told(not run.is_there):
            group.decided(partial(begun, own, job, run))
        carry_out(own, job, run, interrupts, source=f"stage {stage.init.stage}" if stage.init else args.weights)
    if group.leads:
        for line in conclusion(args, plan):
            print(line)
    return 0


def carry_out(
    args: argparse.Namespace, job: "Job", run: "Run", interrupts: "Interrupts", *, source: str | None
) -> None:
    """Train from the run's newest checkpoint, if it has one; ``source`` is where its first weights came from."""
    from netdef.runtime.devices import said_once
    from netdef.runtime.training.interrupts import Stopped
    from netdef.runtime.training.progress import display
    from netdef.runtime.training.train import starting_point, train

    group = job.division.group
    with ExitStack() as stack:
        with said_once(group):
            if group.leads:
                stack.enter_context(run.held())
            start, warnings = starting_point(run, job.identity)
        shown = stack.enter_context(display(group))
        also = None
        if group.leads:
            show(Report(warnings))
            for line in introduction(args, job, run, start, source):
                shown.say(line)
        try:
            if args.tensorboard and group.leads:
                also = stack.enter_context(watched(args, run, start, shown))
            train(job, run, start, shown, interrupts, also=also)
        except (KeyboardInterrupt, Stopped):
            if group.leads:
                shown.say(
                    f"stopped; to go on: netdef train --resume -o {shlex.quote(args.run_folder or str(run.path))}"
                )
            raise
    if group.leads:
        run.manifest = {**run.manifest, "result": run.evaluations[-1]}


@contextmanager
def watched(args: argparse.Namespace, run: "Run", start: "Checkpoint | None", shown: "Display") -> "Iterator[Log]":
    """TensorBoard, as one who is told the metrics while it is entered."""
    from netdef.runtime.training.tensorboard import TensorBoard

    with run.saving():
        board = TensorBoard(run.path, start.iteration + 1 if start else 0, shown.say)
    yield board.log
    board.close()


def tried(args: argparse.Namespace, written: "RecipeFile | None", recipe: "Recipe", group: "Group") -> int:
    """Say what a run would need, or whether it could learn, without one."""
    from netdef.runtime.devices import said_once
    from netdef.runtime.training.overfit import overfit
    from netdef.runtime.training.progress import display
    from netdef.runtime.training.rehearsal import rehearse

    has_data = True
    try:
        job = job_of(args, written, recipe, None, group)
    except NetError as error:
        if not args.dry_run or NO_DATA.isdisjoint(each.code for each in error.report.errors):
            raise
        print(f"netdef train: made-up pictures stand in: {error.report.errors[0].message}", file=sys.stderr)
        has_data, args.data = False, "synthetic"
        job = job_of(args, written, recipe, None, group)
    with said_once(group), display(group) as shown:
        found = rehearse(job, shown, has_data=has_data) if args.dry_run else overfit(job, shown)
    if group.leads:
        print(found.text)
    return 0
