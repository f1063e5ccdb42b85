"""The nets that come with netdef, and the files that each is made of."""

import re
from functools import partial
from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic, did_you_mean
from netdef.compiler.net_error import NetError
from netdef.compiler.save import save_together, unwritable

_INCLUDE = re.compile(r'^\s*include\s+"([^"]+)"', re.MULTILINE)
_NAMED = re.compile(r"^\s*(?:like|net):\s*(\S+)", re.MULTILINE)
"""What a recipe says of other files: the one that it is like, and the nets of its stages."""


def names() -> list[str]:
    """The nets that stand on their own; a file of blocks belongs to the nets that include it."""
    included = {name for path in _folder().glob("*.net") for name in _INCLUDE.findall(path.read_text("utf-8"))}
    return sorted(path.stem for path in _folder().glob("*.net") if path.name not in included)


def titles() -> dict[str, str]:
    """What each of these nets is, by its name: the first line of its file."""
    return {name: (_folder() / f"{name}.net").read_text("utf-8").split("\n", 1)[0].lstrip("# ") for name in names()}


def copy(name: str, folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Copy a net into a folder, with its recipe and all files that the two are made of; the copies.

    Raises:
        NetError: N008 if there is no such net, N009 if another file is there already, N006 if one can't be written.
    """
    known = names()
    if name not in known:
        help = did_you_mean(name, known) or f"there are {', '.join(known)}"
        raise NetError(Diagnostic("N008", f"netdef has no net {name}", help=help))
    sources = _with_includes(_folder() / f"{name}.net")
    there = [source.name for source in sources if _is_another(folder / source.name, source)]
    if there and not overwrite:
        message = f"{', '.join(there)} stand{'s' * (len(there) == 1)} in {folder} already"
        raise NetError(Diagnostic("N009", message, help="--force writes over them; -o FOLDER copies elsewhere"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise NetError(unwritable(folder, error)) from None
    save_together({folder / source.name: partial(Path.write_bytes, data=source.read_bytes()) for source in sources})
    return [folder / source.name for source in sources]


def _is_another(path: Path, source: Path) -> bool:
    """Whether a path is taken, and not by the very text of a file: nets share their blocks and recipes."""
    return path.exists() and not (path.is_file() and path.read_bytes() == source.read_bytes())


def _folder() -> Path:
    """The folder of netdef's nets: beside the package in a checkout, in it when installed."""
    package = Path(__file__).resolve().parent
    inside = package / "nets"
    return inside if inside.is_dir() else package.parent / "nets"


def _with_includes(file: Path, before: tuple[Path, ...] = ()) -> list[Path]:
    """A net with its recipe, and all files that the two are made of, but for those that were found ``before``."""
    if file in before or not file.exists():
        return []
    files = [file]
    named = (_INCLUDE if file.suffix == ".net" else _NAMED).findall(file.read_text("utf-8"))
    for name in (file.with_suffix(".yaml").name, *named):
        files += _with_includes(file.parent / name, (*before, *files))
    return files
