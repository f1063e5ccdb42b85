"""Train a net.

The recipe says how: by default the .yaml beside the net, else built-in settings. A recipe with stages is a plan: they
are trained one after the other. The weights, the metrics and what is needed to go on after a break are kept in a run's
folder. SIGINT (Ctrl-C) or SIGTERM: save and stop; SIGHUP: save and go on.
"""

import argparse
import math
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdef.cli import WRONG_USAGE, show
from netdef.commands.options import count, index, load_quietly, net_arguments, speed_arguments
from netdef.compiler.diagnostics import NetError, Report
from netdef.compiler.load import state_of

if TYPE_CHECKING:
    from netdef.compiler.net import Net
    from netdef.compiler.weights import Matched
    from netdef.runtime.data.layers import LayerFeed
    from netdef.runtime.devices import Group
    from netdef.runtime.module import Weights
    from netdef.runtime.training.checkpoint import Checkpoint
    from netdef.runtime.training.journal import Log
    from netdef.runtime.training.recipe import Recipe
    from netdef.runtime.training.recipe_file import RecipeFile
    from netdef.runtime.training.run import Run
    from netdef.runtime.training.train import Job

HELP = "train a net"

DATA_HELP = (
    "digits, synthetic, a folder of class folders, shards, a list file, an LMDB, or boxes (Pascal VOC, CSV); "
    "if not given, what the net's data layers name, else the digits"
)
REMEMBERED = (
    *("file", "recipe", "only", "data", "test_data", "epochs", "batch", "lr", "seed", "input", "scores", "corrupt"),
    *("set", "size", "data_size", "stage", "level", "dense", "object"),
)
"""Arguments that a resumed run takes from its manifest where they aren't given again."""
NO_DATA = {"N710", "N717", "N774"}
"""What is said of data that aren't there, or whose package isn't."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="the net; may be left out with --resume -o RUN, or where the recipe names it",
    )
    parser.add_argument(
        "--recipe",
        metavar="R",
        help="how to train: netdef's .yaml, or Caffe's solver.prototxt; the .yaml beside the net if not given",
    )
    parser.add_argument("--only", metavar="STAGE", help="train one stage of the recipe's plan")
    parser.add_argument("--data", metavar="D", help=DATA_HELP)
    parser.add_argument("--test-data", metavar="D", help="other data for the test")
    parser.add_argument("--weights", metavar="W", help="weights to start from: a file, or a run's folder")
    parser.add_argument("-o", dest="run_folder", metavar="RUN", help="the run's folder; runs/NAME if not given")
    parser.add_argument("--resume", action="store_true", help="go on with a broken run: RUN, or the net's newest")
    parser.add_argument(
        "--keep", type=count, default=2, metavar="K", help="checkpoints to keep, beside the best weights"
    )
    parser.add_argument("--tensorboard", action="store_true", help="write the metrics for TensorBoard, too")
    first = parser.add_mutually_exclusive_group()
    first.add_argument("--dry-run", action="store_true", help="two iterations, then memory and time; writes nothing")
    heart = "train on the first batch until it is known by heart; writes nothing"
    first.add_argument("--overfit-one-batch", action="store_true", help=heart)
    recipe = parser.add_argument_group("instead of the recipe's")
    recipe.add_argument("--epochs", type=_positive, metavar="X", help="passes over the training data")
    recipe.add_argument("--batch", type=count, metavar="N", help="pictures in an iteration, over all devices")
    recipe.add_argument("--lr", type=_positive, metavar="X", help="first learning rate")
    recipe.add_argument("--seed", type=index, metavar="N", help="seed")
    devices = parser.add_argument_group("devices")
    devices.add_argument(
        "--devices", type=count, metavar="N", help="train in N processes, each with its own GPU if any"
    )
    devices.add_argument(
        "--restarts", type=index, default=0, metavar="K", help="start all N again, up to K times, if one breaks down"
    )
    devices.add_argument(
        "--passes", type=count, default=1, metavar="K", help="compute a device's share in K passes, to save memory"
    )
    synced = "take BatchNorm's mean and variance over all devices, not on each from its own share"
    devices.add_argument("--sync-batchnorm", action="store_true", help=synced)
    devices.add_argument("--shard", action="store_true", help="divide the weights over the devices, too (FSDP2)")
    feeding_arguments(parser)
    speed_arguments(parser)
    net_arguments(parser, phase=False)


def feeding_arguments(parser: argparse.ArgumentParser, *, scores: bool = True) -> None:
    """Add what says how pictures come to the net, and where it runs; ``scores``: and which blob scores the classes."""
    what = "an input that takes data or label, where its name doesn't say so"
    parser.add_argument("--input", action="append", default=[], type=_feed, metavar="BLOB=FIELD", help=what)
    if scores:
        told = "the blob with the class scores, where the net doesn't tell"
        parser.add_argument("--scores", metavar="BLOB", help=told)
    shown = "a class whose boxes count, where pictures show others too"
    parser.add_argument("--object", action="append", default=[], metavar="CLASS", help=shown)
    broken = "what to do with a picture that can't be read"
    parser.add_argument("--corrupt", choices=("error", "skip"), default="error", help=broken)
    parser.add_argument("--device", metavar="D", help="cpu, cuda or cuda:1; a GPU if there is one")
    parser.add_argument("--workers", type=index, metavar="N", help="processes that read pictures")


def run(args: argparse.Namespace) -> int:
    """Train, and say where the weights are."""
    share_processors()
    written = recipe_file(args)  # before torch is loaded: its mistakes show at once
    if args.file is None and written is not None and written.train_net is not None:
        args.file = written.found(written.train_net)
    if args.file is None and not (args.resume and args.run_folder):
        print("netdef train: which net? Leave FILE out with --resume -o RUN, or where R names it", file=sys.stderr)
        return WRONG_USAGE

    from netdef.runtime.devices import joined, launch, was_launched
    from netdef.runtime.training.interrupts import Stopped

    if (args.devices or 1) > 1 and not was_launched():
        return launch(args.devices, args.words, args.restarts)
    with joined() as group:
        try:
            return trained(args, written, group)
        except Stopped as stopped:
            return stopped.status


def trained(args: argparse.Namespace, written: "RecipeFile | None", group: "Group") -> int:
    """Train the net, or the stages of a plan, in this process."""
    from netdef.runtime.devices import said_once
    from netdef.runtime.training.recipe import Recipe
    from netdef.runtime.training.stages import stage_named

    with said_once(group):
        old = recalled(args, group)
        if old is not None:
            written = recipe_file(args)
        if written is not None and group.leads:
            show(written.report)
        recipe, stages = (Recipe(), ()) if written is None else (written.recipe, written.stages)
        if written is not None and args.only is not None:
            stage, stages = stage_named(args.only, stages), ()
            args.file = args.file if stage.net is None else written.found(stage.net)
            recipe = stage.recipe
    if args.dry_run or args.overfit_one_batch:
        return tried(args, written, recipe, group)
    if written is not None and stages:
        return train_stages(args, written, group, old)
    return train_one(args, written, recipe, group, old)


def train_one(
    args: argparse.Namespace, written: "RecipeFile | None", recipe: "Recipe", group: "Group", old: "Run | None"
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
    carry_out(args, job, run, args.weights)
    if group.leads:
        for line in conclusion(args, run):
            print(line)
    return 0


def train_stages(args: argparse.Namespace, written: "RecipeFile", group: "Group", old: "Run | None") -> int:
    """Train the stages of a plan that aren't finished, one after the other."""
    from netdef.runtime.devices import said_once
    from netdef.runtime.training.run import Run, new_run
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
        own = argparse.Namespace(**vars(args))
        own.file = args.file if stage.net is None else written.found(stage.net)
        own.only, own.run_folder = stage.name, str(plan.path / folder)
        run = Run(plan.path / folder)
        if group.leads:
            print(f"stage {stage.name}" + (": finished before" if run.is_finished else ""), file=sys.stderr)
        if run.is_finished:
            continue
        with said_once(group):
            weights = None if stage.init is None else first_weights(plan, stages, stage.init)
            job = job_of(own, written, stage.recipe, weights, group)
        if group.told(not run.is_there):
            group.decided(partial(begun, own, job, run))
        carry_out(own, job, run, stage.init and f"stage {stage.init.stage}")
    if group.leads:
        for line in conclusion(args, plan):
            print(line)
    return 0


