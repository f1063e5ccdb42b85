"""What a net says of single images."""

import os
from collections.abc import Iterator, Sequence
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Pair
from netdef.runtime.data.box_geometry import Boxes, on_image
from netdef.runtime.data.crop import ImageCrop, with_channels
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.datasets.folder import images_in
from netdef.runtime.data.feed import Feed
from netdef.runtime.data.random_draws import NO_DRAWS
from netdef.runtime.evaluation.posteriors import are_posteriors, posterior
from netdef.runtime.evaluation.protocol import Pool
from netdef.runtime.localisation.evaluation import of_class

if TYPE_CHECKING:
    from netdef.runtime.module import NetModule


class Guess(NamedTuple):
    """A class, and how likely it is, 0 to 1."""

    label: int
    probability: float


class Predictor(NamedTuple):
    """A net with its weights, and how images reach it.

    blob         what is wanted of it: class scores, or boxes
    feed         how images are cut and become its numbers
    says_where   whether it is boxes
    classes      their names in the order of the labels, where a run tells; else none
    """

    module: "NetModule"
    blob: str
    feed: Feed
    says_where: bool
    classes: tuple[str, ...] = ()

    def guesses(self, image: ImageArray, num: int) -> list[Guess]:
        """The likeliest classes, the best first; a map of scores is averaged first."""
        shares = self.posteriors(self._found(image)[None])[0]
        best = np.argsort(-shares, kind="stable")[:num]
        return [Guess(int(label), float(shares[label])) for label in best]

    def box(self, image: ImageArray, label: int) -> Boxes:
        """The edges (4,) of the object in pixels; of a net with a box for each class, the class's."""
        size = Pair(*image.shape[:2])
        view = self.view
        boxes = of_class(self._found(image)[None], label)[0]
        return on_image(boxes, size, view.placement(size, NO_DRAWS), view.size)

    @property
    def num_found(self) -> int:
        """The classes scored, or the numbers of all boxes."""
        channels = self.module.net.shapes[self.blob][1]
        assert isinstance(channels, int)
        return channels

    @property
    def num_classes(self) -> int | None:
        """Those scored, or those with a box each; None if there is one box for all."""
        if not self.says_where:
            return self.num_found
        return None if self.num_found == 4 else self.num_found // 4

    @property
    def path(self) -> str:
        """The net's file, for people."""
        return self.module.net.definition.path

    @property
    def view(self) -> ImageCrop:
        """How images are cut."""
        assert isinstance(self.feed.view, ImageCrop)
        return self.feed.view

    def posteriors(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, classes) of scores (N, classes), or of maps of them (N, classes, h, w), as they are evaluated."""
        softmaxed = are_posteriors(self.module.net, self.blob)
        return posterior(torch.from_numpy(scores)[:, None], Pool.LOGITS, softmaxed=softmaxed).numpy()

    def _found(self, image: ImageArray) -> NDArray[np.float64]:
        return self.map(self.feed.view.of(image, NO_DRAWS))

    @torch.inference_mode()
    def map(self, window: ImageArray) -> NDArray[np.float64]:
        """What the net finds in a window, or a dense net on an image of any size: (channels, ...)."""
        device = next(iter(self.module.parameters())).device
        pixels = torch.from_numpy(with_channels(window, self.view.num_channels)[None].copy()).to(device)
        fed = {self.feed.blobs["data"]: self.feed.normalise(pixels)}
        found: NDArray[np.float64] = self.module.blobs([self.blob], **fed)[self.blob][0].double().cpu().numpy()
        return found


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
