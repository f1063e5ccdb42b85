"""Bring nets and solvers into one style; words, comments and their order stay, and so does the net.

Two spaces for each level, a line up to 120 columns, one blank line in the place of several, double quotes, braces, no
commas or semicolons behind fields. What its author wrote on one line stays there if it fits, param { lr_mult: 1 } as
well as kernel_size: 3 pad: 1; what is written over several lines stays so. A comment stays where it is, by itself or
behind what it is about.

A folder stands for all .net and .prototxt files in it, and in its folders. Of the standard input, -, the formatted text
is the result. A file that can't be read is left alone, and what is wrong with it is said; then the exit status is 1.

With --check nothing is written: files that are not in the style are named, and if there are any the exit status is 1.
With --diff nothing is written, either: the changes are shown.
"""

import argparse
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

from netdef.compiler.counted import counted
from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.files import DISK, is_stream
from netdef.compiler.formatting.format_text import format_text
from netdef.compiler.net_error import NetError
from netdef.compiler.render.line import visible
from netdef.compiler.rewrite import left_alone, rewrite
from netdef.compiler.source import Source
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus

HELP = "bring nets and solvers into one style, comments kept"
EXAMPLES = (
    ("netdef fmt net.prototxt solver.prototxt", "writes the files"),
    ("netdef fmt --check .", "for CI: names the files that are not in the style"),
    ("netdef fmt --diff net.net", "only shows what would change"),
    ("netdef fmt - < net.net", "for editors: text in, text out"),
)
SUFFIXES = (".net", ".prototxt")
"""The files of a folder that are formatted."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help=".net or .prototxt files, or folders")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; the exit status is 1 if a file would change"
    )
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would change")


def run(args: argparse.Namespace, console: Console) -> int:
    """Format every file."""
    report = Report()
    is_trial = args.check or args.diff
    num_files = num_changed = 0
    for path in (file for named in args.files for file in _files(named, report)):
        found = Report()
        source = DISK.open(path, found)
        text = "" if source is None else format_text(source, found)
        report.extend(found)
        num_files += 1
        if source is None or found.errors:
            continue
        num_changed += text != source.text
        if is_trial:
            _show_changes(source, text, args, console)
        elif is_stream(path):
            console.write(text)
        elif text != source.text:
            try:
                is_written = rewrite(Path(path), source.text, text)
            except NetError as error:
                report.extend(error.report)
                continue
            console.say(f"formatted {path}" if is_written else left_alone(path))
    console.show(report)
    if num_files > 1:
        console.say(f"{num_changed} of {counted(num_files, 'file')} {'would change' if is_trial else 'changed'}")
    return ExitStatus.USER_MISTAKE if report.errors or (args.check and num_changed) else ExitStatus.FINE


def _files(named: str, report: Report) -> Iterator[str]:
    """The file of this name, or those in the folder; hidden folders are others' own."""
    folder = Path(named)
    if not named or not folder.is_dir():
        yield named
        return
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    if not found:
        report.add(Diagnostic("N001", f"there are no {' or '.join(SUFFIXES)} files in {named}"))
    yield from map(str, found)


def _show_changes(source: Source, text: str, args: argparse.Namespace, console: Console) -> None:
    if text == source.text:
        return
    if args.diff:
        lines = (source.text.splitlines(keepends=True), text.splitlines(keepends=True))
        for line in unified_diff(*lines, source.path, source.path):
            console.print(line.rstrip("\r\n"))
    else:
        console.print(f"{visible(source.path)}: not formatted")
