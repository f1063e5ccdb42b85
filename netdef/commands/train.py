"""Train a net.

The recipe says how: by default the .yaml beside the net, else built-in settings. The weights, the metrics and what
is needed to go on after a break are kept in a run's folder.
"""

import argparse
import math
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdef.cli import show
from netdef.commands.options import count, index, load_quietly, net_arguments
from netdef.compiler.diagnostics import Report
from netdef.compiler.load import state_of

if TYPE_CHECKING:
    from netdef.compiler.net import Net
    from netdef.compiler.weights import Matched
    from netdef.runtime.data.layers import LayerFeed
    from netdef.runtime.training.checkpoint import Checkpoint
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
    *("file", "recipe", "data", "test_data", "object", "epochs", "batch", "lr", "seed", "input", "scores", "corrupt"),
    *("set", "size", "data_size", "stage", "level", "dense"),
)
"""Arguments that a resumed run takes from its manifest where they aren't given again."""


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
    parser.add_argument("--data", metavar="D", help=DATA_HELP)
    parser.add_argument("--test-data", metavar="D", help="other data for the test")
    parser.add_argument("--weights", metavar="W", help="weights to start from: a file, or a run's folder")
    parser.add_argument("-o", dest="run_folder", metavar="RUN", help="the run's folder; runs/NAME if not given")
    parser.add_argument("--resume", action="store_true", help="go on with a broken run: RUN, or the net's newest")
    recipe = parser.add_argument_group("instead of the recipe's")
    recipe.add_argument("--epochs", type=_positive, metavar="X", help="passes over the training data")
    recipe.add_argument("--batch", type=count, metavar="N", help="pictures in an iteration")
    recipe.add_argument("--lr", type=_positive, metavar="X", help="first learning rate")
    recipe.add_argument("--seed", type=index, metavar="N", help="seed")
    feeding_arguments(parser)
    net_arguments(parser, phase=False)


def feeding_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says how pictures come to the net, and where it runs."""
    what = "an input that takes data or label, where its name doesn't say so"
    parser.add_argument("--input", action="append", default=[], type=_feed, metavar="BLOB=FIELD", help=what)
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
    from netdef.runtime.training.progress import display
    from netdef.runtime.training.train import starting_point, train

    written = recipe_file(args)  # before torch is loaded: its mistakes show at once
    if args.file is None and written is not None and written.train_net is not None:
        args.file = written.found(written.train_net)
    if args.file is None and not (args.resume and args.run_folder):
        print("netdef train: which net? Leave FILE out with --resume -o RUN, or where R names it", file=sys.stderr)
        return 2
    old = recalled(args) if args.resume else None
    if old is not None:
        written = recipe_file(args)
    if written is not None:
        show(written.report)
    job = job_of(args, written)
    run = begun(args, job) if old is None else old
    start, warnings = starting_point(run, job.identity)
    show(Report(warnings))
    with display() as shown:
        for line in introduction(args, job, run, start):
            shown.say(line)
        try:
            train(job, run, start, shown)
        except KeyboardInterrupt:
            shown.say(f"to go on from the last checkpoint: netdef train --resume -o {run.path}")
            raise
    for line in conclusion(args, run):
        print(line)
    return 0


def share_processors() -> None:
    """Let threads that wait sleep, unless the user says otherwise; OpenMP reads this when torch is loaded.

    On a machine with other work, threads that spin instead take the time of those that they wait for: 2 to 8 times
    slower was seen.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def recalled(args: argparse.Namespace) -> "Run":
    """The run to go on with; arguments that aren't given again are as they were."""
    from netdef.runtime.training.run import newest_run, run_in

    run = run_in(Path(args.run_folder)) if args.run_folder else newest_run(name_of(args))
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


