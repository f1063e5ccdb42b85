"""Check nets in all phases and say everything that is wrong with them.

As text, what is wrong goes to stderr, and a line for each sound file to stdout; in the formats for machines it is the
result, and goes to stdout. The exit status is 1 if anything is an error.
"""

import argparse

from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.load import load_net
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.render import FORMATS
from netdef.compiler.request import NetRequest
from netdef.compiler.schema.caffe import Phase
from netdef.options.net import net_arguments, net_request
from netdef.runtime.console import Console, ExitStatus

HELP = "check nets in all phases"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help=".net or .prototxt files")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print what is wrong")
    net_arguments(parser, phase=False)


def run(args: argparse.Namespace, console: Console) -> int:
    """Check every file and print what was found."""
    report = Report()
    for path in args.files:
        nets, found = _check(net_request(args, path))
        report.extend(found)
        if args.format == "text" and len(nets) == len(Phase):
            net = nets[Phase.TEST]
            console.print(f"{path}: fine: {len(net.nodes)} layers, {net.num_params:,} parameters")
    if args.format == "text":
        console.show(report)
    elif text := FORMATS[args.format](report):
        console.print(text)
    return ExitStatus.USER_MISTAKE if report.errors else ExitStatus.FINE


def _check(request: NetRequest) -> tuple[dict[Phase, Net], list[Diagnostic]]:
    """The nets of the phases that have no errors, and what was found in any; what only one has, says so."""
    nets: dict[Phase, Net] = {}
    found: dict[Phase, dict[object, Diagnostic]] = {}
    for phase in Phase:
        try:
            nets[phase] = load_net(request.replace(phase=phase.name))
            report = nets[phase].report
        except NetError as error:
            report = error.report
        found[phase] = {_key(diagnostic): diagnostic for diagnostic in report}
    everywhere = set.intersection(*(set(of_phase) for of_phase in found.values()))
    merged = []
    for phase, of_phase in found.items():
        for key, diagnostic in of_phase.items():
            is_claim = diagnostic.code in ("N602", "N603")  # which is for one phase by itself
            only = () if key in everywhere or is_claim else (f"in phase {phase.name} only",)
            merged.append(diagnostic._replace(notes=(*diagnostic.notes, *only)))
    return nets, merged


def _key(diagnostic: Diagnostic) -> object:
    span = diagnostic.primary.span if diagnostic.primary else None
    return diagnostic.code, diagnostic.message, span and (span.source.path, span.start)
