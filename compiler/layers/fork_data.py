"""Data layers of forks: their tops' shapes, as far as their fields and their data tell.

Where they don't, ``--data-size LAYER=CxHxW`` and ``LAYER.TOP=...`` do, as for Caffe's own. Nobody reads these data yet:
whoever runs the net feeds the tops.
"""

from collections.abc import Iterator

from netdef.compiler.compare_sizes import is_below
from netdef.compiler.counted import counted
from netdef.compiler.layers.base import Arity
from netdef.compiler.layers.data import Backend, _DataLayer
from netdef.compiler.layers.roles import V1, Written
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Transform
from netdef.compiler.schema.message import Message, ProtoEnum, Refusal, beside, param
from netdef.compiler.shape import Pair, Shape, Shapes
from netdef.compiler.size import Dim, symbol

FRAMES = 16
"""Frames of a clip where nothing tells: C3D's."""


class _FromList(_DataLayer, bottoms=0):
    """Images, and something for each, by a list of paths."""

    source: str = param(1, default="", doc="the list")
    batch_size: int = param(4, default=1, least=1, doc="N")
    rand_skip: int = param(7, default=0, least=0, doc="skip up to this many images at the start")
    shuffle: bool = param(8, default=False, doc="shuffle the list")
    new_height: int = param(9, default=0, least=0, doc="resize to this height, in pixels; 0 leaves it")
    new_width: int = param(10, default=0, least=0, doc="resize to this width, in pixels; 0 leaves it")
    is_color: bool = param(11, default=True, doc="decode as three channels, else as one")
    root_folder: str = param(12, default="", doc="what the paths are relative to")
    scale: float = param(2, default=1.0, doc="times the values")
    mean_file: str = param(3, default="", doc="a .binaryproto with the mean image")
    crop_size: int = param(5, default=0, least=0, doc="side of the crop, in pixels; 0 for none")
    mirror: bool = param(6, default=False, doc="mirror at random")

    @property
    @override
    def shuffled(self) -> bool:
        return self.shuffle

    @property
    @override
    def most_skipped(self) -> int:
        return self.rand_skip

    @property
    @override
    def forced_channels(self) -> int | None:
        return 3 if self.is_color else 1

    @property
    @override
    def resized(self) -> Pair | None:
        return Pair(self.new_height, self.new_width) if self.new_height and self.new_width else None

    @override
    def problems(self) -> Iterator[Refusal]:
        if bool(self.new_height) != bool(self.new_width):
            missing, given = ("new_width", "new_height") if self.new_height else ("new_height", "new_width")
            yield Refusal("N407", f"{given} needs {missing} beside it", at=given, help=f"add {missing}")


class ImageLabelmapData(_FromList, origin="hed", message="image_data_param", number=116, tops=2):
    """Images, and a map of each, from a text file of pairs of paths (holistically-nested edge detection).

    top      images (N, C, H, W); maps (N, 1, H, W)
    example  layer "d" ImageLabelmapData { source: "a.lst" top: ["x", "y"] }  # -> 1x3x256x256, 1x1x256x256
    """

    transform: Transform = beside(100, "transform_param", default=Transform(), v1=36, doc="what is done to an image")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        image = self.cropped(self.seen(bottoms[0]), self.transform)
        return self.tops_of(self.batch_size, (image, (1, *image[1:])), num_tops)


