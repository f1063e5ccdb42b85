"""Train a net.

The recipe says how: by default the .yaml beside the net, else built-in settings. The weights, the metrics and what
is needed to go on after a break are kept in a run's folder.
"""

import argparse
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdef.commands.options import load_net, net_arguments

if TYPE_CHECKING:
    from netdef.compiler.net import Net
    from netdef.runtime.training.checkpoint import Checkpoint
    from netdef.runtime.training.recipe import Recipe
    from netdef.runtime.training.run import Run
    from netdef.runtime.training.train import Job

HELP = "train a net"

REMEMBERED = (
    *("file", "recipe", "data", "test_data", "epochs", "batch", "lr", "seed", "input"),
    *("set", "size", "data_size", "stage", "level", "dense"),
)
"""Arguments that a resumed run takes from its manifest where they aren't given again."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="the net; may be left out with --resume -o RUN")
    parser.add_argument("--recipe", metavar="R.yaml", help="how to train; the .yaml beside the net if not given")
    parser.add_argument("--data", metavar="D", help="digits, or a folder of class folders; digits if not given")
    parser.add_argument("--test-data", metavar="DIR", help="another folder for the test")
    parser.add_argument("--weights", metavar="W", help="weights to start from: a file, or a run's folder")
    parser.add_argument("-o", dest="run_folder", metavar="RUN", help="the run's folder; runs/NAME if not given")
    parser.add_argument("--resume", action="store_true", help="go on with a broken run: RUN, or the net's newest")
    recipe = parser.add_argument_group("instead of the recipe's")
    recipe.add_argument("--epochs", type=_positive, metavar="X", help="passes over the training data")
    recipe.add_argument("--batch", type=_count, metavar="N", help="pictures in an iteration")
    recipe.add_argument("--lr", type=_positive, metavar="X", help="first learning rate")
    recipe.add_argument("--seed", type=_index, metavar="N", help="seed")
    feeding_arguments(parser)
    net_arguments(parser, phase=False)


def feeding_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says how pictures come to the net, and where it runs."""
    parser.add_argument(
        "--input", action="append", default=[], type=_feed, metavar="BLOB=FIELD", help="an input that takes data or label"
    )
    parser.add_argument("--device", metavar="D", help="cpu, cuda or cuda:1; a GPU if there is one")
    parser.add_argument("--workers", type=_index, metavar="N", help="processes that read pictures")


def run(args: argparse.Namespace) -> int:
    """Train, and say where the weights are."""
    from netdef.runtime.training.progress import display
    from netdef.runtime.training.train import train

    run = resumed_run(args) if args.resume else None
    if args.file is None:
        print("netdef train: which net? FILE may be left out only with --resume -o RUN", file=sys.stderr)
        return 2
    job = job_of(args)
    run, start = begun(args, job) if run is None else continued(run, job)
    with display() as shown:
        for line in introduction(args, job, run, start):
            shown.say(line)
        try:
            train(job, run, start, shown)
        except KeyboardInterrupt:
            shown.say(f"to go on from the last checkpoint: netdef train --resume -o {run.path}")
            raise
    print("\n".join(conclusion(args, run)))
    return 0


def resumed_run(args: argparse.Namespace) -> "Run":
    """The run to go on with; arguments that aren't given are as they were."""
    from netdef.runtime.training.run import old_run

    run = old_run(Path(args.run_folder)) if args.run_folder else old_run(None, name_of(args))
    for name, value in run.manifest["arguments"].items():
        if name not in given(args):
            setattr(args, name, value)
    return run
