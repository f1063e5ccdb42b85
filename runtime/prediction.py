"""What a net says of single images."""

import os
from collections.abc import Iterator, Sequence
from glob import glob
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Pair
from netdef.runtime.data.box_geometry import Boxes, on_image
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.datasets.folder import images_in
from netdef.runtime.data.random_draws import NO_DRAWS
from netdef.runtime.evaluation.posteriors import posteriors_of
from netdef.runtime.localisation.evaluation import of_class
from netdef.runtime.trained import TrainedNet


class Guess(NamedTuple):
    """A class, and how likely it is, 0 to 1."""

    label: int
    probability: float


def guesses(trained: TrainedNet, image: ImageArray, num: int) -> list[Guess]:
    """The likeliest classes of an image, the best first; a map of scores is averaged first."""
    shares = posteriors_of(trained, _blob_of(trained, image)[None])[0]
    best = np.argsort(-shares, kind="stable")[:num]
    return [Guess(int(label), float(shares[label])) for label in best]


def box(trained: TrainedNet, image: ImageArray, label: int) -> Boxes:
    """The edges (4,) of the object in pixels; of a net with a box for each class, the class's."""
    size, window = Pair(*image.shape[:2]), trained.window
    boxes = of_class(_blob_of(trained, image)[None], label)[0]
    return on_image(boxes, size, window.placement(size, NO_DRAWS), window.size)


def _blob_of(trained: TrainedNet, image: ImageArray) -> NDArray[np.float64]:
    """The blob for the window that is cut out of an image."""
    return trained.values_of(trained.window.of(image, NO_DRAWS))


def images_at(name: str) -> list[str]:
    """The images that a file's, a folder's or a pattern's name means.

    Raises:
        NetError: if there are none. Whether a file is an image shows when it is read.
    """
    path = Path(name)
    found = images_in(path) if path.is_dir() else [name] if path.exists() else sorted(glob(name, recursive=True))
    if not found:
        cure = "name images, folders of them, or a pattern such as 'cats/*.jpg'"
        raise NetError(Diagnostic("N829", f"there is no image at {name}", help=cure))
    return found


def class_names(net: Net, chosen: str | None, trained: Sequence[str] | None) -> list[str] | None:
    """The names of the classes: from the file that was chosen, the run's, or the file that the net names."""
    told = net.preprocess.labels if net.preprocess else None
    if chosen is None and trained is not None:
        return list(trained)
    beside = Path(net.definition.path).parent / told if told else None
    path = Path(chosen) if chosen else beside
    if path is None:
        return None
    try:
        return path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        cure = "--classes takes a text file with a class's name on each line"
        raise NetError(Diagnostic("N828", f"the classes' names can't be read: {error}", help=cure)) from None


def copies(folder: Path, paths: Sequence[str]) -> Iterator[Path]:
    """Where copies of images go: under their own names where those differ, else with a number."""
    taken: set[str] = set()
    for path in paths:
        stem = Path(os.path.basename(path)).stem
        names = (f"{stem}-box{number}.png" for number in ("", *(f"-{n}" for n in range(2, len(paths) + 1))))
        name = next(each for each in names if each not in taken)
        taken.add(name)
        yield folder / name
