"""The manifest of a training run as it is read: whatever netdef wrote there is of its kind, or the manifest is none.

A folder may come from a stranger, from another version or from a disk that lost something; whoever asks a manifest for
something gets it, or a mistake that names the file.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.plain_file import read_plain

MANIFEST = "manifest.json"
"""What the run is: the file that makes a folder a run's."""


class _Kind(NamedTuple):
    """What a fact may be; ``name`` is for people."""

    name: str
    holds: Callable[[Any], bool]


_TEXT = _Kind("a text", lambda value: isinstance(value, str))
_COUNT = _Kind("a whole number from 1", lambda value: type(value) is int and 1 <= value < 2**31)
_FACTS = _Kind("an object", lambda value: isinstance(value, dict))
_TEXTS = _Kind(
    "a list of texts", lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value)
)
_FOLDERS = _Kind("a list of folders in the run's", lambda value: _TEXTS.holds(value) and all(map(_is_inside, value)))
_FACTS_OR_NONE = _Kind("an object, or null", lambda value: value is None or isinstance(value, dict))
_TEXT_OR_NONE = _Kind("a text, or null", lambda value: value is None or isinstance(value, str))

KINDS = {
    "command": _TEXT,
    "request": _FACTS,
    "launch": _TEXT_OR_NONE,
    "versions": _FACTS,
    "net": _TEXT,
    "data": _FACTS,
    "classes": _TEXTS,
    "preprocess": _FACTS_OR_NONE,
    "rescaling": _TEXT,
    "device": _TEXT,
    "devices": _COUNT,
    "parts": _COUNT,
    "hardware": _FACTS,
    "hashes": _FACTS,
    "identity": _FACTS,
    "stages": _FOLDERS,
    "result": _FACTS,
    "test": _FACTS,
}
"""By the fact's name; others may be anything."""


class Manifest(dict[str, Any]):
    """Facts of a run by name; whoever asks for one that isn't there is told so in words."""

    def __init__(self, folder: Path, facts: dict[str, Any]) -> None:
        super().__init__(facts)
        self.folder = folder

    def __missing__(self, name: str) -> NoReturn:
        raise unfit(self.folder, f"it doesn't say {name}")

    def within(self, *names: str) -> Any:
        """A fact inside others, None if it isn't there.

        Raises:
            NetError: if one of them is no object.
        """
        found: Any = self
        for name in names:
            if not isinstance(found, dict):
                raise unfit(self.folder, f"what {name} stands in is no object")
            found = found.get(name)
            if found is None:
                return None
        return found


def read_manifest(folder: Path) -> Manifest:
    """What a run is.

    Raises:
        NetError: if the folder is no run's, or the manifest not as netdef writes it.
    """
    try:
        found = json.loads(str(read_plain(folder / MANIFEST), "utf-8"))
    except RecursionError:
        raise unfit(folder, "it is nested too deep") from None
    except (OSError, ValueError) as error:
        raise unfit(folder, getattr(error, "strerror", None) or str(error)) from None
    if not isinstance(found, dict):
        raise unfit(folder, "it is no JSON object")
    for name, kind in KINDS.items():
        if name in found and not kind.holds(found[name]):
            raise unfit(folder, f"{name} should be {kind.name}")
    return Manifest(folder, found)


def unfit(folder: Path, why: str) -> NetError:
    """Why a folder can't be used as a run's."""
    message = f"{folder} is no run: {MANIFEST}: {why}"
    return NetError(Diagnostic("N882", message, help="a run's folder is made by netdef train"))


def _is_inside(name: str) -> bool:
    """Whether a name is that of something right in a folder, and leads nowhere else."""
    return name not in ("", ".", "..") and not set(name) & {"/", "\\", "\0"} and len(name) <= 255
