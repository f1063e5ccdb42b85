"""Data layers: their tops' shapes. What they read is the runtime's business.

The size of an image is mostly in the data set, not in the file. Such a layer has implied bottoms: what one sample of
its data set has for each top, or for the first ones; the first is an image, (C, H, W). Other tops are labels.
"""

from collections.abc import Iterator

from netdef.compiler.counted import counted
from netdef.compiler.layers.base import Arity, Layer
from netdef.compiler.layers.roles import V1, Colour
from netdef.compiler.override import override
from netdef.compiler.schema.caffe import Transform
from netdef.compiler.schema.message import ProtoEnum, Refusal, beside, param
from netdef.compiler.shape import Pair, Shape, Shapes, show
from netdef.compiler.size import Dim


class Backend(ProtoEnum):
    """The kind of database."""

    LEVELDB = 0
    LMDB = 1


class _DataLayer(Layer, fed=True, brings_data=True, sized_by_data=True, colour=Colour.GREY):
    """What all share."""

    @property
    def shuffled(self) -> bool:
        """Whether its data come in another order in each epoch."""
        return False

    @property
    def most_skipped(self) -> int:
        """How many samples it may skip at the start, chosen at random."""
        return 0

    @property
    def resized(self) -> Pair | None:
        """The size that its images get before any crop."""
        return None

    @property
    def forced_channels(self) -> int | None:
        """The channels that it gives its images, whatever they have."""
        return None

    def seen(self, image: Shape) -> Shape:
        """An image as the layer sees it, before any crop."""
        return (self.forced_channels or image[0], *(self.resized or image[1:]))

    def cropped(self, image: Shape, transform: Transform) -> Shape:
        """The image after the layer's crop, if it has one.

        Raises:
            Refusal: if the crop is larger, or there are means for other channels, which Caffe refuses too
                (data_transformer.cpp).
        """
        num_means, channels = len(transform.mean_value), image[0]
        if num_means > 1 and isinstance(channels, int) and num_means != channels:
            message = f"{num_means} mean values for {counted(channels, 'channel')}"
            raise Refusal("N774", message, at="transform", help="give one for all, or one for each")
        if num_means and transform.mean_file:
            message = "mean_file and mean_value both say what is subtracted"
            raise Refusal("N774", message, at="transform", help="keep one of them")
        side = transform.crop_size
        if side and any(isinstance(size, int) and size < side for size in image[1:]):
            message = f"a crop of {side}x{side} does not fit an image of {show(image[1:])}"
            raise Refusal("N775", message, at="transform", help="give a smaller crop_size, or larger images")
        return (image[0], side, side) if side else image

    def tops_of(self, num: Dim, samples: Shapes, num_tops: int) -> Shapes:
        """Batches of samples such as images (N, C, H, W), and labels (N,) for every further top."""
        labels: Shapes = ((),) * (num_tops - len(samples))
        return tuple((num, *sample) for sample in (*samples[:num_tops], *labels))


class Data(_DataLayer, message="data_param", number=107, bottoms=0, tops=Arity(1, 2), v0="data", v1=V1("DATA", 5, 11)):
    """Images, and labels, from an LMDB or LevelDB of Datums.

    top      images (N, C, H, W); labels (N,)
    example  layer "data" Data { source: "train_lmdb" batch_size: 64 crop_size: 224 }  # -> 64x3x224x224
    """

    source: str = param(1, default="", doc="the database's folder")
    batch_size: int = param(4, least=1, doc="N")
    rand_skip: int = param(7, default=0, least=0, doc="skip up to this many images at the start")
    backend: Backend = param(8, default=Backend.LEVELDB, doc="the kind of database")
    scale: float = param(2, default=1.0, doc="old place of transform_param's")
    mean_file: str = param(3, default="", doc="old place of transform_param's")
    crop_size: int = param(5, default=0, least=0, doc="old place of transform_param's")
    mirror: bool = param(6, default=False, doc="old place of transform_param's")
    force_encoded_color: bool = param(9, default=False, doc="decode as three channels")
    prefetch: int = param(10, default=4, least=0, doc="batches that Caffe reads ahead; no meaning here")
    transform: Transform = beside(100, "transform_param", default=Transform(), v1=36, doc="what is done to an image")

    @property
    @override
    def most_skipped(self) -> int:
        return self.rand_skip

    @property
    @override
    def forced_channels(self) -> int | None:
        transform = self.transform
        return 3 if transform.force_color or self.force_encoded_color else 1 if transform.force_gray else None

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        image = self.cropped(self.seen(bottoms[0]), transform_of(self))
        return self.tops_of(self.batch_size, (image,), num_tops)


