"""Copy one of netdef's nets, with the files that it includes and its training recipe, into a folder to edit."""

import argparse
from pathlib import Path

from netdef import example_nets
from netdef.options.output import output_argument
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus

HELP = "copy a net such as vgg16, with what it includes, into your folder"
EXAMPLES = (
    ("netdef new", "what there is"),
    ("netdef new vgg16 -o my", "copies it into my/"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="one of those that netdef new lists")
    output_argument(parser, "where to copy it", metavar="FOLDER", default=".")
    parser.add_argument("--force", action="store_true", help="write over files that are there")


def completions() -> dict[str, list[str]]:
    """What may stand for its argument."""
    return {"name": [*example_nets.names()]}


def run(args: argparse.Namespace, console: Console) -> int:
    """Copy the files and say what to try next."""
    if args.name is None:
        titles = example_nets.titles()
        width = max(map(len, titles))
        console.print("\n".join(f"{name:<{width}}  {title}" for name, title in titles.items()))
        return ExitStatus.FINE
    name = args.name.removesuffix(".net")
    folder = Path(args.output)
    for path in example_nets.copy(name, folder, overwrite=args.force):
        console.print(f"{path}")
    console.print(f"try: netdef summary {folder / name}.net")
    return ExitStatus.FINE
