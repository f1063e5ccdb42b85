"""Check nets in all phases, or in one, and say everything that is wrong with them.

As text, what is wrong goes to stderr, and a line for each sound file to stdout; in the formats for machines it is the
result, and goes to stdout. The exit status is 1 if anything is an error.

With --target, a sound net is also held against what it is to become: all layers that ONNX can't express, or that
PyTorch can't run, are errors, each with its reason. ONNX is asked for phase TEST, unless --phase says otherwise; so is
what follows.

With a range in --size, as in data=1x3x193..256x224, the sizes are told at which the net works, with what comes out; at
the others a layer refuses, or its weights would be others than at the net's own size, and that is an error. Few sizes
are all tried; of many, each axis by itself, and as many as tell what comes of the others.

With --fix, mistakes whose mending can only be what was meant are mended in the files, included ones too, and named on
stderr; what is left is said as without it. Of the standard input, the mended text is the result.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from netdef.back_ends import TARGETS, refusals
from netdef.compiler.all_phases import AllPhases, analyse_phases
from netdef.compiler.analysis.check_size_ranges import check_ranges
from netdef.compiler.analysis.size_ranges import SizeRange
from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Report
from netdef.compiler.files import DISK, STDIN
from netdef.compiler.fix_files import FixedFiles, fix_files
from netdef.compiler.lints.comments import revised
from netdef.compiler.lints.levels import Level, Setting
from netdef.compiler.render.formats import FORMATS
from netdef.compiler.render.line import visible
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
    ("netdef check net.net --target onnx --target torch", "what neither can do"),
    ("netdef check net.net --size data=1x3x193..256x224", "at which heights it works"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help=".net or .prototxt files")
    format_arguments(parser, FORMATS)
    parser.add_argument("--fix", action="store_true", help="mend in the files what can be mended safely")
    parser.add_argument(
        "--target", action="append", default=[], choices=TARGETS, help="list all that it can't do; may be repeated"
    )
    net_arguments(parser, phase=False, size_ranges=True)
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
    for path in args.files:
        report.extend(_check_file(path, args, console))
    if args.format == "text":
        console.show(report)
    elif text := FORMATS[args.format](report):
        console.print(text)
    return ExitStatus.USER_MISTAKE if report.errors else ExitStatus.FINE


def _check_file(path: str, args: argparse.Namespace, console: Console) -> Report:
    """All that is wrong with a file; what is fine is said."""
    phases = tuple(Phase) if args.phase is None else (Phase[args.phase],)
    sizes = {blob: tuple(side[0] for side in sides) for blob, sides in args.size if max(map(len, sides)) == 1}
    ranges = [SizeRange(blob, sides) for blob, sides in args.size if max(map(len, sides)) > 1]
    request = net_request(args, path).replace(sizes=sizes)
    if args.fix:
        found = _fix(request, phases, args.levels, console)
    else:
        found = analyse_phases(request, phases=phases, levels=args.levels)
    tree, net = found.analyses[phases[-1]].tree, found.analyses[phases[-1]].net
    is_a_solver = tree is not None and is_solver(tree) and Path(path).is_file()
    report = Report([*found.report, *(check_solver(Path(path)) if is_a_solver else ())])
    report.revise(lambda said: revised(said, args.levels))
    lines = _look_further(found, args.target, ranges, report, asked=args.phase is not None)
    if args.format == "text" and net is not None:
        if not report.errors:
            size = f"{counted(len(net.nodes), 'layer')}, {counted(net.num_params, 'parameter')}"
            lines.insert(0, f"fine: {size}")
        for line in lines:
            print_line = console.say if args.fix and net.definition.path == STDIN else console.print
            print_line(f"{net.definition.path}: {line}")
    return report


def _look_further(
    found: AllPhases, targets: Sequence[str], ranges: Sequence[SizeRange], report: Report, *, asked: bool
) -> list[str]:
    """Hold a sound net against back ends and sizes; what can't be goes to the report, lines tell what can."""
    if not (targets or ranges) or any(not each.has_false_claims_alone for each in found.analyses.values()):
        return []
    nets = {phase: each.net for phase, each in found.analyses.items() if each.net is not None and each.net.nodes}
    for target in targets:
        for phase, net in nets.items():
            if asked or target != "onnx" or phase is Phase.TEST:
                report.extend(refusals(net, target))
    return check_ranges([*nets.values()], ranges, report) if ranges and nets else []


def _fix(request: NetRequest, phases: Sequence[Phase], levels: Sequence[Setting], console: Console) -> AllPhases:
    """What is left after the safe fixes, which are written and named."""
    fixed = fix_files(request, DISK, phases=phases, levels=levels)
    for said in fixed.mended:
        assert said.primary is not None, "what is mended has a place"
        at = said.primary.span
        console.say(f"fixed {visible(at.source.path)}:{at.line}:{at.column}: {said.message}")
    _write(fixed, console)
    return fixed.left


def _write(fixed: FixedFiles, console: Console) -> None:
    if (text := fixed.texts.get(STDIN)) is not None:
        console.write(text)
    for path in fixed.write():
        console.say(left_alone(path))