class ImageData(
    _DataLayer, message="image_data_param", number=115, bottoms=0, tops=2, v0="images", v1=V1("IMAGE_DATA", 12, 15)
):
    """Images, and labels, from a text file of paths and numbers.

    top      images (N, C, H, W); labels (N,)
    example  layer "data" ImageData { source: "a.txt" batch_size: 8 crop_size: 96 top: ["x", "y"] }  # -> 8x3x96x96, 8
    """

    source: str = param(1, default="", doc="the list: a path and a label on each line")
    batch_size: int = param(4, default=1, least=1, doc="N")
    rand_skip: int = param(7, default=0, least=0, doc="skip up to this many images at the start")
    shuffle: bool = param(8, default=False, doc="shuffle the list")
    new_height: int = param(9, default=0, least=0, doc="resize to this height, in pixels; 0 leaves it")
    new_width: int = param(10, default=0, least=0, doc="resize to this width, in pixels; 0 leaves it")
    is_color: bool = param(11, default=True, doc="decode as three channels, else as one")
    scale: float = param(2, default=1.0, doc="old place of transform_param's")
    mean_file: str = param(3, default="", doc="old place of transform_param's")
    crop_size: int = param(5, default=0, least=0, doc="old place of transform_param's")
    mirror: bool = param(6, default=False, doc="old place of transform_param's")
    root_folder: str = param(12, default="", doc="what the paths are relative to")
    transform: Transform = beside(100, "transform_param", default=Transform(), v1=36, doc="what is done to an image")

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
        return Pair(self.new_height, self.new_width) if self.new_height else None

    @override
    def problems(self) -> Iterator[Refusal]:
        if bool(self.new_height) != bool(self.new_width):
            missing, given = ("new_width", "new_height") if self.new_height else ("new_height", "new_width")
            yield Refusal("N407", f"{given} needs {missing} beside it", at=given, help=f"add {missing}")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        image = self.cropped(self.seen(bottoms[0]), transform_of(self))
        return self.tops_of(self.batch_size, (image,), num_tops)


class MemoryData(
    _DataLayer,
    message="memory_data_param",
    number=119,
    bottoms=0,
    tops=2,
    v1=V1("MEMORY_DATA", 29, 22),
    sized_by_data=False,
):
    """Images and labels that a program hands over; the file has their size.

    top      images (N, C, H, W), uncropped whatever transform_param says; labels (N,)
    example  layer "x" MemoryData { batch_size: 8 channels: 1 height: 28 width: 28 top: ["x", "y"] }  # -> 8x1x28x28, 8
    """

    batch_size: int = param(1, least=1, doc="N")
    channels: int = param(2, least=1, doc="C")
    height: int = param(3, least=1, doc="H, in pixels")
    width: int = param(4, least=1, doc="W, in pixels")
    transform: Transform = beside(100, "transform_param", default=Transform(), v1=36, doc="what is done to an image")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        return self.tops_of(self.batch_size, ((self.channels, self.height, self.width),), num_tops)