class ImageGtData(_DataLayer, origin="mscnn", message="image_gt_data_param", bottoms=0, tops=Arity(2, None)):
    """Images and the boxes of objects in them, as maps of several strides (MS-CNN).

    top      images (N, C, H, W); for each downsample_rate a map (N, 2 + coord_num, H / rate, W / rate); with
             output_gt_boxes, true boxes (G, 7, 1, 1), G of the run
    example  layer "d" ImageGtData { top: ["x", "t"] batch_size: 2 crop_width: 64 crop_height: 64 field_h: 8
             field_w: 8 downsample_rate: 8 }  # -> 2x3x64x64, 2x6x8x8
    """

    source: str = param(1, default="", doc="the window file")
    scale: float = param(2, default=1.0, doc="times the values, after the mean")
    mean_file: str = param(3, default="", doc="a .binaryproto with the mean image")
    batch_size: int = param(4, least=1, doc="N")
    mirror: bool = param(5, default=False, doc="mirror at random")
    downsample_rate: tuple[int, ...] = param(6, default=(), least=1, doc="of each map, its stride in pixels")
    coord_num: int = param(7, default=4, least=1, doc="numbers of a box")
    field_h: tuple[int, ...] = param(8, default=(), least=1, doc="of each map, the field's height in pixels")
    field_w: tuple[int, ...] = param(9, default=(), least=1, doc="of each map, the field's width in pixels")
    fg_threshold: float = param(10, default=0.5, doc="overlap of positives, at least")
    resize_width: int = param(11, default=0, least=0, doc="resize to this width, in pixels")
    resize_height: int = param(12, default=0, least=0, doc="resize to this height, in pixels")
    crop_width: int = param(13, default=0, least=0, doc="width of the crop, in pixels; 0 for none")
    crop_height: int = param(14, default=0, least=0, doc="height of the crop, in pixels; 0 for none")
    do_multiple_scale: bool = param(15, default=False, doc="other sizes in training")
    min_scale: int = param(16, default=0, least=0, doc="the least of these")
    max_scale: int = param(17, default=0, least=0, doc="the greatest of these")
    min_whaspect: float = param(18, default=0.0, doc="the least change of width over height")
    max_whaspect: float = param(19, default=0.0, doc="the greatest change of width over height")
    min_gt_width: float = param(20, default=0.0, doc="narrower boxes don't count")
    min_gt_height: float = param(21, default=0.0, doc="lower boxes don't count")
    shuffle: bool = param(22, default=False, doc="shuffle the list")
    output_gt_boxes: bool = param(23, default=False, doc="a further top holds the true boxes")
    fg_img_multiple: int = param(24, default=1, least=1, doc="images with objects count so many times")
    cache_images: bool = param(25, default=False, doc="keep images in memory")
    root_folder: str = param(26, default="", doc="what the paths are relative to")
    transform: Transform = beside(100, "transform_param", default=Transform(), v1=36, doc="what is done to an image")

    @property
    @override
    def run_sizes(self) -> tuple[str, ...]:
        return ("G",) if self.output_gt_boxes else ()

    @property
    @override
    def shuffled(self) -> bool:
        return self.shuffle

    @property
    @override
    def resized(self) -> Pair | None:
        return Pair(self.resize_height, self.resize_width) if self.resize_height and self.resize_width else None

    @override
    def problems(self) -> Iterator[Refusal]:
        num = len(self.downsample_rate)
        if not num:
            yield Refusal("N201", "ImageGtData needs a downsample_rate for each map", help="add downsample_rate: 8")
        for name in ("field_h", "field_w"):
            if len(getattr(self, name)) != num:
                message = (
                    f"{counted(num, 'downsample_rate')}, and {counted(len(getattr(self, name)), 'value')} of {name}"
                )
                yield Refusal("N202", message, at=name, help="give one for each map")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        num_maps = len(self.downsample_rate)
        if num_tops != 1 + num_maps + self.output_gt_boxes:
            boxes = ", and one for the true boxes" if self.output_gt_boxes else ""
            message = f"tops: one for images, {num_maps} for maps{boxes}; there are {num_tops}"
            raise Refusal("N503", message, at="top", help="name a top for each downsample_rate")
        channels, height, width = self.seen(bottoms[0])
        for at, side, crop in (("crop_height", height, self.crop_height), ("crop_width", width, self.crop_width)):
            if crop and is_below(side, crop):
                message = f"a crop of {crop} does not fit an image of {side}"
                raise Refusal("N775", message, at=at, help="give a smaller crop, or larger images")
        height, width = self.crop_height or height, self.crop_width or width
        maps = [(2 + self.coord_num, height // rate, width // rate) for rate in self.downsample_rate]
        tops = self.tops_of(self.batch_size, ((channels, height, width), *maps), 1 + num_maps)
        return (*tops, (symbol("G"), 7, 1, 1)) if self.output_gt_boxes else tops


# ---- clips
class _Clips(_FromList, origin="c3d", message="image_data_param", tops=Arity(1, 2)):
    """What C3D 1.0 reads clips by."""

    new_length: int = param(0, default=1, least=1, doc="L: frames of a clip")
    sampling_rate: int = param(0, default=1, least=1, doc="frames from one to the next of a clip")
    use_image: bool = param(0, default=False, doc="frames are image files")
    use_temporal_jitter: bool = param(0, default=False, doc="clips begin at random")
    show_data: int = param(0, default=0, doc="has no effect")
    mean_value: float = param(0, default=0.0, doc="subtracted")

    def clips(self, sample: Shape, length: int) -> Shape:
        """A sample with frames behind its channels: (C, H, W) has none, and gets ``length``."""
        channels, *frames, height, width = sample
        cut = (self.crop_size, self.crop_size) if self.crop_size else (height, width)
        return (channels, *(frames or (length,)), *cut)


class FlatVideoData(_Clips, name="VideoData", origin="c3d", v1=V1("VIDEO_DATA", 0)):
    """Clips of videos, and labels, from a text file of paths, first frames and numbers (C3D 1.0's VIDEO_DATA).

    top      clips (N, C, L, H, W); labels (N, 1, 1, 1, 1)
    example  layer "d" VideoData { top: ["x", "y"] image_data_param { new_length: 16 } }  # -> 1x3x16x256x256, 1x1x1x1x1
    """

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return "image_data_param" in written.fields

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        clip = self.clips(self.seen(bottoms[0]), self.new_length)
        return self.tops_of(self.batch_size, (clip, (1, 1, 1, 1)), num_tops)


class _Volumes(_Clips):
    """Clips and a map for each frame, in one file."""

    num_truth_channels: int = param(0, default=1, least=1, doc="channels of the maps")
    use_byte_input: bool = param(0, default=False, doc="values are bytes")
    truth_scale: float = param(0, default=1.0, doc="times the maps")
    is_flow: bool = param(0, default=False, doc="maps are flows")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        clip = self.clips(bottoms[0], FRAMES)
        return self.tops_of(self.batch_size, (clip, (self.num_truth_channels, *clip[1:])), num_tops)


class VideoSegmentationData(_Volumes, origin="c3d", tops=2, v1=V1("VIDEO_SEGMENTATION_DATA", 0)):
    """Clips, and the class of each voxel (C3D 1.0).

    top      clips (N, C, L, H, W); classes (N, 1, L, H, W)
    example  layer "d" VideoSegmentationData { top: ["x", "y"] crop_size: 112 }  # -> 1x3x16x112x112, 1x1x16x112x112
    """


class VideoWithVoxelTruthData(_Volumes, origin="c3d", tops=2, v1=V1("VIDEO_WITH_VOXEL_TRUTH_DATA", 0)):
    """Clips, and numbers for each voxel, such as flow or depth (C3D 1.0).

    top      clips (N, C, L, H, W); numbers (N, num_truth_channels, L, H, W)
    example  layer "d" VideoWithVoxelTruthData { top: ["x", "y"] num_truth_channels: 2 }
             # -> 1x3x16x256x256, 1x2x16x256x256
    """


class Modality(ProtoEnum):
    """What frames hold."""

    RGB = 0
    FLOW = 1


class SegmentVideoData(
    _DataLayer, name="VideoData", origin="tsn", message="video_data_param", bottoms=0, tops=Arity(1, 2)
):
    """Snippets of videos, several of each side by side in the channels (temporal segment networks).

    top      (N, num_segments new_length C, H, W), C 3 of RGB and 2 of FLOW; labels (N)
    example  layer "d" VideoData { top: ["x", "y"] batch_size: 4 new_length: 1 num_segments: 3 modality: RGB
             crop_size: 224 }  # -> 4x9x224x224, 4
    """

    source: str = param(1, default="", doc="the list: a folder, its frames and a label on each line")
    batch_size: int = param(4, default=1, least=1, doc="N")
    rand_skip: int = param(7, default=0, least=0, doc="skip up to this many videos at the start")
    shuffle: bool = param(8, default=False, doc="shuffle the list")
    new_height: int = param(9, default=0, least=0, doc="resize to this height, in pixels; 0 leaves it")
    new_width: int = param(10, default=0, least=0, doc="resize to this width, in pixels; 0 leaves it")
    new_length: int = param(11, default=1, least=1, doc="frames of a snippet")
    num_segments: int = param(12, default=1, least=1, doc="snippets of a video")
    modality: Modality = param(13, default=Modality.RGB, doc="what frames hold")
    name_pattern: str = param(14, default="", doc="names of the frames' files")
    encoded: bool = param(15, default=False, doc="frames are stored as images")
    root_folder: str = param(0, default="", doc="what the paths are relative to")
    transform: Transform = beside(100, "transform_param", default=Transform(), v1=36, doc="what is done to an image")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return "num_segments" in written.fields or "modality" in written.fields

    @property
    @override
    def shuffled(self) -> bool:
        return self.shuffle

    @property
    @override
    def resized(self) -> Pair | None:
        return Pair(self.new_height, self.new_width) if self.new_height and self.new_width else None

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        colours = 3 if self.modality is Modality.RGB else 2
        image = self.cropped((colours, *self.seen(bottoms[0])[1:]), self.transform.replace(mean_value=()))
        snippets = (self.num_segments * self.new_length * colours, *image[1:])
        return self.tops_of(self.batch_size, (snippets,), num_tops)


class ClipVideoData(
    _DataLayer, name="VideoData", origin="c3d", message="video_data_param", bottoms=0, tops=Arity(1, 2)
):
    """Clips of videos, and labels, from a text file of paths, first frames and numbers (C3D 1.1).

    top      clips (N, C, L, H, W); labels (N, 1, 1, 1, 1)
    example  layer "d" VideoData { top: ["x", "y"] source: "a.lst" batch_size: 8 new_length: 16 crop_size: 112 }
             # -> 8x3x16x112x112, 8x1x1x1x1
    """

    source: str = param(1, default="", doc="the list")
    batch_size: int = param(4, default=1, least=1, doc="N")
    rand_skip: int = param(7, default=0, least=0, doc="skip up to this many clips at the start")
    shuffle: bool = param(8, default=False, doc="shuffle the list")
    new_height: int = param(9, default=0, least=0, doc="resize to this height, in pixels; 0 leaves it")
    new_width: int = param(10, default=0, least=0, doc="resize to this width, in pixels; 0 leaves it")
    is_color: bool = param(0, default=True, doc="decode as three channels, else as one")
    new_length: int = param(11, default=1, least=1, doc="L: frames of a clip")
    sampling_rate: int = param(0, default=1, least=1, doc="frames from one to the next of a clip")
    use_image: bool = param(0, default=False, doc="frames are image files")
    use_temporal_jitter: bool = param(0, default=False, doc="clips begin at random")
    show_data: int = param(0, default=0, doc="has no effect")
    root_folder: str = param(12, default="", doc="what the paths are relative to")
    transform: Transform = beside(100, "transform_param", default=Transform(), v1=36, doc="what is done to an image")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return (
            "image_data_param" not in written.fields
            and "new_length" in written.fields
            and not {"num_segments", "modality"} & written.fields
        )

    @property
    @override
    def shuffled(self) -> bool:
        return self.shuffle

    @property
    @override
    def forced_channels(self) -> int | None:
        return 3 if self.is_color else 1

    @property
    @override
    def resized(self) -> Pair | None:
        return Pair(self.new_height, self.new_width) if self.new_height and self.new_width else None

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        channels, height, width = self.cropped(self.seen(bottoms[0]), self.transform)
        clip = (channels, self.new_length, height, width)
        return self.tops_of(self.batch_size, (clip, (1, 1, 1, 1)), num_tops)


# ---- databases
class _FromDatabase(_DataLayer, message="data_param", number=107, bottoms=0):
    """Images, and something for each, from a database of Datums."""

    source: str = param(1, default="", doc="the database's folder")
    batch_size: int = param(4, least=1, doc="N")
    rand_skip: int = param(7, default=0, least=0, doc="skip up to this many images at the start")
    backend: Backend = param(8, default=Backend.LEVELDB, doc="the kind of database")
    force_encoded_color: bool = param(9, default=False, doc="decode as three channels")
    prefetch: int = param(10, default=4, least=0, doc="batches that Caffe reads ahead; no meaning here")

    @property
    @override
    def most_skipped(self) -> int:
        return self.rand_skip


class PoseTransform(Message):
    """What is done to an image of people, and how their joints are drawn."""

    stride: int = param(0, default=4, least=1, doc="pixels to a position of the label maps")
    crop_size_x: int = param(0, default=0, least=0, doc="width of the crop, in pixels; 0 for none")
    crop_size_y: int = param(0, default=0, least=0, doc="height of the crop, in pixels; 0 for none")
    num_parts: int = param(0, default=14, least=1, doc="maps of parts")
    np_in_lmdb: int = param(0, default=16, least=1, doc="parts in the database")
    max_rotate_degree: float = param(0, default=5.0, doc="turned by so many degrees at most")
    scale_prob: float = param(0, default=0.5, doc="how often images are scaled")
    scale_min: float = param(0, default=0.9, doc="scaled by this at least")
    scale_max: float = param(0, default=1.1, doc="scaled by this at most")
    target_dist: float = param(0, default=1.0, doc="size of people after scaling")
    center_perterb_max: float = param(0, default=0.0, doc="moved by so many pixels at most")
    do_clahe: bool = param(0, default=False, doc="even out the contrast")
    visualize: bool = param(0, default=False, doc="has no effect")


class CPMData(_FromDatabase, origin="cpm", tops=Arity(1, 2)):
    """Images of people, and maps of their joints (convolutional pose machines, OpenPose).

    top      images (N, C, crop_size_y, crop_size_x); maps (N, 2 (num_parts + 1), crop_size_y / stride, ...): weights,
             then values
    example  layer "d" CPMData { top: ["x", "y"] batch_size: 2 crop_size_x: 368 crop_size_y: 368 stride: 8
             num_parts: 56 }  # -> 2x3x368x368, 2x114x46x46

    In TEST images keep their size in the database.
    """

    pose: PoseTransform = beside(
        0, "cpm_transform_param", default=PoseTransform(), doc="crop, and how joints are drawn"
    )

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        channels, height, width = bottoms[0]
        height, width = self.pose.crop_size_y or height, self.pose.crop_size_x or width
        maps = (2 * (self.pose.num_parts + 1), height // self.pose.stride, width // self.pose.stride)
        return self.tops_of(self.batch_size, ((channels, height, width), maps), num_tops)


class BoxData(_FromDatabase, origin="public copies", tops=Arity(1, None)):
    """Images, and the boxes in them as grids (YOLO's first version).

    top      images (N, C, H, W); for each side a grid (N, side^2 7): object, difficult, class and four numbers of a box
    example  layer "d" BoxData { top: ["x", "y"] batch_size: 2 side: 7 }  # -> 2x3x256x256, 2x343
    """

    side: tuple[int, ...] = param(0, default=(7,), least=1, doc="of each grid, its cells along a side")
    transform: Transform = beside(100, "transform_param", default=Transform(), v1=36, doc="what is done to an image")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if num_tops > 1 and num_tops != 1 + len(self.side):
            message = f"tops: one for images, {len(self.side)} for grids; there are {num_tops}"
            raise Refusal("N503", message, at="top", help="name a top for each side")
        image = self.cropped(bottoms[0], self.transform)
        return self.tops_of(self.batch_size, (image, *((7 * side**2,) for side in self.side)), num_tops)


class LabelData(_FromDatabase, origin="public copies", tops=1, sized_by_data=False):
    """Labels alone, from a binary file.

    top      labels (N, 1)
    example  layer "l" LabelData { source: "labels.bin" batch_size: 8 }  # -> 8x1
    """

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        return ((self.batch_size, 1),)


class CompactData(_FromDatabase, origin="chenglongchen", tops=Arity(1, 2), v1=V1("COMPACT_DATA", 0)):
    """Images stored as JPEG or PNG, and labels, from a database (ChenglongChen's).

    top      images (N, C, H, W); labels (N)
    example  layer "d" CompactData { top: ["x", "y"] batch_size: 8 crop_size: 48 }  # -> 8x3x48x48, 8
    """

    transform: Transform = beside(100, "transform_param", default=Transform(), v1=36, doc="what is done to an image")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        return self.tops_of(self.batch_size, (self.cropped(bottoms[0], self.transform),), num_tops)


# ---- what a table of tops says
class TopKind(ProtoEnum):
    """What a column of a table holds."""

    STRING = 0
    INT = 1
    FLOAT = 2
    INT_ARRAY = 3
    FLOAT_ARRAY = 4
    RAW_IMAGE = 5
    ENCODED_IMAGE = 6
    ENCODED_IMAGE_WITH_DIM = 7


class TableTop(Message):
    """A top, and the column of a table that it holds."""

    name: str = param(0, default="", doc="the column")
    type: TopKind = param(0, default=TopKind.FLOAT_ARRAY, doc="what the column holds")
    channels: int = param(0, default=0, least=0, doc="channels, or length of an array")
    height: int = param(0, default=0, least=0, doc="height in the table, in pixels")
    width: int = param(0, default=0, least=0, doc="width in the table, in pixels")
    out_channels: int = param(0, default=0, least=0, doc="channels of the top; 0 is as in the table")
    out_height: int = param(0, default=0, least=0, doc="height of the top; 0 is as in the table")
    out_width: int = param(0, default=0, least=0, doc="width of the top; 0 is as in the table")
    sample_num_axes: int = param(0, default=-1, doc="axes of a sample; -1 is by its kind")
    transpose: bool = param(0, default=False, doc="the batch is the second axis")
    transform: Transform | None = param(0, name="transform_param", default=None, doc="what is done to an image")

    def shape(self, num: Dim) -> Shape:
        """The top's shape for a batch of ``num``."""
        crop = self.transform.crop_size if self.transform else 0
        channels = self.out_channels or self.channels
        image = (channels, crop or self.out_height or self.height, crop or self.out_width or self.width)
        if self.type in (TopKind.INT_ARRAY, TopKind.FLOAT_ARRAY) or self.sample_num_axes == 1:
            sample: Shape = (channels,)
        elif self.type in (TopKind.STRING, TopKind.INT, TopKind.FLOAT):
            sample = ()
        else:
            sample = image
        return (*sample, num) if self.transpose else (num, *sample)


class CoSData(
    _DataLayer, origin="caffeonspark", message="cos_data_param", bottoms=0, tops=Arity(1, None), sized_by_data=False
):
    """Columns of a table of Spark's (CaffeOnSpark).

    top      for each ``top`` in the file a blob: images (N, C, H, W), numbers (N), arrays (N, length), or (length, N)
    example  layer "d" CoSData { cos_data_param { batch_size: 2 top { type: FLOAT_ARRAY channels: 5 } } }  # -> 2x5
    """

    source: str = param(0, default="", doc="the table")
    batch_size: int = param(0, default=1, least=1, doc="N")
    columns: tuple[TableTop, ...] = param(0, name="top", default=(), doc="what each top holds")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        if num_tops != len(self.columns):
            message = f"{counted(num_tops, 'top')}, and {counted(len(self.columns), 'top')} in cos_data_param"
            raise Refusal("N503", message, at="top", help="say of each what it holds: top { type: INT }")
        return tuple(column.shape(self.batch_size) for column in self.columns)
