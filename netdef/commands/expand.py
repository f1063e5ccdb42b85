"""Print a net as pure Caffe V2 prototxt: blocks, variables, loops and includes worked out.

All phases are kept, field for field. With an option that chooses or sizes a net (--phase, --size, --dense, ...) it is
the net that they ask for.
"""

import argparse

from netdef.compiler.load import load_expanded, load_net
from netdef.compiler.views.prototxt import write, write_net
from netdef.options.net import net_arguments, net_request
from netdef.options.output import output_argument
from netdef.output import deliver
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus

HELP = "print pure Caffe V2 prototxt, which BVLC Caffe itself loads"
EXAMPLES = (
    ("netdef expand vgg16.net > vgg16.prototxt", "what Caffe reads"),
    ("netdef expand vgg16.net --phase TRAIN -o train.prototxt", "one phase"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a .net or .prototxt file")
    output_argument(parser, "a file for it; the standard output if not given, or -")
    net_arguments(parser)
    parser.set_defaults(phase=None)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the text on stdout."""
    chooses = args.phase or args.stage or args.level or args.size or args.data_size or args.dense
    if not chooses:
        deliver(write(load_expanded(args.file, dict(args.set), origin=args.origin)), args.output, console)
        return ExitStatus.FINE
    net = load_net(net_request(args))
    console.show(net.report)
    deliver(write_net(net), args.output, console)
    return ExitStatus.FINE