class HDF5Data(
    _DataLayer,
    message="hdf5_data_param",
    number=112,
    bottoms=0,
    tops=Arity(1, None),
    v0="hdf5_data",
    v1=V1("HDF5_DATA", 9, 13),
):
    """Blobs by name from HDF5 files; the files have their shapes.

    top      what a row holds, N times: images (N, C, H, W), labels (N,), whatever the files say
    example  layer "data" HDF5Data { source: "files.txt" batch_size: 8 top: ["x", "y"] }  # -> 8x3x256x256, 8
    """

    source: str = param(1, default="", doc="a text file with the paths of the HDF5 files")
    batch_size: int = param(2, least=1, doc="N")
    shuffle: bool = param(3, default=False, doc="shuffle the rows of a file")
    transform: Transform | None = beside(100, "transform_param", default=None, v1=36, doc="Caffe refuses it here")

    @property
    @override
    def shuffled(self) -> bool:
        return self.shuffle

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.transform is not None:
            message = "HDF5Data takes numbers as they are stored, and no transform_param: Caffe refuses it"
            yield Refusal("N412", message, at="transform", help="leave it out; scale and crop what the files hold")

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        return self.tops_of(self.batch_size, bottoms, num_tops)


class WindowData(
    _DataLayer,
    message="window_data_param",
    number=129,
    bottoms=0,
    tops=2,
    v0="window_data",
    v1=V1("WINDOW_DATA", 24, 20),
):
    """Windows cut out of images and warped to squares, and their classes: what R-CNN is trained with.

    top      windows (N, C, crop_size, crop_size); labels (N), 0 for background
    example  layer "data" WindowData { source: "w.txt" batch_size: 8 crop_size: 99 top: ["x", "y"] }  # -> 8x3x99x99, 8

    The list names images, and for each the windows with class and overlap. Each batch takes ``fg_fraction`` of its
    windows at random from those that overlap an object by ``fg_threshold``.
    """

    source: str = param(1, default="", doc="the list of images and windows")
    batch_size: int = param(4, least=1, doc="N")
    fg_threshold: float = param(7, default=0.5, doc="the least overlap of an object's windows")
    bg_threshold: float = param(8, default=0.5, doc="windows that overlap less are background")
    fg_fraction: float = param(9, default=0.25, doc="the share of objects' windows in a batch")
    context_pad: int = param(10, default=0, least=0, doc="pixels around each window, in those of the crop")
    crop_mode: str = param(11, default="warp", doc="warp stretches a window; square takes the least square around it")
    cache_images: bool = param(12, default=False, doc="Caffe keeps all images in memory; no meaning here")
    root_folder: str = param(13, default="", doc="what the paths are relative to")
    scale: float = param(2, default=1.0, doc="old place of transform_param's")
    mean_file: str = param(3, default="", doc="old place of transform_param's")
    crop_size: int = param(5, default=0, least=0, doc="old place of transform_param's")
    mirror: bool = param(6, default=False, doc="old place of transform_param's")
    transform: Transform = beside(100, "transform_param", default=Transform(), v1=36, doc="what is done to a window")

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.crop_mode not in ("warp", "square"):
            message = f'crop_mode is "warp" or "square", not "{self.crop_mode}"'
            yield Refusal("N403", message, at="crop_mode", help="warp stretches each window")
        if not transform_of(self).crop_size:
            help = "add transform_param { crop_size: 227 }"
            yield Refusal("N201", "WindowData needs the size of its windows", help=help)

    @override
    def infer(self, bottoms: Shapes, num_tops: int) -> Shapes:
        side = transform_of(self).crop_size
        return self.tops_of(self.batch_size, ((bottoms[0][0], side, side),), num_tops)


def transform_of(layer: Data | ImageData | WindowData) -> Transform:
    """A layer's transform; what stands at the old place counts where the new one says nothing."""
    own = {
        name: getattr(layer, name)
        for name in ("scale", "mean_file", "crop_size", "mirror")
        if getattr(layer.transform, name) == Transform.params[name].default
    }
    return layer.transform.replace(**own)