def carry_out(args: argparse.Namespace, job: "Job", run: "Run", source: str | None) -> None:
    """Train from the run's newest checkpoint, if it has one; ``source`` is where its first weights came from."""
    from netdef.runtime.devices import said_once
    from netdef.runtime.training.interrupts import Stopped
    from netdef.runtime.training.progress import display
    from netdef.runtime.training.train import starting_point, train

    group = job.division.group
    with said_once(group):
        start, warnings = starting_point(run, job.identity)
    with display(group) as shown:
        if group.leads:
            show(Report(warnings))
            for line in introduction(args, job, run, start, source):
                shown.say(line)
        try:
            with watched(args, run, start, group) as also:
                train(job, run, start, shown, also)
        except (KeyboardInterrupt, Stopped):
            if group.leads:
                shown.say(
                    f"stopped; to go on: netdef train --resume -o {shlex.quote(args.run_folder or str(run.path))}"
                )
            raise
    if group.leads:
        run.manifest = {**run.manifest, "result": run.evaluations[-1]}


@contextmanager
def watched(args: argparse.Namespace, run: "Run", start: "Checkpoint | None", group: "Group") -> "Iterator[Log | None]":
    """Who else is told the metrics, while it is entered: TensorBoard, if asked for."""
    from netdef.runtime.training.tensorboard import TensorBoard

    if not (args.tensorboard and group.leads):
        yield None
        return
    board = TensorBoard(run.path, start.iteration + 1 if start else 0)
    yield board.log
    board.close()


