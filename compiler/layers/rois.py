"""What is cut out of a map at regions of interest ("rois"), each brought to one size.

A region is a row of five numbers: the number of its image in the batch, and its corners x1, y1, x2, y2 in pixels of the
net's input, both included. ``spatial_scale`` is one over the map's stride: it turns pixels into positions of the map.
"""

from collections.abc import Iterator
from math import inf

from netdef.compiler.compare_sizes import Comparison, compare, is_below, may_divide
from netdef.compiler.counted import counted
from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.checks import need_rank
from netdef.compiler.layers.roles import Colour, Holds, Written
from netdef.compiler.override import override
from netdef.compiler.schema.message import Refusal, param
from netdef.compiler.shape import Shape, Shapes, differ, product, show
from netdef.compiler.size import Dim

ROW = 5
"""Numbers of a region: its image, and two corners."""


def check_regions(rois: Shape, index: int, least: int = ROW) -> None:
    """Refuse regions whose rows are too short; of longer ones the first numbers count (``Blob::offset``)."""
    if not rois or is_below(product(rois[1:]), least):
        message = f"a region is a row of {counted(least, 'number')}, and the bottom is {show(rois)}"
        raise Refusal("N206", message, at=f"bottom {index}", help="rows hold the image's number, then x1, y1, x2, y2")


def check_row_for_each(regions: Dim, bottom: Shape, index: int) -> None:
    """Refuse what doesn't hold a row for each of so many regions."""
    if not bottom or compare(bottom[0], regions) is Comparison.DIFFERENT:
        message = f"there are {regions} regions, and the bottom is {show(bottom)}"
        raise Refusal("N206", message, at=f"bottom {index}", help="it needs a row for each region")


class _OfRegions(Layer, bottoms=2, keeps_positions=False, holds={1: Holds.REGIONS}, colour=Colour.YELLOW):
    """What all share: a map, and the regions to cut out of it."""

    def size(self) -> tuple[int, int]:
        """Height and width of what is cut out, whatever the region."""
        raise NotImplementedError

    def channels(self, bottom: Shape) -> Shape:
        """The channels of what is cut out of a map, as an axis."""
        return bottom[1:2]

    @override
    def problems(self) -> Iterator[Refusal]:
        yield from super().problems()
        scale = getattr(self, "spatial_scale", 1.0)
        if not 0 < scale < inf:
            message = f"spatial_scale must be above 0 and finite, and is {scale:g}"
            yield Refusal("N202", message, at="spatial_scale", help="write 0.0625 for a map of stride 16")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, self.type_name)
        check_regions(bottoms[1], 1)
        return ((bottoms[1][0], *self.channels(bottoms[0]), *self.size()),)


class ROIPooling(_OfRegions, origin="rcnn", message="roi_pooling_param", number=8266711):
    """The greatest value of each of ``pooled_h`` x ``pooled_w`` bins of a region, channel by channel (Fast R-CNN).

    bottom   map (N, C, H, W); regions (R, 5), or (R, 5, 1, 1)
    top      (R, C, pooled_h, pooled_w)
    example  layer "pool5" ROIPooling { bottom: ["conv5", "rois"] pooled_h: 7 pooled_w: 7 spatial_scale: 0.0625 }
             # 1x512x38x63, 300x5 -> 300x512x7x7

    1. Both corners are scaled and rounded, halves away from 0; a region is one position wide and high at least.
    2. Bin i begins at floor(i size / pooled) and ends before ceil((i + 1) size / pooled), so that bins overlap; it is
       cut to the map. An empty bin is 0.
    3. The gradient goes to the first of equal values, in the order of rows; the regions get none.
    4. MS-CNN's ``pad_ratio`` enlarges a region before all that, by so much of its width (x2 - x1 + 1) on its left and
       its right, and of its height above and below; it may leave the image.
    """

    pooled_h: int = param(1, least=1, doc="rows of bins")
    pooled_w: int = param(2, least=1, doc="columns of bins")
    spatial_scale: float = param(3, default=1.0, doc="positions of the map to a pixel")
    pad_ratio: float = param(4, default=0.0, doc="MS-CNN: what is added on each side, as a share of the region's size")

    @override
    def size(self) -> tuple[int, int]:
        return self.pooled_h, self.pooled_w


class PSROIPooling(_OfRegions, origin="rfcn", message="psroi_pooling_param", number=10001):
    """The mean of each of ``group_size`` x ``group_size`` bins of a region, each bin from channels of its own (R-FCN).

    bottom   map (N, output_dim * group_size^2, H, W); regions (R, 5)
    top      (R, output_dim, group_size, group_size)
    example  layer "votes" PSROIPooling { bottom: ["cls", "rois"] spatial_scale: 0.0625 output_dim: 21 group_size:
             7 }  # 1x1029x38x63, 300x5 -> 300x21x7x7

    1. A region begins at round(x1) scale and ends at (round(x2) + 1) scale; it is 0.1 positions wide and high at least.
    2. Bin i covers floor(i size / group_size + start) up to ceil((i + 1) size / group_size + start), cut to the map; an
       empty bin is 0. Its value of channel c is the mean of the map's channel (c group_size + row) group_size + column.
    3. The gradient is spread evenly over the bin; the regions get none.
    """

    spatial_scale: float = param(1, doc="positions of the map to a pixel")
    output_dim: int = param(2, least=1, doc="channels of the top")
    group_size: int = param(3, least=1, doc="rows and columns of bins")

    @override
    def size(self) -> tuple[int, int]:
        return self.group_size, self.group_size

    @override
    def channels(self, bottom: Shape) -> Shape:
        wanted = self.output_dim * self.group_size**2
        if compare(bottom[1], wanted) is Comparison.DIFFERENT:
            message = f"{self.output_dim} outputs of {self.group_size}x{self.group_size} bins need {wanted} channels"
            help = f"let what makes it have num_output: {wanted}"
            if isinstance(bottom[1], int) and may_divide(self.group_size**2, bottom[1]) and bottom[1]:
                help += f", or give output_dim: {bottom[1] // self.group_size**2}"
            raise Refusal("N202", f"{message}, and the map has {bottom[1]}", at="bottom 0", help=help)
        return (self.output_dim,)


