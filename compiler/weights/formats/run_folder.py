"""The folder of a training run, as far as its weights go: which file holds them.

A run of several stages has a folder for each of them; its weights are those of the last stage that has some.
"""

from pathlib import Path

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.weights.formats.manifest import MANIFEST, read_manifest

BEST = "best.safetensors"
"""The weights with the best score."""
LAST = "last.safetensors"
"""The weights of the last checkpoint."""


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