def tried(args: argparse.Namespace, written: "RecipeFile | None", recipe: "Recipe", group: "Group") -> int:
    """Say what a run would need, or whether it could learn, without one."""
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
    with display(group) as shown:
        found = rehearse(job, shown, has_data=has_data) if args.dry_run else overfit(job, shown)
    if group.leads:
        print(found.text)
    return 0


def share_processors() -> None:
    """Let threads that wait sleep, unless the user says otherwise; OpenMP reads this when torch is loaded.

    On a machine with other work, threads that spin instead take the time of those that they wait for: 2 to 8 times
    slower was seen.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def recalled(args: argparse.Namespace, group: "Group") -> "Run | None":
    """The run to go on with, if any; arguments that aren't given again are as they were."""
    from netdef.runtime.devices import attempt, launch_number
    from netdef.runtime.training.run import launched_run, newest_run, run_in

    path = Path(args.run_folder) if args.run_folder else None
    if args.resume:
        run: Run | None = newest_run(name_of(args)) if path is None else run_in(path)
    else:
        run = launched_run(path, launch_number()) if attempt() else None
    if run is not None:
        known = given(args)
        for name, value in run.manifest["arguments"].items():
            if name not in known:
                setattr(args, name, _frozen(value))
    return run


def given(args: argparse.Namespace) -> dict[str, Any]:
    """The arguments to be remembered that aren't at their defaults."""
    return {name: value for name in REMEMBERED if (value := getattr(args, name)) or (name == "seed" and value == 0)}


def name_of(args: argparse.Namespace) -> str:
    """What runs of the net are called."""
    return load_quietly(args, phase="TRAIN").name or Path(args.file).stem


