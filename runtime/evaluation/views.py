"""What a net makes of whole data sets of images: at several sizes, of wholes or windows, mirrored too.

A data set goes through ``ScaledImages`` (each image at each size), ``pages`` (those of equal size together) and
``seen`` (what a blob holds for each way to look at them). Memory is bounded at every step.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from netdef.compiler.diagnostics import Diagnostic, Severity
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Pair, known, show
from netdef.runtime.data.batches import Batch
from netdef.runtime.data.datasets.dataset import Dataset
from netdef.runtime.data.normalise import Normaliser
from netdef.runtime.data.scaled import pages

if TYPE_CHECKING:
    from netdef.runtime.module import NetModule

NUM_PIXELS = {"cpu": 2**20, "cuda": 2**24}
"""Pixels that a net is shown at once, by kind of device, for VGG-D at most 0.6 GB and 4 GB of blobs (float32, bf16)."""

Places = tuple[tuple[float, float], ...]
"""Where windows lie: the share of the spare room that is above each, and left of it; rounded down, as Caffe does."""
CENTRE: Places = ((0.5, 0.5),)
CORNERS: Places = ((0, 0), (0, 1), (1, 0), (1, 1), *CENTRE)
"""Krizhevsky's five: here of the whole scaled image."""
GRID: Places = tuple((down / 4, right / 4) for down in range(5) for right in range(5))
"""The paper's 5x5, from border to border."""


class Look(NamedTuple):
    """A way to look at a scaled image.

    window   the size of the windows, (H, W) in pixels; None: the whole image
    places   where they lie
    mirror   whether the net sees each of them mirrored, too
    """

    window: Pair | None = None
    places: Places = CENTRE
    mirror: bool = False

    def cuts(self, images: Tensor) -> list[Tensor]:
        """The windows of images (N, H, W, C), each (N, h, w, C), one after the other; mirrored ones come last."""
        _, height, width, _ = images.shape
        h, w = self.window or (height, width)
        corners = [(int(down * (height - h)), int(right * (width - w))) for down, right in self.places]
        straight = [images[:, top : top + h, left : left + w] for top, left in corners]
        return [*straight, *(cut.flip(2) for cut in straight)] if self.mirror else straight


class Eye(NamedTuple):
    """A net that looks at images.

    blob        what is wanted of it
    input       what takes the images
    normalise   what makes its numbers of bytes
    num_pixels  shown at once
    precision   what convolutions and products compute in, where it isn't float32
    """

    module: "NetModule"
    blob: str
    input: str
    normalise: Normaliser
    num_pixels: int
    precision: torch.dtype | None = None

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return next(iter(self.module.parameters())).device

    def values(self, images: Tensor) -> Tensor:
        """The blob for images (N, H, W, C) of bytes."""
        return self.compute({self.input: self.normalise(images)})

    def compute(self, fed: Mapping[str, Tensor]) -> Tensor:
        """The blob for the net's inputs, in float32."""
        if self.device.type == "cuda":
            fed = {name: _channels_last(tensor) for name, tensor in fed.items()}
        with torch.autocast(self.device.type, self.precision, enabled=self.precision is not None):
            return self.module.blobs([self.blob], **fed)[self.blob].float()

    def through(self, look: Look, images: Tensor) -> Tensor:
        """The blob for each of the look's K windows of images (N, H, W, C): (N, K, ...)."""
        cuts = look.cuts(images)
        at_once = max(1, self.num_pixels // cuts[0][..., 0].numel())
        parts = [self.values(torch.cat(cuts[i : i + at_once])) for i in range(0, len(cuts), at_once)]
        values = torch.cat(parts)
        return values.reshape(len(cuts), len(images), *values.shape[1:]).transpose(0, 1)

    def check(self, size: Pair) -> None:
        """Raise ``NetError`` where the net can't take images of a size."""
        channels = self.module.net.inputs[self.input][1]
        self.module.check([self.blob], **{self.input: torch.empty(1, known(channels), *size, device="meta")})


def _channels_last(tensor: Tensor) -> Tensor:
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.dim() == 4 else tensor


class Seen(NamedTuple):
    """What a net made of some samples by one look at one scale.

    scale, look   their places among those asked for
    values        (N, K, ...): the blob for each sample and each of the look's K windows
    """

    numbers: list[int]
    scale: int
    look: int
    values: Tensor


@torch.inference_mode()
def seen(eye: Eye, samples: Iterable[Batch], looks: Sequence[Look]) -> Iterator[Seen]:
    """What a net makes of ``ScaledImages``: a piece for each page and look, in no order that means something."""
    for page in pages(samples, eye.num_pixels):
        images = page.images.to(eye.device, non_blocking=True)
        for index, look in enumerate(looks):
            yield Seen(page.numbers, page.scale, index, eye.through(look, images))


def large_enough(
    eye: Eye, samples: Iterable[Batch], data: Dataset, tell: Callable[[Diagnostic], None] | None
) -> Iterator[Batch]:
    """The samples whose whole images the net can take; another is told and left out.

    Raises:
        NetError: with the other, if nobody is to be told.
    """
    problems: dict[Pair, str] = {}
    for sample in samples:
        sizes = [Pair(*image.shape[:2]) for key, image in sample.items() if key != "number"]
        problems |= {size: _problem(eye, size) for size in sizes if size not in problems}
        wrong = next((problems[size] for size in sizes if problems[size]), "")
        if not wrong:
            yield sample
            continue
        mistake = Diagnostic("N810", f"{_name_of(data, int(sample['number']))} {wrong}")
        if tell is None:
            cure = "say larger sides with --scales, or leave such images out with --corrupt skip"
            raise NetError(mistake._replace(help=cure))
        tell(mistake._replace(severity=Severity.WARNING, help="it is left out"))


def _problem(eye: Eye, size: Pair) -> str:
    """Why a net can't take images of a size; empty if it can."""
    try:
        eye.check(size)
    except NetError as error:
        own = max(map(known, eye.module.net.inputs[eye.input][2:]))
        least = next(side for side in range(1, own + 1) if side == own or _takes(eye, side))
        if least <= min(size):
            raise error from None  # nothing that another size of image would cure
        return f"is {show(size)} as the net sees it, which needs at least {least}x{least}"
    return ""


def _takes(eye: Eye, side: int) -> bool:
    try:
        eye.check(Pair(side, side))
    except NetError:
        return False
    return True


def _name_of(data: Dataset, number: int) -> str:
    """What to call a sample: its file, where it has one of its own."""
    paths: Sequence[str] | None = getattr(data, "paths", None)
    return paths[number] if paths else f"image {number}"
