"""Write a net or solver of Caffe's older formats, V0 and V1, in its newest, V2, as Caffe's own upgrade does.

Comments and order stay: what the formats have in common is left as it stands in the file. In V2, too, Caffe upgrades
input fields (they become an Input layer), the multipliers of BatchNorm, and a solver's solver_type; what needs nothing
of all that is written as it is.

With --check nothing is written, and the exit status is 1 if the file isn't in V2.
"""

import argparse

from netdef.compiler.diagnostics import Report
from netdef.compiler.files import DISK
from netdef.compiler.legacy.upgrade_text import upgrade_text
from netdef.compiler.net_error import NetError
from netdef.options.output import output_argument
from netdef.output import deliver
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus

HELP = "write a net of Caffe's older formats in its newest"
EXAMPLES = (
    ("netdef upgrade deploy.prototxt -o new.prototxt", "V2, comments and order kept"),
    ("netdef upgrade deploy.prototxt -o deploy.prototxt", "in its own place"),
    ("netdef upgrade solver.prototxt --check", "exit status 1 if it isn't in V2"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="a .prototxt file, of a net or a solver")
    output_argument(parser, "a file for it; the standard output if not given, or -")
    parser.add_argument("--check", action="store_true", help="write nothing; the exit status is 1 if it is not in V2")


def run(args: argparse.Namespace, console: Console) -> int:
    """Write the text."""
    report = Report()
    source = DISK.open(args.file, report)
    if source is None:
        raise NetError(report)
    text = upgrade_text(source, report)
    console.show(report)
    if args.check:
        if text != source.text:
            console.print(f"{source.path}: not in V2")
        return ExitStatus.FINE if text == source.text else ExitStatus.USER_MISTAKE
    deliver(text, args.output, console)
    return ExitStatus.FINE