def job_of(
    args: argparse.Namespace,
    written: "RecipeFile | None",
    recipe: "Recipe",
    weights: "Weights | None",
    group: "Group",
) -> "Job":
    """What the arguments ask for, checked."""
    recipe = overridden(recipe, args)

    from netdef.runtime.data.dataset import warnings_of
    from netdef.runtime.data.layers import layers_data
    from netdef.runtime.data.source import open_data, wanted_by
    from netdef.runtime.training.prepare import Means, device_of, prepare

    net, own = fed_net(in_state(args, written, "TRAIN"), "TRAIN")
    if group.leads:
        show(net.report)
    test_path = None if written is None else written.tested(args.file)
    test_net, test_own = fed_net(in_state(args, written, "TEST"), "TEST", test_path)
    if own is not None and args.batch is None:
        recipe = recipe.replace(batch=own.batch_size * recipe.iter_size)
    if test_own is not None:
        recipe = recipe.replace(test=recipe.test.replace(batch=test_own.batch_size))
    objects = tuple(args.object) or None
    data = layers_data(own, test_own) or open_data(
        args.data or "digits", args.test_data, wanted_by(net, test_net), objects
    )
    if group.leads:
        show(Report([*warnings_of(data.train), *warnings_of(data.test)]))
    return prepare(
        net,
        test_net,
        recipe,
        data,
        feeds=(own.feed, test_own.feed) if own and test_own else None,
        skip=args.corrupt == "skip",
        inputs=dict(args.input),
        weights=weights,
        scores=args.scores,
        means=Means(
            device=device_of(args.device),
            group=group,
            passes=args.passes,
            shards=args.shard,
            sync_batchnorm=args.sync_batchnorm,
            chosen=vars(args),
            num_workers=args.workers,
            num_kept=args.keep,
        ),
    )


def fed_net(args: argparse.Namespace, phase: str, path: str | None = None) -> "tuple[Net, LayerFeed | None]":
    """The net in a phase, and what its own data layer feeds it if no other data are given."""
    from netdef.runtime.data.layers import feed_of, image_sizes, open_layers

    if args.data is not None:
        return load_quietly(args, phase, path), None
    opened = open_layers(path or args.file, dict(args.set), state_of(phase, args.stage, args.level))
    net = load_quietly(args, phase, path, image_sizes(opened))
    return net, feed_of(net, opened) if opened else None


def in_state(args: argparse.Namespace, written: "RecipeFile | None", phase: str) -> argparse.Namespace:
    """The arguments with the level and the stages that a solver.prototxt gives a phase, where they give none."""
    state = None if written is None else written.states.get(phase)
    if state is None or args.stage or args.level:
        return args
    return argparse.Namespace(**{**vars(args), "stage": state.stage, "level": state.level})


def recipe_file(args: argparse.Namespace) -> "RecipeFile | None":
    """What the recipe's file says, if there is one."""
    from netdef.runtime.training.recipe_file import read_recipe_file

    path = recipe_path(args)
    return None if path is None else read_recipe_file(path)


def overridden(recipe: "Recipe", args: argparse.Namespace) -> "Recipe":
    """The recipe, with what the command line says instead."""
    if args.epochs is not None:
        recipe = recipe.replace(epochs=args.epochs, iterations=None)
    if args.lr is not None:
        recipe = recipe.replace(lr=recipe.lr.replace(base=args.lr))
    return recipe.replace(
        batch=recipe.batch if args.batch is None else args.batch,
        seed=recipe.seed if args.seed is None else args.seed,
    )


def recipe_path(args: argparse.Namespace) -> Path | None:
    """The file with the recipe: the one given, else the one beside the net, if there is one."""
    if args.recipe is not None:
        return Path(args.recipe)
    beside = None if args.file is None else Path(args.file).with_suffix(".yaml")
    return beside if beside is not None and beside.is_file() else None


def begun(args: argparse.Namespace, job: "Job", run: "Run") -> "Run":
    """A new run, with its manifest."""
    from netdef.runtime.training.run import digest_of

    run.manifest = manifest_of(args) | {
        "net": job.module.net.name,
        "data": {"source": job.data.source, "split": job.data.split},
        "classes": list(job.data.train.classes),
        "preprocess": job.feeding.normalise.as_data,
        "device": str(job.device),
        "devices": job.division.group.size,
        "hardware": job.settings._asdict(),
        "hashes": {part: digest_of({part: job.identity[part]}) for part in ("net", "data", "recipe")},
        "identity": job.identity,
    }
    return run


