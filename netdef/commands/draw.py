"""Draw a net: layers with parameters and costs, blobs with shapes, blocks as frames.

Layers that only change the values of another (ReLU, BatchNorm, Dropout, ...) stand in its box; --all-layers gives each
its own. A net with mistakes is drawn as far as it is known, the mistaken layers in grey, and the exit status is 1.

The suffix of the output, or --format, chooses the form: dot needs nothing more; svg, pdf, png and html (moves, zooms,
searches, and tells more under the pointer) need the extra `draw`, or graphviz's program `dot`.
"""

import argparse
from pathlib import Path

from netdef.compiler.counted import counted
from netdef.compiler.files import stem_of
from netdef.compiler.load import analyse_net
from netdef.compiler.render.line import visible
from netdef.compiler.views.draw import FORMS, drawing, form_of
from netdef.compiler.views.graph import joined_layers
from netdef.options.net import net_arguments, net_request
from netdef.options.output import output_argument
from netdef.output import STDOUT, deliver
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus

HELP = "draw a net as .dot, .svg, .pdf, .png or .html"
EXAMPLES = (
    ("netdef draw vgg16.net", "vgg16.svg"),
    ("netdef draw vgg16.net -o vgg16.html", "to move, zoom and search"),
    ("netdef draw vgg16.net -o - --format dot | less", "the graph"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a .net or .prototxt file")
    output_argument(parser, "the drawing, - for the standard output; FILE's name with .svg if not given")
    parser.add_argument("--format", choices=FORMS, help="the form, where the suffix doesn't say it")
    parser.add_argument("--all-layers", action="store_true", help="a box for each layer")
    net_arguments(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Write the drawing and say where, whatever mistakes the net has."""
    out = args.output or f"{stem_of(args.file)}.{args.format or 'svg'}"
    form = args.format or ("svg" if out == STDOUT else form_of(Path(out)))  # a wrong suffix is said before all else
    found = analyse_net(net_request(args))
    net = found.shown
    console.show(found.report)
    deliver(drawing(net, form, all_layers=args.all_layers), out, console)
    if out != STDOUT:
        console.print(f"{visible(str(out))}: {counted(len(joined_layers(net)), 'layer')}")
    return ExitStatus.USER_MISTAKE if found.report.errors else ExitStatus.FINE
