"""Images with the boxes of objects, and images with a map of classes: data layers of SSD, SegNet, DeepLab and YOLO.

Nobody reads these data yet: whoever runs the net feeds the tops. Their sizes are those of the file, or of --data-size.
"""

from collections.abc import Iterator
from typing import ClassVar

from netdef.compiler.layers.base import Arity
from netdef.compiler.layers.data import Backend, _DataLayer
from netdef.compiler.layers.roles import Written
from netdef.compiler.override import override
from netdef.compiler.schema.box_transform import BoxTransform, ResizeMode
from netdef.compiler.schema.caffe import Transform
from netdef.compiler.schema.message import Message, ProtoEnum, Refusal, beside, param
from netdef.compiler.shape import Pair, Shape, Shapes
from netdef.compiler.size import symbol


class Sampler(Message):
    """Where a crop is taken at random, in parts of the image."""

    min_scale: float = param(1, default=1.0, doc="its least side")
    max_scale: float = param(2, default=1.0, doc="its greatest side")
    min_aspect_ratio: float = param(3, default=1.0, doc="the least width over height")
    max_aspect_ratio: float = param(4, default=1.0, doc="the greatest width over height")


class SampleConstraint(Message):
    """Which crops are taken."""

    min_jaccard_overlap: float | None = param(1, default=None, doc="the least overlap with some object")
    max_jaccard_overlap: float | None = param(2, default=None, doc="the greatest overlap with all objects")
    min_sample_coverage: float | None = param(3, default=None, doc="the least part of the crop that is an object")
    max_sample_coverage: float | None = param(4, default=None, doc="the greatest part of the crop")
    min_object_coverage: float | None = param(5, default=None, doc="the least part of an object that is in the crop")
    max_object_coverage: float | None = param(6, default=None, doc="the greatest part of an object")


class BatchSampler(Message):
    """Crops of one kind."""

    use_original_image: bool = param(1, default=True, doc="take them from the image as it is")
    sampler: Sampler = param(2, default=Sampler(), doc="where a crop is taken")
    sample_constraint: SampleConstraint = param(3, default=SampleConstraint(), doc="which crops are taken")
    max_sample: int | None = param(4, default=None, absent="all", doc="crops that are taken")
    max_trials: int = param(5, default=100, least=0, doc="crops that are tried")


class AnnotationType(ProtoEnum):
    """What is annotated."""

    BBOX = 0


class Database(Message):
    """The database that is read."""

    source: str = param(1, default="", doc="the database's folder")
    batch_size: int = param(4, default=1, least=1, doc="N")
    rand_skip: int = param(7, default=0, least=0, doc="skip up to this many images at the start")
    backend: Backend = param(8, default=Backend.LEVELDB, doc="the kind of database")
    force_encoded_color: bool = param(9, default=False, doc="decode as three channels")
    prefetch: int = param(10, default=4, least=0, doc="batches that Caffe reads ahead; no meaning here")