def planned(args: argparse.Namespace, plan: "Run", stages: list[str]) -> "Run":
    """A new folder for the runs of a plan, with its manifest."""
    plan.manifest = manifest_of(args) | {"stages": stages}
    return plan


def manifest_of(args: argparse.Namespace) -> dict[str, Any]:
    """What every manifest begins with: what was asked for, and of which versions."""
    import platform
    from importlib.metadata import version

    from netdef.runtime.devices import launch_number

    packages = ("netdef-compiler", "torch", "numpy", "pillow")
    return {
        "command": shlex.join(["netdef", *args.words]),
        "arguments": given(args),
        "launch": launch_number(),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in packages},
    }


def introduction(
    args: argparse.Namespace, job: "Job", run: "Run", start: "Checkpoint | None", source: str | None
) -> Iterator[str]:
    """What is about to happen."""
    net, recipe, data = job.module.net, job.recipe, job.data
    on = f"{job.division.group.size} times {job.device.type}" if job.division.group.size > 1 else str(job.device)
    yield f"{net.name or args.file}: {net.num_params:,} parameters, on {on}: {job.settings.text}"
    if job.division.group.size > 1 and job.module.statistics:
        whose = "all devices' shares" if args.sync_batchnorm else "each device's own share"
        yield f"BatchNorm takes its mean and variance from {whose} of a batch"
    yield f"{data.source}: {len(data.train):,} training and {len(data.test):,} test pictures; {data.split}"
    if source is not None and start is None:
        yield f"{source}: {matched_text(job.module.matched)}"
    if net.preprocess is None:
        yield f"the net has no preprocess {{ }}; a picture becomes its input by {job.feeding.normalise.text}"
    total = recipe.num_iterations(len(data.train))
    yield f"{recipe_path(args) or 'built-in recipe'}: {total:,} iterations of {recipe.batch} pictures"
    yield f"{run.path}: " + (f"going on after iteration {start.iteration:,}" if start else "a new run")


def matched_text(matched: "Matched") -> str:
    """What came of weights that were given."""
    text = f"{len(matched.loaded)} layers loaded"
    if matched.missing:
        text += f"; {', '.join(matched.missing)} start from their fillers"
    if matched.unused:
        text += f"; the net has no {', '.join(matched.unused)}"
    return text


def conclusion(args: argparse.Namespace, run: "Run") -> Iterator[str]:
    """What came of it, and what to do next."""
    stages = run.stages
    for stage in stages or [run]:
        evaluations = stage.evaluations
        names = [name for name in evaluations[-1] if name.endswith("_error")]
        best = min(evaluations, key=lambda line: line[names[0]])  # of equals the first, as the run kept it
        if stages:
            yield f"{stage.path.name}:"
        for name, line, weights in (("best", best, stage.best), ("last", evaluations[-1], stage.last)):
            errors = ", ".join(f"{_in_words(each)} {100 * line[each]:.2f} %" for each in names)
            yield f"{'  ' if stages else ''}{name}: {errors} after epoch {line['epoch']:.0f}: {weights}"
    data = "" if args.data is None else f" --data {shlex.quote(args.data)}"
    yield f"next: netdef evaluate {shlex.quote(args.file)} --weights {shlex.quote(str(run.path))}{data}"


def _in_words(name: str) -> str:
    """What an error of the metrics is called: ``top-1 error``."""
    return name.replace("top", "top-").replace("_", " ")


def _frozen(value: Any) -> Any:
    """A value from JSON as the command line gives it."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _feed(text: str) -> tuple[str, str]:
    blob, equals, field = text.rpartition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not BLOB=FIELD")
    return blob, field


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value
