"""Show a net layer by layer: windows, shapes, weights, multiply-adds, receptive fields and memory, without running it.

Layers of one block stand under a heading with its sums; --blocks prints a line for each block instead. Of a batch of
several images the totals say both, the batch's and one image's. On a narrow terminal columns are left out and numbers
rounded; into a file or a pipe all is written. Of a net with mistakes the table has the layers that are known, and the
exit status is 1.
"""

import argparse
import sys

from netdef.compiler.load import analyse_net
from netdef.compiler.net_error import NetError
from netdef.compiler.views.summary import FORMATS, Look, render
from netdef.options.net import net_arguments, net_request
from netdef.options.output import format_arguments, output_argument
from netdef.output import STDOUT, deliver
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.terminal import shows_color, width_of

HELP = "shapes, weights, multiply-adds, receptive fields and memory of every layer"
EXAMPLES = (
    ("netdef summary vgg16.net", "layer by layer"),
    ("netdef summary resnet50.net --blocks", "a line for each block"),
    ("netdef summary vgg16.net --size data=8x3x384x500 --dense", "another input"),
    ("netdef summary vgg16.net --json", "for tools"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a .net or .prototxt file")
    format_arguments(parser, FORMATS)
    output_argument(parser, "a file for it; the standard output if not given, or -")
    parser.add_argument("--blocks", action="store_true", help="a line for each block, not for each layer")
    net_arguments(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the summary on stdout: of a net with mistakes the table of what is known, and no data for tools."""
    found = analyse_net(net_request(args))
    net = found.shown
    if not found.has_false_claims_alone and (args.format != "table" or not net.nodes):
        raise NetError(found.report)
    console.show(found.report)
    is_shown = args.output in (None, STDOUT)
    look = Look(width_of(sys.stdout), shows_color(sys.stdout), args.blocks) if is_shown else Look(blocks=args.blocks)
    deliver(f"{render(net, args.format, look)}\n", args.output, console)
    return ExitStatus.USER_MISTAKE if found.report.errors else ExitStatus.FINE
