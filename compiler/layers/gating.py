"""Channels let through as far as something else says."""

from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.checks import need_rank, same_shapes
from netdef.compiler.layers.roles import Colour
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shapes, differ, product
from netdef.compiler.size import Dim


class Axpy(Layer, origin="senet", bottoms=3, colour=Colour.PINK):
    """Scale each channel of one blob, and add another: the end of a squeeze-and-excitation block (Hu et al. 2018).

    bottom   scales (N, C) or (N, C, 1, 1); x and z (N, C, H, W)
    top      scales x + z, (N, C, H, W)
    example  layer "sum" Axpy { bottom: ["s", "x", "z"] }  # 1x64x1x1, 1x64x9x9, 1x64x9x9 -> 1x64x9x9
    """

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        scales, x, _ = bottoms
        need_rank(bottoms[1:], 4, "Axpy")
        if differ(scales[:2], x[:2]) or len(scales) not in (2, 4) or any(differ((size,), (1,)) for size in scales[2:]):
            message = "Axpy needs one scale for each channel of each image: (N, C) or (N, C, 1, 1)"
            raise Refusal("N206", message, at="bottom 0", help="a Pooling with global_pooling: true makes such")
        return (same_shapes(bottoms[1:], "Axpy"),)

    @override
    def macs(self, bottoms: Shapes, tops: Shapes) -> Dim:
        return product(tops[0])


class PwAttend(Layer, origin="other copies", message="pw_attend_param", bottoms=2, colour=Colour.PINK):
    """Each pixel out of those around it, by weights of its own: pixel-wise attention, as in PiCANet (Liu et al. 2018).

    bottom   (N, C, H, W), the weights (N, K, H, W)
    top      (N, C, H, W)
    example  layer "seen" PwAttend { bottom: ["x", "weights"] kernel_size: 7 pad: 3 }
             # 1x64x28x28, 1x49x28x28 -> 1x64x28x28
    """

    kernel_size: int | None = param(0, default=None, least=1, absent="the copy's", doc="how far around, in pixels")
    pad: int = param(0, default=0, least=0, doc="zeros around the image, in pixels")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "PwAttend")
        x, weights = bottoms
        if len(weights) != 4 or differ((x[0], *x[2:]), (weights[0], *weights[2:])):
            raise Refusal("N206", "PwAttend needs weights for each pixel of the image", at="bottom 1")
        return (x,)
