"""Check nets in all phases, or in one, and say everything that is wrong with them.

As text, what is wrong goes to stderr, and a line for each sound file to stdout; in the formats for machines it is the
result, and goes to stdout. The exit status is 1 if anything is an error.

With --fix, mistakes whose mending can only be what was meant are mended in the files, included ones too, and named on
stderr; what is left is said as without it. Of the standard input, the mended text is the result.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from netdef.compiler.all_phases import AllPhases, analyse_phases
from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Report
from netdef.compiler.files import DISK, STDIN
from netdef.compiler.fix_files import FixedFiles, fix_files
from netdef.compiler.lints.comments import revised
from netdef.compiler.lints.levels import Level, Setting
from netdef.compiler.render.formats import FORMATS
from netdef.compiler.request import NetRequest
from netdef.compiler.rewrite import left_alone
from netdef.compiler.schema.caffe import Phase
from netdef.options.net import net_arguments, net_request
from netdef.options.output import format_arguments
from netdef.options.values import warning
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus
from netdef.runtime.training.recipe.check_solver import check_solver, is_solver

_LEVELS = {
    Level.ALLOW: "say nothing of these warnings: a code (N621), a name (unused-blob), or a group (N6, warnings)",
    Level.WARN: "warn of these, where they are allowed by themselves",
    Level.DENY: "take these warnings for errors",
}
HELP = "check nets in all phases"
EXAMPLES = (
    ("netdef check net.prototxt", "both phases"),
    ("netdef check *.net --fix", "mends what can only be meant one way"),
    ("netdef check net.net --json > found.json", "for tools"),
    ("netdef check net.net --deny warnings --allow lrn-alpha", "an error for each warning but one kind"),
    ("cat net.net | netdef check -", "from the standard input"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help=".net or .prototxt files")
    format_arguments(parser, FORMATS)
    parser.add_argument("--fix", action="store_true", help="mend in the files what can be mended safely")
    net_arguments(parser, phase=False)
    for level in Level:
        parser.add_argument(
            f"--{level}",
            action="append",
            dest="levels",
            default=[],
            type=partial(warning, level),
            metavar="CODE",
            help=_LEVELS[level],
        )
    parser.add_argument("--phase", choices=Phase.__members__, help="check this phase alone; both if not given")


def run(args: argparse.Namespace, console: Console) -> int:
    """Check every file and print what was found."""
    report = Report()
    phases = tuple(Phase) if args.phase is None else (Phase[args.phase],)
    for path in args.files:
        request = net_request(args, path)
        found = (
            _fix(request, phases, args.levels, console)
            if args.fix
            else analyse_phases(request, phases=phases, levels=args.levels)
        )
        tree = found.analyses[phases[-1]].tree
        is_a_solver = tree is not None and is_solver(tree) and Path(path).is_file()
        own = Report([*found.report, *(check_solver(Path(path)) if is_a_solver else ())])
        own.revise(lambda said: revised(said, args.levels))
        report.extend(own)
        net = found.analyses[phases[-1]].net
        if args.format == "text" and net is not None and not own.errors:
            size = f"{counted(len(net.nodes), 'layer')}, {counted(net.num_params, 'parameter')}"
            fine = f"{net.definition.path}: fine: {size}"
            (console.say if args.fix and net.definition.path == STDIN else console.print)(fine)
    if args.format == "text":
        console.show(report)
    elif text := FORMATS[args.format](report):
        console.print(text)
    return ExitStatus.USER_MISTAKE if report.errors else ExitStatus.FINE


def _fix(request: NetRequest, phases: Sequence[Phase], levels: Sequence[Setting], console: Console) -> AllPhases:
    """What is left after the safe fixes, which are written and named."""
    fixed = fix_files(request, DISK, phases=phases, levels=levels)
    for said in fixed.mended:
        assert said.primary is not None, "what is mended has a place"
        at = said.primary.span
        console.say(f"fixed {at.source.path}:{at.line}:{at.column}: {said.message}")
    _write(fixed, console)
    return fixed.left


def _write(fixed: FixedFiles, console: Console) -> None:
    if (text := fixed.texts.get(STDIN)) is not None:
        console.write(text)
    for path in fixed.write():
        console.say(left_alone(path))
