"""Copy one of netdef's nets, with the files that it includes and its training recipe, into a folder to edit."""

import argparse
from pathlib import Path

from netdef import example_nets
from netdef.runtime.console import Console
from netdef.runtime.exit_status import ExitStatus

HELP = "copy a net such as vgg16, with what it includes, into your folder"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("name", metavar="NAME", nargs="?", help=f"one of {', '.join(example_nets.names())}")
    parser.add_argument("-o", "--output", metavar="FOLDER", default=".", help="where to copy it")
    parser.add_argument("--force", action="store_true", help="write over files that are there")


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
