"""The folder of a training run, as far as its weights go: which file holds them.

A run of several stages has a folder for each of them; its weights are those of the last stage that has some.
"""

import json
from pathlib import Path
from typing import Any

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError

MANIFEST = "manifest.json"
"""What the run is: the file that makes a folder a run's."""
BEST = "best.safetensors"
"""The weights with the best score."""
LAST = "last.safetensors"
"""The weights of the last checkpoint."""


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a run is.

    Raises:
        NetError: if the folder is no run's.
    """
    try:
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("it is no JSON object")
    except (OSError, ValueError) as error:
        message = f"{folder} is no run: {MANIFEST}: {getattr(error, 'strerror', None) or error}"
        raise NetError(Diagnostic("N882", message, help="a run's folder is made by netdef train")) from None
    return found


def stages_of(folder: Path) -> list[Path]:
    """The folders of a run's stages, in order; an ordinary run has none."""
    return [folder / name for name in read_manifest(folder).get("stages", ())]


def run_with_weights(folder: Path) -> Path:
    """The run in a folder whose weights are meant: of several stages the last that has some."""
    if not (folder / MANIFEST).is_file():
        return folder
    return next((stage for stage in reversed(stages_of(folder)) if (stage / BEST).is_file()), folder)


def best_weights(path: Path) -> Path:
    """The file with the weights that a path means: of a run's folder its best, else the path itself.

    Raises:
        NetError: if there are none in the folder.
    """
    if not path.is_dir():
        return path
    best = run_with_weights(path) / BEST
    if not best.is_file():
        help = "a run has best weights once an epoch of it is finished"
        raise NetError(Diagnostic("N885", f"there are no weights in {path}", help=help))
    return best
