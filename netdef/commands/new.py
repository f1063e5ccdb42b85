"""Copy one of netdef's nets, with the files that it includes and its training recipe, into a folder to edit."""

import argparse
import re
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic, did_you_mean
from netdef.compiler.net_error import NetError
from netdef.runtime.console import Console

HELP = "copy a net such as vgg16, with what it includes, into your folder"
_INCLUDE = re.compile(r'^\s*include\s+"([^"]+)"', re.MULTILINE)
_NAMED = re.compile(r"^\s*(?:like|net):\s*(\S+)", re.MULTILINE)
"""What a recipe says of other files: the one that it is like, and the nets of its stages."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("name", metavar="NAME", nargs="?", help=f"one of {', '.join(_names())}")
    parser.add_argument("-o", "--output", metavar="FOLDER", default=".", help="where to copy it")
    parser.add_argument("--force", action="store_true", help="write over files that are there")


def run(args: argparse.Namespace, console: Console) -> int:
    """Copy the files and say what to try next."""
    names = _names()
    if args.name is None:
        console.print("\n".join(names))
        return 0
    name = args.name.removesuffix(".net")
    if name not in names:
        help = did_you_mean(name, names) or f"there are {', '.join(names)}"
        raise NetError(Diagnostic("N008", f"netdef has no net {name}", help=help))
    folder = Path(args.output)
    sources = _with_includes(_nets() / f"{name}.net")
    there = [source.name for source in sources if (folder / source.name).exists()]
    if there and not args.force:
        message = f"{', '.join(there)} stand{'s' * (len(there) == 1)} in {folder} already"
        raise NetError(Diagnostic("N009", message, help="--force writes over them; -o FOLDER copies elsewhere"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source in sources:
            (folder / source.name).write_bytes(source.read_bytes())
            console.print(f"{folder / source.name}")
    except OSError as error:
        raise NetError(Diagnostic("N006", f"{folder} can't be written: {error.strerror}")) from None
    console.print(f"try: netdef summary {folder / name}.net")
    return 0


def _nets() -> Path:
    """The folder of netdef's nets: beside the package in a checkout, in it when installed."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "nets"
    return inside if inside.is_dir() else package.parent / "nets"


def _names() -> list[str]:
    """The nets that stand on their own (a file of blocks is copied with them)."""
    included = {name for path in _nets().glob("*.net") for name in _INCLUDE.findall(path.read_text("utf-8"))}
    return sorted(path.stem for path in _nets().glob("*.net") if path.name not in included)


def _with_includes(file: Path, before: tuple[Path, ...] = ()) -> list[Path]:
    """A net with its recipe, and all files that the two are made of, but for those that were found ``before``."""
    if file in before or not file.exists():
        return []
    files = [file]
    named = (_INCLUDE if file.suffix == ".net" else _NAMED).findall(file.read_text("utf-8"))
    for name in (file.with_suffix(".yaml").name, *named):
        files += _with_includes(file.parent / name, (*before, *files))
    return files
