"""Show what differs between two nets: layers, parameters, shapes, multiply-adds, receptive fields and preprocessing.

Layers of one name are one layer; of the others those that do the same in the same order, and then those that read the
same, were renamed. At the end stands what becomes of weights that the first net learnt, by Caffe's rule (a layer's
weights go by its name, and must have its shapes), and of InnerProducts that became convolutions.

Comments, the order of fields and how a net is written (prototxt, blocks, loops) make no difference. The options hold
for both nets. The exit status is 0 if the nets are the same and 1 if they differ; it is 1, too, if one of them can't be
read or is wrong: then that stands on stderr, and nothing on stdout.
"""

import argparse

from netdef.compiler.diagnostics import Report
from netdef.compiler.load import analyse_net
from netdef.compiler.net_error import stop_on_errors
from netdef.compiler.views.diff import FORMATS, diff
from netdef.options.net import net_arguments, net_request
from netdef.options.output import format_arguments, output_argument
from netdef.output import deliver
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus

HELP = "what differs between two nets, and which weights still load"
EXAMPLES = (
    ("netdef diff old.prototxt new.net", "layer by layer"),
    ("netdef diff a.net b.net --phase TRAIN", "as they are trained"),
    ("netdef diff a.net - < b.net", "the second from the standard input"),
    ("netdef diff a.net b.net --json", "for tools"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("before", metavar="FILE", help="a .net or .prototxt file")
    parser.add_argument("after", metavar="FILE", help="another")
    format_arguments(parser, FORMATS)
    output_argument(parser, "a file for it; the standard output if not given, or -")
    net_arguments(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the difference on stdout."""
    before, after = (analyse_net(net_request(args, path)) for path in (args.before, args.after))
    report = Report([*before.report, *after.report])
    stop_on_errors(report)
    console.show(report)
    assert before.net is not None, "what there is no net for is an error"
    assert after.net is not None, "what there is no net for is an error"
    difference = diff(before.net, after.net)
    deliver(f"{FORMATS[args.format](difference)}\n", args.output, console)
    return ExitStatus.FINE if difference.is_same else ExitStatus.USER_MISTAKE
