"""Vectors of one length."""

from netdef.compiler.layers.base import Layer, Weight
from netdef.compiler.layers.checks import known_sizes
from netdef.compiler.layers.roles import Colour, Written
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Filler
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shapes


class Normalize(Layer, origin="ssd", message="norm_param", number=206, colour=Colour.YELLOW):
    """Divide by the root of the squares' sum, and multiply by a learned scale (Liu et al. 2015, ParseNet).

    bottom   (N, C, ...)
    top      the same shape
    weights  scale (C), or () with ``channel_shared``
    example  layer "norm" Normalize { across_spatial: false channel_shared: false }  # 1x512x38x38 -> 1x512x38x38

    The sum goes over an image's channels and positions, or over the channels of each position. Faces' Normalize has
    no scale; ``origin`` tells the two apart where no field does.
    """

    across_spatial: bool = param(1, default=True, doc="one sum for the whole image, else one for each position")
    scale_filler: Filler = param(2, default=Filler(value=1.0), doc="fills the scale before training")
    channel_shared: bool = param(3, default=True, doc="one scale for all channels")
    eps: float = param(4, default=1e-10, doc="added to the sum of squares")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return written.num_tops == 1 and "normalize_type" not in written.fields

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if len(bottoms[0]) < 2:
            raise Refusal("N203", "Normalize needs a channel axis behind the batch", at="bottom 0")
        return bottoms

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        return (Weight("scale", () if self.channel_shared else known_sizes(bottoms[0][1]), self.scale_filler),)
