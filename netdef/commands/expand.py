"""Print a net as pure Caffe V2 prototxt: blocks, variables, loops and includes worked out.

All phases are kept, field for field. With an option that chooses or sizes a net (--phase, --size, --dense, ...) it is
the net that they ask for.
"""

import argparse
import sys

from netdef.commands.options import load_net, net_arguments
from netdef.compiler.load import load_expanded
from netdef.compiler.views.prototxt import write, write_net

HELP = "print pure Caffe V2 prototxt, which BVLC Caffe itself loads"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a .net or .prototxt file")
    net_arguments(parser)
    parser.set_defaults(phase=None)


def run(args: argparse.Namespace) -> int:
    """Print the text on stdout."""
    chooses = args.phase or args.stage or args.level or args.size or args.data_size or args.dense
    text = (
        write_net(load_net(args, args.phase or "TEST")) if chooses else write(load_expanded(args.file, dict(args.set)))
    )
    sys.stdout.write(text)
    return 0
