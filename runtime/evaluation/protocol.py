"""Which windows of an image are looked at, at which sizes, and how the scores become one posterior.

The paper (Simonyan and Zisserman 2014, section 3.2) leaves open how sides are rounded, which interpolation is used, and
where windows lie on an image that isn't square. Here both sides are rounded to the nearest pixel, the interpolation is
bilinear over all pixels that fall together, and windows are spread over the whole scaled image, borders included.
"""

from enum import StrEnum
from typing import Any, NamedTuple

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import Pair, show
from netdef.runtime.data.crop import RESCALING, ImageCrop
from netdef.runtime.evaluation.views import CENTRE, CORNERS, GRID, Places, Views

CROPS: dict[int, tuple[Places, bool]] = {1: (CENTRE, False), 10: (CORNERS, True), 50: (GRID, True)}
"""Windows of an image at one size by how many there are, and whether each is seen mirrored, too."""


class Pool(StrEnum):
    """Whether a map of scores is averaged before or after the soft-max."""

    LOGITS = "logits"
    PROB = "prob"


class Protocol(NamedTuple):
    """How an image is shown to a net.

    dense    whether the net sees the whole image
    crops    how many windows it sees: a key of ``CROPS``, or 0
    scales   the image's shorter sides, in pixels; without any a whole image stays as it is, and one that is
             cut to windows is shrunk until it just covers one
    flip     whether it sees the whole image, or its centre, mirrored too
    pool     when a map is averaged
    """

    dense: bool = False
    crops: int = 0
    scales: tuple[int, ...] = ()
    flip: bool = False
    pool: Pool = Pool.LOGITS

    @property
    def is_simple(self) -> bool:
        """Whether the net is shown what its test in training shows it."""
        return not (self.dense or self.crops or self.scales or self.flip)

    def of_net(self, resize: int | None) -> "Protocol":
        """The same at the shorter side that the net itself asks for, where nothing else says the scales."""
        return self if self.scales or self.is_simple or resize is None else self._replace(scales=(resize,))

    def scalings(self, window: Pair, num_channels: int) -> list[ImageCrop]:
        """How whole images are scaled: where windows are cut out of them, they aren't smaller than the window.

        Raises:
            NetError: if a scale asks for that.
        """
        cut = self.crops > 0 or not self.dense
        if cut and (small := [scale for scale in self.scales if scale < min(window)]):
            message = f"images of side {small[0]} do not fill the net's window of {show(window)}"
            help = f"say --scales of at least {min(window)}, or --dense: then the net sees whole images of any size"
            raise NetError(Diagnostic("N1101", message, help=help))
        size = window if cut else Pair(1, 1)
        return [ImageCrop(size, num_channels, scale, cover=cut) for scale in self.scales or (None,)]

    def views(self, window: Pair) -> list[Views]:
        """What the net is shown at each scale."""
        places, mirrored = CROPS[self.crops or 1]
        whole = [Views(mirror=self.flip)] if self.dense else []
        return [*whole, Views(window, places, mirrored or self.flip)] if self.crops or not self.dense else whole

    @property
    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON, what the paper leaves open included."""
        return {**self._asdict(), "scales": list(self.scales), "rescaling": RESCALING}
