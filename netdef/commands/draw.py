"""Draw a net: layers with parameters and costs, blobs with shapes, blocks as frames.

The suffix of the output chooses the form: .dot needs nothing more; .svg, .pdf, .png and .html need the extra
`draw`, or graphviz's program `dot`.
"""

import argparse
from pathlib import Path

from netdef.compiler.files import stem_of
from netdef.compiler.load import load_net_as_it_is
from netdef.compiler.views.draw import draw, form_of
from netdef.options.net import net_arguments, net_request
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus

HELP = "draw a net as .dot, .svg, .pdf, .png or .html"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a .net or .prototxt file")
    parser.add_argument("-o", "--output", metavar="OUT", help="the drawing; FILE's name with .svg if not given")
    net_arguments(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Write the drawing and say where, though claims of the file be false."""
    out = Path(args.output or f"{stem_of(args.file)}.svg")
    form_of(out)  # a wrong suffix is said before the net is read
    net = load_net_as_it_is(net_request(args))
    console.show(net.report)
    draw(net, out)
    console.print(f"{out}: {len(net.nodes)} layers")
    return ExitStatus.USER_MISTAKE if net.report.errors else ExitStatus.FINE
