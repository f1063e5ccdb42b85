"""Normalisation: over neighbouring channels or pixels, and over the batch."""

from collections.abc import Iterator

from netdef.compiler.layers.base import Layer, Weight, Window
from netdef.compiler.layers.checks import known_sizes, need_rank
from netdef.compiler.layers.roles import V1, Colour, WeightRole
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Engine, Filler
from netdef.compiler.schema.message import ProtoEnum, Refusal, param
from netdef.compiler.shape import Pair, Shape, Shapes

_ALPHA_OF_THE_PAPER = 1e-4
"""Krizhevsky et al. 2012, section 3.3, where nothing divides it."""


class Region(ProtoEnum):
    """Which neighbours a value is divided by."""

    ACROSS_CHANNELS = 0
    WITHIN_CHANNEL = 1


class LRN(Layer, message="lrn_param", number=118, v0="lrn", v1=V1("LRN", 15, 18), colour=Colour.YELLOW):
    """Divide each value by a power of its neighbours' energy (Krizhevsky et al. 2012, section 3.3).

    bottom   (N, C, H, W)
    top      the same shape
    example  layer "norm1" LRN { local_size: 5 alpha: 1e-4 beta: 0.75 }  # 1x96x55x55 -> 1x96x55x55

    ACROSS_CHANNELS: x / (k + alpha / n * sum of x^2 over n channels)^beta. alpha is divided by n here, and is not
    in the paper's formula: the paper's 1e-4 with n = 5 is 5e-4 here.
    WITHIN_CHANNEL: n x n pixels of one channel, alpha / n^2, and k is 1 whatever the file says.
    """

    local_size: int = param(1, default=5, least=1, most=2**31 - 1, doc="n: how many neighbours, an odd number")
    alpha: float = param(2, default=1.0, doc="weight of the energy, divided by n (or n^2)")
    beta: float = param(3, default=0.75, doc="the power")
    norm_region: Region = param(4, default=Region.ACROSS_CHANNELS, doc="which neighbours")
    k: float = param(5, default=1.0, doc="added to the energy")
    engine: Engine = param(6, default=Engine.DEFAULT, doc="Caffe's kernel; no meaning here")

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.local_size % 2 == 0:
            message = f"local_size must be odd, so that a value has a middle, and is {self.local_size}"
            yield Refusal("N202", message, at="local_size", help=f"use {self.local_size + 1}")

    @override
    def lints(self, bottoms: Shapes) -> Iterator[Refusal]:
        if self.norm_region is Region.ACROSS_CHANNELS and self.alpha == _ALPHA_OF_THE_PAPER and self.local_size > 1:
            whole = f"{self.alpha * self.local_size:g}"
            message = (
                f"alpha is divided by local_size here, so that {self.alpha:g} counts {self.alpha / self.local_size:g}"
            )
            help = f"the papers' {self.alpha:g} is alpha: {whole} and k: 2 here; keep what a net was trained with"
            yield Refusal("N623", message, at="alpha", help=help)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "LRN")
        return bottoms

    def neighbours(self, sizes: Shape) -> tuple[int, float]:
        """How many neighbours to look at along each of some axes, and alpha for the mean of their squares.

        A window that sees the whole axis from either end is cut to that: it may be of billions.
        """
        across = self.norm_region is Region.ACROSS_CHANNELS
        longest = max((2 * size - 1 if isinstance(size, int) else self.local_size for size in sizes), default=1)
        n = min(self.local_size, max(longest, 1))
        return n, self.alpha * (n / self.local_size) ** (1 if across else 2)

    @override
    def window(self, bottoms: Shapes) -> Window:
        n = self.local_size if self.norm_region is Region.WITHIN_CHANNEL else 1
        return Window(Pair(n, n), Pair(1, 1))


class BatchNorm(Layer, message="batch_norm_param", number=139, in_place=True, colour=Colour.YELLOW):
    """Subtract each channel's mean and divide by its deviation; no learned scale (see Scale).

    bottom   (N, C, ...)
    top      the same shape
    weights  mean (C), variance (C) and factor (1): sums that decay, to be divided by the factor before use; with
             NVIDIA's ``scale_bias`` scale (C) and bias (C) behind them
    example  layer "bn1" BatchNorm  # 1x64x56x56 -> 1x64x56x56

    The batch's statistics in TRAIN, the stored ones in TEST, unless use_global_stats says which. Training divides
    by the biased variance and stores the unbiased one (batch_norm_layer.cpp).
    """

    use_global_stats: bool | None = param(1, default=None, absent="in TEST", doc="use the stored statistics")
    moving_average_fraction: float = param(2, default=0.999, doc="what the stored sums keep at each step")
    eps: float = param(3, default=1e-5, doc="added to the variance")
    scale_bias: bool = param(0, default=False, doc="a fork's: a learned scale and bias, as Scale has them")
    scale_filler: Filler = param(0, default=Filler(value=1.0), doc="a fork's: fills the scale before training")
    bias_filler: Filler = param(0, default=Filler(), doc="a fork's: fills the bias before training")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if len(bottoms[0]) < 2:
            raise Refusal("N203", "BatchNorm needs a channel axis behind the batch", at="bottom 0")
        return bottoms

    @override
    def weights(self, bottoms: Shapes) -> tuple[Weight, ...]:
        channels = known_sizes(bottoms[0][1])
        zero = Filler()
        return (
            Weight("mean", channels, zero, WeightRole.STATISTIC),
            Weight("variance", channels, zero, WeightRole.STATISTIC),
            Weight("factor", (1,), zero, WeightRole.STATISTIC),
            *self._learned(channels),
        )

    def _learned(self, channels: tuple[int, ...]) -> tuple[Weight, ...]:
        if not self.scale_bias:
            return ()
        return Weight("scale", channels, self.scale_filler), Weight("bias", channels, self.bias_filler)


class MVN(Layer, message="mvn_param", number=120, v1=V1("MVN", 34, 34), colour=Colour.YELLOW):
    """Subtract each channel's mean and divide by its deviation, sample by sample.

    bottom   (N, C, H, W), or fewer axes
    top      the same shape
    example  layer "even" MVN  # 1x3x56x56 -> 1x3x56x56

    (x - mean) / (deviation + eps), the deviation being the root of the biased variance: eps stands outside of the root,
    and the gradient is worked out as if it didn't count in the deviation's own (mvn_layer.cpp). Without a channel axis
    all of a sample is one channel, and with ``across_channels`` it is so everywhere.
    """

    normalize_variance: bool = param(1, default=True, doc="divide by the deviation")
    across_channels: bool = param(2, default=False, doc="one mean for all channels of a sample")
    eps: float = param(3, default=1e-9, doc="added to the deviation")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if not 0 < len(bottoms[0]) <= 4:
            message = f"MVN takes 1 to 4 axes, and the bottom has {len(bottoms[0])}"
            raise Refusal("N203", message, at="bottom 0", help="a Reshape layer can join some")
        return bottoms

    def first_axis(self, rank: int) -> int:
        """The first of the axes over which means are taken: all behind the sample's, or its channel's."""
        return 1 if self.across_channels else min(2, rank)
