"""What a run's folder tells of the net that it trained: its classes, how it was fed, and on what."""

from math import inf, isnan
from pathlib import Path
from typing import Any, NamedTuple

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.preprocess import Preprocessing
from netdef.compiler.request import NetRequest
from netdef.compiler.weights.formats.manifest import MANIFEST, Manifest, read_manifest, unfit
from netdef.compiler.weights.formats.run_folder import BEST, LAST, run_with_weights
from netdef.runtime.metric_names import told_by
from netdef.runtime.requests import DataRequest
from netdef.runtime.run import Run


class Seen(NamedTuple):
    """The part of the test data that a test saw: some batches of a row that begins again when it ends, as in Caffe.

    first   the first batch
    num     how many there are
    size    samples in each
    """

    first: int
    num: int
    size: int

    @property
    def num_samples(self) -> int:
        """Samples of all batches."""
        return self.num * self.size


class TrainedRun(NamedTuple):
    """A run whose weights are used.

    folder     the run's own, or of a run of several stages the stage's
    manifest   what training wrote down
    """

    folder: Path
    manifest: Manifest

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
        """How an image became the net's input in the run's tests, with its size before it was cut.

        Raises:
            NetError: if the net was fed numbers as they are stored, which no image becomes.
        """
        told = self._test.get("preprocess", self.manifest["preprocess"])
        if not told:
            message = (
                "the net was trained on numbers as its data layers read them: how an image becomes them isn't known"
            )
            help = "say it in the net: preprocess { ... }; netdef evaluate takes the layers' own data without --data"
            raise NetError(Diagnostic("N774", message, help=help))
        try:
            return Preprocessing.from_data(told)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise unfit(self.folder, "preprocess doesn't say how an image becomes the input") from None

    @property
    def is_fed_images(self) -> bool:
        """Whether it was trained on images, and not on numbers as they are stored."""
        return bool(self._test.get("preprocess"))

    @property
    def net(self) -> NetRequest | None:
        """The net that was tested, and in what state; None where an older version of netdef made the run.

        The files of its layer types are left out: they are programs, and the folder may be a stranger's.
        """
        told = self._test.get("net")
        try:
            return None if told is None else NetRequest.from_data(told).replace(layer_files=())
        except (AttributeError, KeyError, TypeError, ValueError):
            raise unfit(self.folder, "test.net doesn't say which net") from None

    @property
    def _test(self) -> dict[str, Any]:
        """What the manifest says of tests; empty where an older version of netdef made the run."""
        found: dict[str, Any] = self.manifest.get("test", {})
        return found

    def seen(self, file: str) -> Seen | None:
        """What the test saw that found how good the weights in a file are; None for all test data, or if nobody knows.

        ``file`` is the best weights' or the last ones'.
        """
        test = self.manifest["identity"]["recipe"]["test"]
        told = [(line, told_by(line)) for line in Run(self.folder).evaluations]
        errors = [line[names[0]] for line, names in told if names]
        least = min(errors, key=lambda error: inf if isnan(error) else error, default=0.0)
        places = {BEST: errors.index(least), LAST: len(errors) - 1} if errors else {}
        place = places.get(Path(file).name)
        num = test.get("batches")
        return None if num is None or place is None else Seen(place * num, num, test["batch"])

    @property
    def scale(self) -> list[int]:
        """The shorter side of images in training, or the ends of its interval; empty where the recipe says none."""
        scale = self.manifest.within("identity", "recipe", "augment", "scale")
        if scale is None:
            return []
        if isinstance(scale, list) and all(type(side) is int and 0 < side < 2**31 for side in scale):
            return scale
        raise unfit(self.folder, "the scale of images should be a list of pixels")


def trained_run(weights: str) -> TrainedRun | None:
    """The run that weights come from: a folder, or a file in one; of several stages the last that has weights."""
    folder = Path(weights) if Path(weights).is_dir() else Path(weights).parent
    if not (folder / MANIFEST).is_file():
        return None
    own = run_with_weights(folder)
    return TrainedRun(own, read_manifest(own))