def job_of(args: argparse.Namespace, written: "RecipeFile | None") -> "Job":
    """What the arguments ask for, checked."""
    recipe = recipe_of(args, written)

    from netdef.compiler.weights import read_weights
    from netdef.runtime.data.dataset import warnings_of
    from netdef.runtime.data.layers import layers_data
    from netdef.runtime.data.source import open_data, wanted_by
    from netdef.runtime.training.prepare import device_of, prepare
    from netdef.runtime.training.run import best_weights

    net, own = fed_net(args, "TRAIN")
    show(net.report)
    test_net, test_own = fed_net(args, "TEST", None if written is None else written.tested(args.file))
    if own is not None and args.batch is None:
        recipe = recipe.replace(batch=own.batch_size * recipe.iter_size)
    objects = tuple(args.object) or None
    data = layers_data(own, test_own) or open_data(
        args.data or "digits", args.test_data, wanted_by(net, test_net), objects
    )
    show(Report([*warnings_of(data.train), *warnings_of(data.test)]))
    return prepare(
        net,
        test_net,
        recipe,
        data,
        feeds=(own.feed, test_own.feed) if own and test_own else None,
        skip=args.corrupt == "skip",
        inputs=dict(args.input),
        weights=None if args.weights is None else read_weights(best_weights(Path(args.weights))),
        device=device_of(args.device),
        num_workers=args.workers,
        scores=args.scores,
    )


def fed_net(args: argparse.Namespace, phase: str, path: str | None = None) -> "tuple[Net, LayerFeed | None]":
    """The net in a phase, and what its own data layer feeds it if no other data are given."""
    from netdef.runtime.data.layers import feed_of, image_sizes, open_layers

    if args.data is not None:
        return load_quietly(args, phase, path), None
    opened = open_layers(path or args.file, dict(args.set), state_of(phase, args.stage, args.level))
    net = load_quietly(args, phase, path, image_sizes(opened))
    return net, feed_of(net, opened) if opened else None


def recipe_file(args: argparse.Namespace) -> "RecipeFile | None":
    """What the recipe's file says, if there is one."""
    from netdef.runtime.training.recipe_file import read_recipe_file

    path = recipe_path(args)
    return None if path is None else read_recipe_file(path)


def recipe_of(args: argparse.Namespace, written: "RecipeFile | None") -> "Recipe":
    """The recipe, with what the command line says instead."""
    from netdef.runtime.training.recipe import Recipe

    recipe = Recipe() if written is None else written.recipe
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


def begun(args: argparse.Namespace, job: "Job") -> "Run":
    """A new run, with its manifest."""
    import torch

    from netdef.runtime.training.run import new_run

    run = new_run(Path(args.run_folder) if args.run_folder else None, job.module.net.name or Path(args.file).stem)
    run.manifest = {
        "net": job.module.net.name,
        "command": shlex.join(["netdef", *sys.argv[1:]]),
        "arguments": given(args),
        "data": {"source": job.data.source, "split": job.data.split},
        "classes": list(job.data.train.classes),
        "preprocess": job.feeding.normalise.as_data,
        "device": str(job.device),
        "torch": torch.__version__,
        "identity": job.identity,
    }
    return run


def introduction(args: argparse.Namespace, job: "Job", run: "Run", start: "Checkpoint | None") -> Iterator[str]:
    """What is about to happen."""
    net, recipe, data = job.module.net, job.recipe, job.data
    yield f"{net.name or args.file}: {net.num_params:,} parameters, on {job.device}"
    yield f"{data.source}: {len(data.train):,} training and {len(data.test):,} test pictures; {data.split}"
    if args.weights is not None and start is None:
        yield f"{args.weights}: {matched_text(job.module.matched)}"
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
    evaluations = run.evaluations
    names = [name for name in evaluations[-1] if name.endswith("_error")]
    best = min(evaluations, key=lambda line: line[names[0]])  # of equals the first, as the run kept it
    for name, line, weights in (("best", best, run.best), ("last", evaluations[-1], run.last)):
        errors = ", ".join(
            f"{name.replace('_', ' ').replace('top', 'top-')} {100 * line[name]:.2f} %" for name in names
        )
        yield f"{name}: {errors} after epoch {line['epoch']:.0f}: {weights}"
    data = "" if args.data is None else f" --data {shlex.quote(args.data)}"
    yield f"next: netdef evaluate {shlex.quote(args.file)} --weights {shlex.quote(str(run.path))}{data}"


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
