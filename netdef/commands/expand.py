"""Print a net as pure Caffe V2 prototxt: blocks, variables, loops and includes worked out.

All phases are kept, field for field. With an option that chooses or sizes a net (--phase, --size, --dense, ...) it is
the net that they ask for.
"""

import argparse

from netdef.compiler.diagnostics import Report
from netdef.compiler.load import load_net, read_net
from netdef.compiler.net_error import stop_on_errors
from netdef.compiler.request import NetRequest
from netdef.compiler.syntax.tree import Expanded
from netdef.compiler.views.for_bvlc import for_bvlc
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
        deliver(write(_expanded(net_request(args), console)), args.output, console)
        return ExitStatus.FINE
    net = load_net(net_request(args))
    console.show(net.report)
    deliver(write_net(net), args.output, console)
    return ExitStatus.FINE


def _expanded(request: NetRequest, console: Console) -> Expanded:
    """A net's layers of all phases, as BVLC Caffe reads them; what is wrong with any is said."""
    found = read_net(request)
    report = Report(found.report)
    for layer in found.definition.layers if found.definition else ():
        report.extend(layer.report)
    stop_on_errors(report)
    console.show(report)
    assert found.expanded is not None, "what can't be read is an error"
    return found.expanded._replace(body=tuple(for_bvlc(found.expanded.body)))
