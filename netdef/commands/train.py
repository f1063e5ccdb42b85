"""Train a net.

The recipe says how: by default the .yaml beside the net, else built-in settings. A recipe may have stages: they
are trained one after the other. The weights, the metrics and what is needed to go on after a break are kept in a run's
folder; the best weights are those with the least top-1 error in a test, of label maps the least pixel error, and of a
net without class scores the least loss. SIGINT (Ctrl-C) or SIGTERM: save and stop; SIGHUP: save and go on.
"""

import argparse
import shlex

from netdef.compiler.net_error import NetError
from netdef.compiler.solver_state import solver_state
from netdef.launch import Task, needs_launch, run_launched
from netdef.options.data import DATA_HELP, data_arguments
from netdef.options.hardware import device_argument, speed_arguments
from netdef.options.net import net_arguments
from netdef.options.training import division_arguments, recipe_arguments, run_arguments, train_request
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.hardware.threads import share_processors
from netdef.runtime.requests import TrainRequest
from netdef.runtime.training.recipe.manual import manual
from netdef.training import completed, train_here, try_here

HELP = "train a net"
EXTRAS = ("train",)
EXAMPLES = (
    ("netdef train digits.net --data digits", "by the recipe beside the net"),
    ("netdef train --recipe solver.prototxt", "as Caffe would"),
    ("netdef train vgg16.net --data ILSVRC --dry-run", "memory and time, before a long run"),
    ("netdef train digits.net --resume", "goes on where the newest run broke off"),
)
REQUEST = TrainRequest


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.epilog = manual()
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
    parser.add_argument("--only", metavar="STAGE", help="train one stage of the recipe")
    parser.add_argument("--data", metavar="D", help=DATA_HELP)
    parser.add_argument("--test-data", metavar="D", help="other data for the test")
    run_arguments(parser)
    recipe_arguments(parser)
    division_arguments(parser)
    data_arguments(parser)
    device_argument(parser)
    speed_arguments(parser)
    net_arguments(parser, phase=False)


def run(args: argparse.Namespace, console: Console) -> int:
    """Train, and say where the weights are."""
    if args.snapshot is not None:
        raise NetError(solver_state(args.snapshot, "N882"))
    return carry_out(train_request(args), console, shlex.join(["netdef", *args.words]))


def carry_out(request: TrainRequest, console: Console, command: str) -> int:
    """The same, whoever asks: here, or in as many processes as are asked for, each of which does it again."""
    share_processors()
    request = completed(request, console)
    restarts = request.division.restarts or 0
    if needs_launch(request.hardware, restarts):
        return run_launched(Task.of("train", request, command, console), request.hardware, restarts).status
    from netdef.runtime.training.console_text import conclusion
    from netdef.runtime.training.signals import Stopped

    try:
        if request.trial is not None:
            try_here(request, console)
        else:
            console.print_each(conclusion(train_here(request, console, command)))
    except Stopped as stopped:
        return stopped.status
    return ExitStatus.FINE
