"""Run a net on random inputs and say how long each layer takes, forward and backward.

Backward goes from the loss, or in a net without one (phase TEST) from the sum of the outputs. Times are medians.
Layers are timed one by one, not compiled; the whole net beside them as the options say.
"""

import argparse
import json

from netdef.options.hardware import device_argument, hardware_request, speed_arguments
from netdef.options.net import net_arguments, net_request
from netdef.options.output import format_arguments
from netdef.options.values import count
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.hardware.threads import share_processors
from netdef.runtime.requests import TimeRequest

HELP = "time per layer, forward and backward"
EXTRAS = ("train",)
EXAMPLES = (
    ("netdef time vgg16.net", "a table"),
    ("netdef time vgg16.net --batch 32 --device cuda --json", "for tools"),
)

FORMATS = ("table", "json", "csv", "markdown")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a .net or .prototxt file")
    format_arguments(parser, FORMATS)
    parser.add_argument("--batch", type=count, metavar="N", help="samples in a pass; as the net says if not given")
    parser.add_argument("--repeat", type=count, default=10, metavar="N", help="passes of which the median is taken")
    device_argument(parser)
    speed_arguments(parser)
    net_arguments(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the times on stdout."""
    share_processors()
    from netdef.runtime.time_net import time_net

    request = TimeRequest(net=net_request(args), hardware=hardware_request(args), batch=args.batch, repeat=args.repeat)
    timed = time_net(request, console)
    console.print(json.dumps(timed.as_data, indent=2) if args.format == "json" else timed.table(args.format))
    return ExitStatus.FINE
