"""Show a net layer by layer: shapes, weights, multiply-adds, receptive fields and memory, without running it."""

import argparse

from netdef.commands.options import load_net, net_arguments
from netdef.compiler.views.summary import FORMATS, render

HELP = "shapes, weights, multiply-adds, receptive fields and memory of every layer"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a .net or .prototxt file")
    parser.add_argument("--format", choices=FORMATS, default="table", help="how to print it")
    net_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the summary on stdout."""
    print(render(load_net(args), args.format))
    return 0
