"""What a net makes of whole data sets of images: at several sizes, of wholes or windows, mirrored too.

A data set goes through ``ScaledImages`` (each image at each size), ``same_size_batches`` (those of equal size together)
and ``values_of_views`` (what a blob holds for each view of them). Memory is bounded at every step.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from netdef.compiler.diagnostics import Diagnostic, Severity
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Pair, known, show
from netdef.runtime.data.batches import Batch
from netdef.runtime.data.datasets.dataset import Dataset
from netdef.runtime.data.scaled import same_size_batches
from netdef.runtime.trained import TrainedNet

NUM_PIXELS = {"cpu": 2**20, "cuda": 2**24}
"""Pixels that a net is shown at once, by kind of device, for VGG-D at most 0.6 GB and 4 GB of blobs (float32, bf16)."""

Places = tuple[tuple[float, float], ...]
"""Where windows lie: the share of the spare room that is above each, and left of it; rounded down, as Caffe does."""
CENTRE: Places = ((0.5, 0.5),)
CORNERS: Places = ((0, 0), (0, 1), (1, 0), (1, 1), *CENTRE)
"""Krizhevsky's five: here of the whole scaled image."""
GRID: Places = tuple((down / 4, right / 4) for down in range(5) for right in range(5))
"""The paper's 5x5, from border to border."""


class Views(NamedTuple):
    """What a net is shown of a scaled image: test-time augmentation.

    window   the size of the windows, (H, W) in pixels; None: the whole image
    places   where they lie
    mirror   whether the net sees each of them mirrored, too
    """

    window: Pair | None = None
    places: Places = CENTRE
    mirror: bool = False

    def of(self, images: Tensor) -> list[Tensor]:
        """The views of images (N, H, W, C), each (N, h, w, C), one after the other; mirrored ones come last."""
        _, height, width, _ = images.shape
        h, w = self.window or (height, width)
        corners = [(int(down * (height - h)), int(right * (width - w))) for down, right in self.places]
        straight = [images[:, top : top + h, left : left + w] for top, left in corners]
        return [*straight, *(cut.flip(2) for cut in straight)] if self.mirror else straight


class ViewValues(NamedTuple):
    """What a net made of some samples by some views at one scale.

    scale, views   their places among those asked for
    values         (N, K, ...): the blob for each sample and each of the K views
    """

    numbers: list[int]
    scale: int
    views: int
    values: Tensor


@torch.inference_mode()
def values_of_views(
    trained: TrainedNet, samples: Iterable[Batch], asked: Sequence[Views], num_pixels: int | None = None
) -> Iterator[ViewValues]:
    """A net's blob for ``ScaledImages``: a piece for each batch and views, in no order that means something.

    ``num_pixels`` are shown to the net at once; by default as many as suit its device.
    """
    num_pixels = num_pixels or NUM_PIXELS[trained.device.type]
    for batch in same_size_batches(samples, num_pixels):
        images = batch.images.to(trained.device, non_blocking=True)
        for index, views in enumerate(asked):
            yield ViewValues(batch.numbers, batch.scale, index, through(trained, views, images, num_pixels))


def through(trained: TrainedNet, views: Views, images: Tensor, num_pixels: int) -> Tensor:
    """The blob for each of the K views of images (N, H, W, C): (N, K, ...)."""
    shown = views.of(images)
    at_once = max(1, num_pixels // shown[0][..., 0].numel())
    parts = [trained.values(torch.cat(shown[i : i + at_once])) for i in range(0, len(shown), at_once)]
    values = torch.cat(parts)
    return values.reshape(len(shown), len(images), *values.shape[1:]).transpose(0, 1)


def large_enough(
    trained: TrainedNet, samples: Iterable[Batch], data: Dataset, tell: Callable[[Diagnostic], None] | None
) -> Iterator[Batch]:
    """The samples whose whole images the net can take; another is told and left out.

    Raises:
        NetError: with the other, if nobody is to be told.
    """
    problems: dict[Pair, str] = {}
    for sample in samples:
        sizes = [Pair(*image.shape[:2]) for key, image in sample.items() if key != "number"]
        problems |= {size: _problem(trained, size) for size in sizes if size not in problems}
        wrong = next((problems[size] for size in sizes if problems[size]), "")
        if not wrong:
            yield sample
            continue
        mistake = Diagnostic("N1101", f"{_name_of(data, int(sample['number']))} {wrong}")
        if tell is None:
            help = "say larger sides with --scales, or leave such images out with --corrupt skip"
            raise NetError(mistake._replace(help=help))
        tell(mistake._replace(severity=Severity.WARNING, help="it is left out"))


def _problem(trained: TrainedNet, size: Pair) -> str:
    """Why a net can't take images of a size; empty if it can."""
    try:
        trained.check(size)
    except NetError as error:
        own = max(map(known, trained.net.inputs[trained.input][2:]))
        least = next(side for side in range(1, own + 1) if side == own or _takes(trained, side))
        if least <= min(size):
            raise error from None  # nothing that another size of image would mend
        return f"is {show(size)} as the net sees it, which needs at least {least}x{least}"
    return ""


def _takes(trained: TrainedNet, side: int) -> bool:
    try:
        trained.check(Pair(side, side))
    except NetError:
        return False
    return True


def _name_of(data: Dataset, number: int) -> str:
    """What to call a sample: its file, where it has one of its own."""
    paths: Sequence[str] | None = getattr(data, "paths", None)
    return paths[number] if paths else f"image {number}"
