"""Show a net layer by layer: shapes, weights, multiply-adds, receptive fields and memory, without running it."""

import argparse

from netdef.compiler.load import load_net_as_it_is
from netdef.compiler.views.summary import FORMATS, render
from netdef.options.net import net_arguments, net_request
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus

HELP = "shapes, weights, multiply-adds, receptive fields and memory of every layer"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a .net or .prototxt file")
    parser.add_argument("--format", choices=FORMATS, default="table", help="how to print it")
    net_arguments(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the summary on stdout, though claims of the file be false."""
    net = load_net_as_it_is(net_request(args))
    console.show(net.report)
    console.print(render(net, args.format))
    return ExitStatus.USER_MISTAKE if net.report.errors else ExitStatus.FINE
