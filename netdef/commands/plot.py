"""Draw the curves of runs: loss, errors and the other outputs of the test net, and learning rate.

Several runs are drawn together, each in its colour; the stages of a run one after another. A run that still goes on
is drawn as far as it is.
"""

import argparse
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.options.output import output_argument
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus

HELP = "draw the curves of training runs"
EXTRAS = ("plot",)
EXAMPLES = (
    ("netdef plot runs/digits", "curves.svg in it"),
    ("netdef plot runs/a runs/b -o both.png --x epoch", "two runs"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("run_folder", nargs="+", metavar="RUN", help="a run's folder")
    output_argument(parser, "an .svg, .png or .pdf; curves.svg in the first RUN if not given")
    along = ("iteration", "epoch", "seconds")
    parser.add_argument("--x", choices=along, default="iteration", help="what the curves run along")


def run(args: argparse.Namespace, console: Console) -> int:
    """Write the figure and say where."""
    from netdef.runtime.training.history import read_history
    from netdef.runtime.training.plot import FORMS, draw

    folders = [Path(folder) for folder in args.run_folder]
    out = Path(args.output) if args.output else folders[0] / "curves.svg"
    if out.suffix not in FORMS:
        raise NetError(Diagnostic("N005", f"{out}: no figure has this suffix", help=f"use one of {', '.join(FORMS)}"))
    histories = [read_history(folder) for folder in folders]
    if len({history.name for history in histories}) < len(histories):
        histories = [history._replace(name=str(folder)) for history, folder in zip(histories, folders, strict=True)]
    draw(histories, out, args.x)
    console.print(str(out))
    return ExitStatus.FINE
