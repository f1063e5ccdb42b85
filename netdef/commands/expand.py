"""Print a net as pure Caffe V2 prototxt: blocks, variables, loops and includes worked out, all phases kept."""

import argparse
import sys

from netdef.commands.options import set_argument
from netdef.compiler.load import load_expanded
from netdef.compiler.prototxt import write

HELP = "print pure Caffe V2 prototxt, which BVLC Caffe itself loads"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a .net or .prototxt file")
    set_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print the text on stdout."""
    sys.stdout.write(write(load_expanded(args.file, dict(args.set))))
    return 0
