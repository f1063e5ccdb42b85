"""What SSD's data layers do to an image and its boxes, beside what Caffe's own do."""

from netdef.compiler.schema.caffe import Transform
from netdef.compiler.schema.message import Message, ProtoEnum, param


class ResizeMode(ProtoEnum):
    """How an image comes to a size: stretched, or fitted by its smaller or its larger side."""

    WARP = 1
    FIT_SMALL_SIZE = 2
    FIT_LARGE_SIZE_AND_PAD = 3


class PadMode(ProtoEnum):
    """What fills the rest of an image that was fitted."""

    CONSTANT = 1
    MIRRORED = 2
    REPEAT_NEAREST = 3


class Interpolation(ProtoEnum):
    """How values between pixels are found: OpenCV's words."""

    LINEAR = 1
    AREA = 2
    NEAREST = 3
    CUBIC = 4
    LANCZOS4 = 5


class Resizing(Message):
    """The size that an image gets."""

    prob: float = param(1, default=1.0, doc="how often")
    resize_mode: ResizeMode = param(2, default=ResizeMode.WARP, doc="how")
    height: int = param(3, default=0, least=0, doc="its height, in pixels")
    width: int = param(4, default=0, least=0, doc="its width, in pixels")
    height_scale: int = param(8, default=0, least=0, doc="FIT_SMALL_SIZE: the height, in pixels")
    width_scale: int = param(9, default=0, least=0, doc="FIT_SMALL_SIZE: the width, in pixels")
    pad_mode: PadMode = param(5, default=PadMode.CONSTANT, doc="what fills the rest")
    pad_value: tuple[float, ...] = param(6, default=(), doc="the constant, one or one for each channel")
    interp_mode: tuple[Interpolation, ...] = param(7, default=(), absent="LINEAR", doc="one of these, by chance")


class Noise(Message):
    """Noise that training adds."""

    prob: float = param(1, default=0.0, doc="how often")
    hist_eq: bool = param(2, default=False, doc="equalise the histogram")
    inverse: bool = param(3, default=False, doc="invert the colours")
    decolorize: bool = param(4, default=False, doc="make it grey")
    gauss_blur: bool = param(5, default=False, doc="blur it")
    jpeg: float = param(6, default=-1.0, doc="compress it, by this quality")
    posterize: bool = param(7, default=False, doc="fewer colours")
    erode: bool = param(8, default=False, doc="erode it")
    saltpepper: bool = param(9, default=False, doc="black and white pixels")
    clahe: bool = param(11, default=False, doc="equalise the histogram, tile by tile")
    convert_to_hsv: bool = param(12, default=False, doc="into hue, saturation and value")
    convert_to_lab: bool = param(13, default=False, doc="into L, a and b")


class Distortion(Message):
    """Changes of colour that training makes by chance."""

    brightness_prob: float = param(1, default=0.0, doc="how often brightness changes")
    brightness_delta: float = param(2, default=0.0, doc="by how much")
    contrast_prob: float = param(3, default=0.0, doc="how often contrast changes")
    contrast_lower: float = param(4, default=0.0, doc="the least factor")
    contrast_upper: float = param(5, default=0.0, doc="the greatest factor")
    hue_prob: float = param(6, default=0.0, doc="how often the hue changes")
    hue_delta: float = param(7, default=0.0, doc="by how much")
    saturation_prob: float = param(8, default=0.0, doc="how often saturation changes")
    saturation_lower: float = param(9, default=0.0, doc="the least factor")
    saturation_upper: float = param(10, default=0.0, doc="the greatest factor")
    random_order_prob: float = param(11, default=0.0, doc="how often channels change places")
    exposure_lower: float = param(0, default=0.0, doc="MobileNet-YOLO's: the least factor of exposure")
    exposure_upper: float = param(0, default=0.0, doc="MobileNet-YOLO's: the greatest factor of exposure")


class Expansion(Message):
    """A larger canvas around an image, so that objects look smaller."""

    prob: float = param(1, default=1.0, doc="how often")
    max_expand_ratio: float = param(2, default=1.0, least=1, doc="how much larger, at most")


class EmitType(ProtoEnum):
    """Which boxes a crop keeps."""

    CENTER = 0
    MIN_OVERLAP = 1


class EmitConstraint(Message):
    """Which boxes a crop keeps."""

    emit_type: EmitType = param(1, default=EmitType.CENTER, doc="those whose centre it has, or enough of them")
    emit_overlap: float = param(2, default=0.0, doc="MIN_OVERLAP: how much of them")


class BoxTransform(Transform):
    """What is done to an image and its boxes."""

    resize: Resizing | None = param(8, name="resize_param", default=None, doc="the size that an image gets")
    noise: Noise | None = param(9, name="noise_param", default=None, doc="noise")
    emit: EmitConstraint | None = param(10, name="emit_constraint", default=None, doc="which boxes a crop keeps")
    crop_h: int = param(11, default=0, least=0, doc="height of the crop, in pixels")
    crop_w: int = param(12, default=0, least=0, doc="width of the crop, in pixels")
    distort: Distortion | None = param(13, name="distort_param", default=None, doc="changes of colour")
    expand: Expansion | None = param(14, name="expand_param", default=None, doc="a larger canvas")
