"""Write a net or solver of Caffe's older formats, V0 and V1, in its newest, V2, as Caffe's own upgrade does.

Comments and order stay: what the formats have in common is left as it stands in the file. In V2, too, Caffe upgrades
input fields (they become an Input layer), the multipliers of BatchNorm, and a solver's solver_type; what needs nothing
of all that is written as it is.

With --short layers are written in netdef's short form: layer "conv1" Convolution { num_output: 64 }.

With --check nothing is written, and the exit status is 1 if the file would change.
"""

import argparse

from netdef.compiler.diagnostics import Report
from netdef.compiler.files import DISK
from netdef.compiler.legacy.upgrade_text import short_text, upgrade_text
from netdef.compiler.net_error import NetError
from netdef.compiler.render.line import visible
from netdef.options.output import output_argument
from netdef.output import deliver
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus

HELP = "write a net of Caffe's older formats in its newest"
EXAMPLES = (
    ("netdef upgrade deploy.prototxt -o new.prototxt", "V2, comments and order kept"),
    ("netdef upgrade deploy.prototxt -o deploy.prototxt", "in its own place"),
    ("netdef upgrade deploy.prototxt --short -o deploy.net", "netdef's short form"),
    ("netdef upgrade solver.prototxt --check", "exit status 1 if it isn't in V2"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a .prototxt file, of a net or a solver")
    output_argument(parser, "a file for it; the standard output if not given, or -")
    parser.add_argument(
        "--short", action="store_true", help="write layers in netdef's short form, which Caffe can't read"
    )
    parser.add_argument("--check", action="store_true", help="write nothing; the exit status is 1 if it would change")


def run(args: argparse.Namespace, console: Console) -> int:
    """Write the text."""
    report = Report()
    source = DISK.open(args.file, report)
    if source is None:
        raise NetError(report)
    text = (short_text if args.short else upgrade_text)(source, report)
    console.show(report)
    if args.check:
        if text != source.text:
            console.print(f"{visible(source.path)}: not in {'the short form' if args.short else 'V2'}")
        return ExitStatus.FINE if text == source.text else ExitStatus.USER_MISTAKE
    deliver(text, args.output, console)
    return ExitStatus.FINE
