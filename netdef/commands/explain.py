"""Explain a code such as N204: why it is wrong, what to do, an example and what netdef says of it."""

import argparse
import json

from netdef.compiler import explain
from netdef.compiler.diagnostics import CODE_GROUPS, closest, group_of
from netdef.options.output import format_arguments
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus

HELP = "what a code such as N204 means"
EXAMPLES = (
    ("netdef explain N204", "what it means, with an example"),
    ("netdef explain", "all codes"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("code", nargs="?", metavar="CODE", help="a code; all of them if not given")
    format_arguments(parser, ("text", "json"))


def completions() -> dict[str, list[str]]:
    """What may stand for its argument."""
    return {"code": [*explain.codes()]}


def run(args: argparse.Namespace, console: Console) -> int:
    """Print a page of the manual, or its contents, on stdout."""
    if args.code is None:
        console.print(_contents_json() if args.format == "json" else _contents())
        return ExitStatus.FINE
    code = args.code.upper()
    known = explain.codes()
    if code not in known:
        near = closest(code, known)
        did_you_mean = f"did you mean {near}? " if near else ""
        return console.refuse_usage(
            f"netdef: there is no code {args.code}; {did_you_mean}netdef explain lists them all"
        )
    page = explain.page(code)
    console.print(json.dumps(page._asdict(), indent=2, ensure_ascii=False) if args.format == "json" else _text(page))
    return ExitStatus.FINE


def _contents() -> str:
    lines = []
    for group, what in CODE_GROUPS.items():
        codes = [code for code in explain.codes() if group_of(code) == group]
        lines += ["", f"{group}  {what}", *(f"  {code:5}  {explain.title(code)}" for code in codes)]
    return "\n".join(lines[1:])


def _contents_json() -> str:
    return json.dumps({code: explain.title(code) for code in explain.codes()}, indent=2, ensure_ascii=False)


def _text(page: explain.Page) -> str:
    parts = [f"{page.code}: {page.title}", page.explanation]
    for name, text in page.files.items():
        start = page.first_line if name == f"{page.code}.net" else 1
        lines = [f"{number:>4}  {line}" for number, line in enumerate(text.rstrip().split("\n"), start)]
        parts.append("\n".join([f"{name}", "", *lines]))
    parts.append(page.transcript.rstrip())
    return "\n\n".join(parts)