class _Aligned(_OfRegions):
    """What bears the name ROIAlign."""

    pooled_h: int = param(1, least=1, doc="rows of bins")
    pooled_w: int = param(2, least=1, doc="columns of bins")
    spatial_scale: float = param(3, default=1.0, doc="positions of the map to a pixel")


class GridROIAlign(_Aligned, name="ROIAlign", origin="mscnn", message="roi_pooling_param", number=147):
    """Samples at the corners of a region's bins, to be pooled afterwards (MS-CNN).

    bottom   map (N, C, H, W); regions (R, 5)
    top      (R, C, pooled_h + 1, pooled_w + 1): one row and one column more than there are bins
    example  layer "grid" ROIAlign { origin: "mscnn" bottom: ["conv4", "rois"] pooled_h: 7 pooled_w: 7 }
             # 1x64x48x48, 9x5 -> 9x64x8x8

    1. A region begins at (x1 - pad) scale - 0.5 and ends at (x2 + pad) scale - 0.5, where pad is ``pad_ratio`` times
       x2 - x1 + 1; the samples lie at even steps, the first and the last on its borders.
    2. A sample is bilinear. It is 0 outside -0.5 to H - 0.5 (or W - 0.5), and where the region has no size; within half
       a position of the border it is that of the border.
    3. No gradient.
    """

    pad_ratio: float = param(4, default=0.0, doc="what is added on each side, as a share of the region's size")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return "roi_pooling_param" in written.fields

    @override
    def size(self) -> tuple[int, int]:
        return self.pooled_h + 1, self.pooled_w + 1


class ROIAlign(_Aligned, origin="public copies", message="roi_align_param"):
    """Means of bilinear samples of a region's bins, without rounding (Mask R-CNN). Copies differ in the samples.

    bottom   map (N, C, H, W); regions (R, 5)
    top      (R, C, pooled_h, pooled_w)
    example  layer "a" ROIAlign { bottom: ["conv4", "rois"] roi_align_param { pooled_h: 7 pooled_w: 7 } }
             # 1x64x48x48, 9x5 -> 9x64x7x7
    """

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return "roi_align_param" in written.fields

    @override
    def size(self) -> tuple[int, int]:
        return self.pooled_h, self.pooled_w


class ROIWarping(_OfRegions, origin="mnc", message="roi_warping_param", number=8266714):
    """The greatest bilinear sample of each bin of a region, so that gradients reach the region's corners (MNC).

    bottom   map (N, C, H, W); regions (R, 5)
    top      (R, C, pooled_h, pooled_w)
    example  layer "warp" ROIWarping { bottom: ["conv5", "rois"] pooled_h: 28 pooled_w: 28 spatial_scale: 0.0625 }
             # 1x512x38x63, 300x5 -> 300x512x28x28
    """

    pooled_h: int = param(1, least=1, doc="rows of bins")
    pooled_w: int = param(2, least=1, doc="columns of bins")
    spatial_scale: float = param(3, default=1.0, doc="positions of the map to a pixel")

    @override
    def size(self) -> tuple[int, int]:
        return self.pooled_h, self.pooled_w


class MaskPooling(Layer, origin="mnc", bottoms=2, colour=Colour.YELLOW):
    """Each region's map times its mask, all channels alike (MNC).

    bottom   maps (R, C, H, W); masks (R, 1, H, W)
    top      (R, C, H, W)
    example  layer "masked" MaskPooling { bottom: ["warp", "masks"] }  # 300x512x14x14, 300x1x14x14 -> 300x512x14x14
    """

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "MaskPooling")
        need_rank(bottoms[1:], 4, "MaskPooling")
        maps, masks = bottoms
        if differ((maps[0], 1, *maps[2:]), masks):
            message = f"{show(maps)} needs masks of {show((maps[0], 1, *maps[2:]))}, and they are {show(masks)}"
            raise Refusal("N206", message, at="bottom 1", help="MaskResize brings masks to a size")
        return (maps,)


class MaskResize(Layer, origin="mnc", message="mask_resize_param", number=8266715, colour=Colour.YELLOW):
    """Masks of another size, by bilinear samples (MNC).

    bottom   (R, C, H, W)
    top      (R, C, output_height, output_width)
    example  layer "masks" MaskResize { bottom: "mask" output_height: 14 output_width: 14 }
             # 300x1x21x21 -> 300x1x14x14

    The value at row i is that of row i H / output_height of the bottom (and so along columns): the corners of both
    images lie on each other at the top left alone, and the last rows read the border's.
    """

    output_height: int = param(1, least=1, doc="rows of the top")
    output_width: int = param(2, least=1, doc="columns of the top")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        need_rank(bottoms, 4, "MaskResize")
        return ((*bottoms[0][:2], self.output_height, self.output_width),)