class AnnotatedData(_DataLayer, origin="ssd", message="annotated_data_param", number=200, bottoms=0, tops=Arity(1, 2)):
    """Images and the boxes of objects in them, from an LMDB or LevelDB of AnnotatedDatums.

    top      images (N, C, H, W); boxes (1, 1, G, 8), G of the batch: the image's number in it, label, instance, xmin,
             ymin, xmax, ymax in parts of the image, difficult; one row of -1 where no image has any
    example  layer "d" AnnotatedData { top: ["x", "t"] source: "lmdb" batch_size: 8 crop_size: 300 }
             # -> 8x3x300x300, 1x1xGx8
    """

    batch_sampler: tuple[BatchSampler, ...] = param(1, default=(), doc="crops that training takes")
    label_map_file: str = param(2, default="", doc="the classes' names")
    anno_type: AnnotationType | None = param(3, default=None, absent="the data's", doc="what is annotated")
    yolo_data_type: int = param(0, default=0, doc="MobileNet-YOLO's: how its boxes are cropped")
    yolo_data_jitter: float = param(0, default=0.0, doc="MobileNet-YOLO's: how far crops are moved")
    train_diffcult: bool = param(0, default=True, doc="MobileNet-YOLO's: difficult objects count")
    single_class: bool = param(0, default=False, doc="MobileNet-YOLO's: all objects are of one class")
    seg_scales: tuple[int, ...] = param(0, default=(), doc="MobileNet-YOLO's: how much smaller label maps are")
    database: Database = beside(107, "data_param", default=Database(), doc="the database that is read")
    transform: BoxTransform = beside(100, "transform_param", default=BoxTransform(), doc="what is done to an image")

    @property
    @override
    def run_sizes(self) -> tuple[str, ...]:
        return ("G",)

    @property
    @override
    def most_skipped(self) -> int:
        return self.database.rand_skip

    @property
    @override
    def forced_channels(self) -> int | None:
        transform = self.transform
        is_coloured = transform.force_color or self.database.force_encoded_color or len(transform.mean_value) == 3
        return 3 if is_coloured else 1 if transform.force_gray else None

    @property
    @override
    def resized(self) -> Pair | None:
        resize = self.transform.resize
        if resize is None or not (resize.height and resize.width) or resize.resize_mode is ResizeMode.FIT_SMALL_SIZE:
            return None
        return Pair(resize.height, resize.width)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        image = self.cropped(self.seen(bottoms[0]), self.transform)
        if self.transform.crop_h and self.transform.crop_w:
            image = (image[0], self.transform.crop_h, self.transform.crop_w)
        return ((self.database.batch_size, *image), (1, 1, symbol("G", 1), 8))[:num_tops]


class VideoSource(ProtoEnum):
    """Where frames come from."""

    WEBCAM = 0
    VIDEO = 1


class StreamVideoData(
    _DataLayer, name="VideoData", origin="ssd", message="video_data_param", number=207, bottoms=0, tops=Arity(1, 2)
):
    """Frames of a camera or a video file, one after the other (SSD's).

    top      images (N, C, H, W); numbers (N)
    example  layer "d" VideoData { video_type: WEBCAM batch_size: 1 crop_size: 300 }  # -> 1x3x300x300
    """

    video_type: VideoSource = param(1, default=VideoSource.WEBCAM, doc="where frames come from")
    device_id: int = param(2, default=0, least=0, doc="WEBCAM: which one")
    video_file: str = param(3, default="", doc="VIDEO: the file")
    skip_frames: int = param(4, default=0, least=0, doc="frames that are left out after each")
    database: Database = beside(107, "data_param", default=Database(), doc="how many frames make a batch")
    transform: BoxTransform = beside(100, "transform_param", default=BoxTransform(), doc="what is done to a frame")

    @classmethod
    @override
    def is_meant(cls, written: Written) -> bool:
        return bool({"video_type", "device_id", "video_file"} & written.fields)

    @property
    @override
    def resized(self) -> Pair | None:
        resize = self.transform.resize
        return Pair(resize.height, resize.width) if resize and resize.height and resize.width else None

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        image = self.cropped(self.seen(bottoms[0]), self.transform)
        return self.tops_of(self.database.batch_size, (image,), num_tops)


class _MapsFromList(_DataLayer, bottoms=0, tops=Arity(1, 3)):
    """Images, and a map of classes for each, by a list of pairs of paths."""

    source: str = param(1, default="", doc="the list: an image's path and its map's on each line")
    batch_size: int = param(4, default=1, least=1, doc="N")
    rand_skip: int = param(7, default=0, least=0, doc="skip up to this many images at the start")
    shuffle: bool = param(8, default=False, doc="shuffle the list")
    new_height: int = param(9, default=0, least=0, doc="resize to this height, in pixels; 0 leaves it")
    new_width: int = param(10, default=0, least=0, doc="resize to this width, in pixels; 0 leaves it")
    is_color: bool = param(11, default=True, doc="decode as three channels, else as one")
    root_folder: str = param(12, default="", doc="what the paths are relative to")
    scale: float = param(2, default=1.0, doc="old place of transform_param's")
    mean_file: str = param(3, default="", doc="old place of transform_param's")
    crop_size: int = param(5, default=0, least=0, doc="old place of transform_param's")
    mirror: bool = param(6, default=False, doc="old place of transform_param's")
    transform: Transform = beside(100, "transform_param", default=Transform(), v1=36, doc="what is done to an image")

    further: ClassVar[int] = 0
    """Numbers of an image's size, which a third top holds."""

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
    def forced_channels(self) -> int:
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

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        crop = self.transform.crop_size or self.crop_size
        image = self.cropped(self.seen(bottoms[0]), self.transform.replace(crop_size=crop))
        size: Shape = (1, 1, self.further)
        return self.tops_of(self.batch_size, (image, (1, *image[1:]), size), num_tops)


