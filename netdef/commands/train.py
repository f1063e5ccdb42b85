"""Train a net.

The recipe says how: by default the .yaml beside the net, else built-in settings. A recipe with stages is a plan: they
are trained one after the other. The weights, the metrics and what is needed to go on after a break are kept in a run's
folder. SIGINT (Ctrl-C) or SIGTERM: save and stop; SIGHUP: save and go on.
"""

import argparse
import math
from contextlib import suppress

from netdef.options.data import DATA_HELP, data_arguments
from netdef.options.hardware import device_argument, speed_arguments
from netdef.options.net import net_arguments
from netdef.options.values import count, index
from netdef.runtime.console import Console
from netdef.runtime.hardware.threads import share_processors
from netdef.runtime.training.recipe.manual import manual
from netdef.training.job import recipe_file
from netdef.training.memory import run_to_resume, take_up
from netdef.training.road import trained

HELP = "train a net"
EXTRAS = ("train",)


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
    parser.add_argument("--only", metavar="STAGE", help="train one stage of the recipe's plan")
    parser.add_argument("--data", metavar="D", help=DATA_HELP)
    parser.add_argument("--test-data", metavar="D", help="other data for the test")
    parser.add_argument("--weights", metavar="W", help="weights to start from: a file, or a run's folder")
    parser.add_argument("-o", dest="run_folder", metavar="RUN", help="the run's folder; runs/NAME if not given")
    parser.add_argument("--resume", action="store_true", help="go on with a broken run: RUN, or the net's newest")
    parser.add_argument(
        "--keep", type=count, metavar="K", help="checkpoints to keep, beside the best weights; 2 if not given"
    )
    parser.add_argument("--tensorboard", action="store_true", help="write the metrics for TensorBoard, too")
    first = parser.add_mutually_exclusive_group()
    first.add_argument("--dry-run", action="store_true", help="two iterations, then memory and time; writes nothing")
    heart = "train on the first batch until it is known by heart; writes nothing"
    first.add_argument("--overfit-one-batch", action="store_true", help=heart)
    recipe = parser.add_argument_group("instead of the recipe's")
    recipe.add_argument("--epochs", type=_positive, metavar="X", help="passes over the training data")
    recipe.add_argument("--batch", type=count, metavar="N", help="images in an iteration, over all devices")
    recipe.add_argument("--lr", type=_positive, metavar="X", help="first learning rate")
    recipe.add_argument("--seed", type=index, metavar="N", help="seed")
    devices = parser.add_argument_group("devices")
    devices.add_argument(
        "--devices", type=count, metavar="N", help="train in N processes, each with its own GPU if any"
    )
    devices.add_argument(
        "--restarts", type=index, metavar="K", help="start all again, up to K times, if one breaks down"
    )
    devices.add_argument(
        "--passes", type=count, metavar="K", help="compute a device's share in K passes, to save memory"
    )
    synced = "take BatchNorm's mean and variance over all devices, not on each from its own share"
    devices.add_argument("--sync-batchnorm", action="store_true", help=synced)
    devices.add_argument("--shard", action="store_true", help="divide the weights over the devices, too (FSDP2)")
    data_arguments(parser)
    device_argument(parser)
    speed_arguments(parser)
    net_arguments(parser, phase=False)


def run(args: argparse.Namespace, console: Console) -> int:
    """Train, and say where the weights are."""
    share_processors()
    written = recipe_file(args)  # before torch is loaded: its mistakes show at once
    if args.file is None and written is not None and written.train_net is not None:
        args.file = written.found(written.train_net)
    if args.file is None and not (args.resume and args.run_folder):
        if written is not None:
            console.show(written.report)
        return console.refuse_usage("netdef train: which net? Leave FILE out with --resume -o RUN, or where R names it")

    if args.resume:
        take_up(args, run_to_resume(args))

    from netdef.runtime.hardware.process_group import launch, process_group, was_launched
    from netdef.runtime.training.signals import SignalHandler, Stopped

    num_devices, restarts = args.devices or 1, args.restarts or 0
    if num_devices + restarts > 1 and not was_launched():
        return launch(num_devices, args.words, restarts, args.device)
    with SignalHandler() as interrupts, process_group(args.device) as group:
        try:
            return trained(args, written, group, interrupts)
        except Stopped as stopped:
            return stopped.status


def _positive(text: str) -> float:
    with suppress(ValueError):
        if 0 < (value := float(text)) < math.inf:
            return value
    raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
