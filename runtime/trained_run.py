"""What a run's folder tells of the net that it trained: its classes, how it was fed, and on what."""

from pathlib import Path
from typing import Any, NamedTuple

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.preprocess import Preprocessing
from netdef.compiler.weights.formats.run_folder import MANIFEST, read_manifest, run_with_weights
from netdef.runtime.requests import DataRequest
from netdef.runtime.run import Run


class TrainedRun(NamedTuple):
    """A run whose weights are used.

    folder     the run's own, or of a run of several stages the stage's
    manifest   what training wrote down
    """

    folder: Path
    manifest: dict[str, Any]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the labels."""
        return tuple(self.manifest["classes"])

    @property
    def data(self) -> DataRequest:
        """The data that training was asked for; raises ``NetError`` if another version of netdef made the run."""
        return Run(self.folder).request.data

    @property
    def preprocess(self) -> Preprocessing:
        """How an image became the net's input in training.

        Raises:
            NetError: if the net's own data layers did it, which no other images pass through.
        """
        told = self.manifest["preprocess"]
        if not told or told.get("mean_file"):
            message = "the net was trained from its data layers, which say how an image becomes its input"
            help = "leave out --data, or say it in the net: preprocess { ... }"
            raise NetError(Diagnostic("N774", message, help=help))
        return Preprocessing.from_data(told)

    @property
    def scale(self) -> list[int]:
        """The shorter side of images in training, or the ends of its interval; empty where the recipe says none."""
        scale: list[int] = self.manifest["identity"]["recipe"].get("augment", {}).get("scale", [])
        return scale


def trained_run(weights: str) -> TrainedRun | None:
    """The run that weights come from: a folder, or a file in one; of several stages the last that has weights."""
    folder = Path(weights) if Path(weights).is_dir() else Path(weights).parent
    if not (folder / MANIFEST).is_file():
        return None
    own = run_with_weights(folder)
    return TrainedRun(own, read_manifest(own))