class DenseImageData(_MapsFromList, origin="segnet", message="dense_image_data_param", tops=2):
    """Images and maps of classes, from a text file of pairs of paths (SegNet's).

    top      images (N, C, H, W); maps (N, 1, H, W)
    example  layer "d" DenseImageData { source: "a.txt" batch_size: 4 new_height: 36 new_width: 48 top: ["x", "y"] }
             # -> 4x3x36x48, 4x1x36x48
    """


class LabelType(ProtoEnum):
    """What a label is: nothing, a class of the image, a class of each pixel."""

    NONE = 0
    IMAGE = 1
    PIXEL = 2


class ImageSegData(_MapsFromList, origin="deeplab", message="image_data_param", number=116):
    """Images, maps of classes and the images' sizes, from a text file of pairs of paths (DeepLab's).

    top      images (N, C, H, W); maps (N, 1, H, W); sizes (N, 1, 1, 2): height and width of the image as it was
    example  layer "d" ImageSegData { source: "a.txt" batch_size: 4 crop_size: 33 top: ["x", "y", "size"] }
             # -> 4x3x33x33, 4x1x33x33, 4x1x1x2
    """

    further = 2

    label_type: LabelType = param(13, default=LabelType.PIXEL, doc="what a label is")
    ignore_label: int = param(0, default=255, doc="what fills a map where it is padded")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        images, maps, *sizes = super().infer(bottoms, 3)
        if self.label_type is LabelType.IMAGE:
            maps = (self.batch_size, 1, 1, 1)
        if self.label_type is LabelType.NONE:
            return (images, *sizes)[:num_tops]
        return (images, maps, *sizes)[:num_tops]


class SegData(_MapsFromList, origin="public copies", message="seg_data_param", tops=2):
    """Images and maps of classes, from a list of names in a folder.

    top      images (N, C, H, W); maps (N, 1, H, W)
    example  layer "d" SegData { root_dir: "voc" source: "a.txt" top: ["x", "y"] }  # -> 1x3x256x256, 1x1x256x256
    """

    root_dir: str = param(0, default="", doc="the folder")


class YoloData(_DataLayer, origin="public copies", message="yolo_data_param", bottoms=0, tops=Arity(1, None)):
    """Images and the objects of each cell, from a text file of paths (YOLO's first version).

    top      images (N, 3, H, W); for each num_sides S a map (N, S S (1 + 1 + 1 + 4)): whether there is one, its
             class, its box
    example  layer "d" YoloData { batch_size: 2 new_height: 48 new_width: 64 num_sides: 7 top: ["x", "y"] }
             # -> 2x3x48x64, 2x343
    """

    source: str = param(1, default="", doc="the list")
    batch_size: int = param(2, default=1, least=1, doc="N")
    shuffle: bool = param(3, default=False, doc="shuffle the list")
    new_height: int = param(4, default=0, least=0, doc="H, in pixels")
    new_width: int = param(5, default=0, least=0, doc="W, in pixels")
    num_sides: tuple[int, ...] = param(6, default=(), least=1, doc="S: cells along a side of each map")
    num_predictions: int = param(7, default=1, least=1, doc="boxes of a cell")
    root_folder: str = param(8, default="", doc="what the paths are relative to")
    transform: BoxTransform = beside(100, "transform_param", default=BoxTransform(), doc="what is done to an image")

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
        image = self.cropped((3, *self.seen(bottoms[0])[1:]), self.transform)
        maps: Shapes = tuple((side * side * 7,) for side in self.num_sides)
        return self.tops_of(self.batch_size, (image, *maps), num_tops)
