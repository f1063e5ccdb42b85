"""The messages that are no layer's own: a net's and a layer's frame, fillers, rules, transforms, claims.

Numbers are those of Caffe's binary format; 0 marks a field of ours, which no ``.caffemodel`` holds.
"""

from collections.abc import Iterator

from netdef.compiler.diagnostics import did_you_mean
from netdef.compiler.override import override
from netdef.compiler.schema.message import Message, ProtoEnum, Refusal, param


class Phase(ProtoEnum):
    """What the net is run for; it chooses layers by their rules, and how Dropout and BatchNorm act."""

    TRAIN = 0
    TEST = 1


class VarianceNorm(ProtoEnum):
    """Which fan a filler's variance is divided by."""

    FAN_IN = 0
    FAN_OUT = 1
    AVERAGE = 2


class Engine(ProtoEnum):
    """Which of Caffe's own kernels runs; it has no meaning here, and those of forks (MKL2017) have none either."""

    DEFAULT = 0
    CAFFE = 1
    CUDNN = 2

    @classmethod
    @override
    def _missing_(cls, value: object) -> "Engine":
        return cls.DEFAULT


FILLERS = ("constant", "uniform", "gaussian", "positive_unitball", "xavier", "msra", "bilinear")


class Filler(Message):
    """How a weight is filled before training (Caffe's filler.hpp)."""

    type: str = param(1, default="constant", doc=", ".join(FILLERS))
    value: float = param(2, default=0.0, doc="the constant")
    min: float = param(3, default=0.0, doc="uniform: the lower bound")
    max: float = param(4, default=1.0, doc="uniform: the upper bound")
    mean: float = param(5, default=0.0, doc="gaussian: the mean")
    std: float = param(6, default=1.0, least=0, doc="gaussian: the standard deviation")
    sparse: int = param(7, default=-1, doc="gaussian: how many inputs of an output stay non-zero, on average; -1 all")
    variance_norm: VarianceNorm = param(8, default=VarianceNorm.FAN_IN, doc="xavier and msra: the fan that scales")

    @override
    def problems(self) -> Iterator[Refusal]:
        if self.type not in FILLERS:
            help = did_you_mean(self.type, FILLERS) or f"Caffe has {', '.join(FILLERS)}"
            yield Refusal("N403", f'there is no filler "{self.type}"', at="type", help=help)


class ShareMode(ProtoEnum):
    """How the shapes of a shared weight are compared."""

    STRICT = 0
    PERMISSIVE = 1


class ParamSpec(Message):
    """One weight of a layer, as training sees it; ``name`` shares it with every layer that says the same."""

    name: str = param(1, default="", doc="layers whose weights bear one name share one weight")
    share_mode: ShareMode = param(2, default=ShareMode.STRICT, doc="whether shapes must agree or only counts")
    lr_mult: float | None = param(3, default=None, doc="times the learning rate; 1 if absent")
    decay_mult: float | None = param(4, default=None, doc="times the weight decay; 1 if absent")


class Rule(Message):
    """When a layer is in the net: all that is set must hold (Caffe's NetStateRule)."""

    phase: Phase | None = param(1, default=None, doc="the phase")
    min_level: int | None = param(2, default=None, doc="the least level")
    max_level: int | None = param(3, default=None, doc="the greatest level")
    stage: tuple[str, ...] = param(4, default=(), doc="stages that must be set")
    not_stage: tuple[str, ...] = param(5, default=(), doc="stages that must not be set")


class State(Message):
    """What rules are held against (Caffe's NetState)."""

    phase: Phase = param(1, default=Phase.TEST, doc="the phase")
    level: int = param(2, default=0, doc="the level")
    stage: tuple[str, ...] = param(3, default=(), doc="the stages")

    def meets(self, rule: Rule) -> bool:
        """Whether all that the rule asks for holds."""
        return (
            rule.phase in (None, self.phase)
            and (rule.min_level is None or self.level >= rule.min_level)
            and (rule.max_level is None or self.level <= rule.max_level)
            and all(stage in self.stage for stage in rule.stage)
            and not any(stage in self.stage for stage in rule.not_stage)
        )


class BlobShape(Message):
    """A shape."""

    dim: tuple[int, ...] = param(1, default=(), least=0, bits=64, doc="the sizes, outermost first")


class LayerFrame(Message):
    """What every layer has, whatever its type (Caffe's LayerParameter)."""

    name: str = param(1, default="", doc="the layer's name; weights are stored under it")
    type: str = param(2, doc="the layer type")
    bottom: tuple[str, ...] = param(3, default=(), doc="the blobs that it reads")
    top: tuple[str, ...] = param(4, default=(), doc="the blobs that it makes")
    loss_weight: tuple[float, ...] = param(5, default=(), doc="what each top counts in the loss")
    specs: tuple[ParamSpec, ...] = param(6, name="param", default=(), doc="one for each weight, in order")
    include: tuple[Rule, ...] = param(8, default=(), doc="the layer is in the net if one of these holds")
    exclude: tuple[Rule, ...] = param(9, default=(), doc="the layer is not in the net if one of these holds")
    phase: Phase | None = param(10, default=None, doc="set by Caffe itself; as a rule, use include")
    propagate_down: tuple[bool, ...] = param(11, default=(), doc="whether gradients go on to each bottom")
    origin: str = param(0, default="", doc="the fork that its type is of, where a name means several things")


class Transform(Message):
    """What a data layer does to an image: crop, mirror, subtract the mean, then scale."""

    scale: float = param(1, default=1.0, doc="times the values, after the mean")
    mirror: bool = param(2, default=False, doc="mirror at random")
    crop_size: int = param(3, default=0, least=0, doc="side of the crop, in pixels; 0 for none")
    mean_file: str = param(4, default="", doc="a .binaryproto with the mean image")
    mean_value: tuple[float, ...] = param(5, default=(), doc="the mean, one value or one for each channel")
    force_color: bool = param(6, default=False, doc="decode as three channels")
    force_gray: bool = param(7, default=False, doc="decode as one channel")


class Channels(ProtoEnum):
    """In which order a net expects an image's channels."""

    BGR = 0
    RGB = 1
    GREY = 2


class Preprocess(Message):
    """How an image becomes the input: resize the shorter side, crop the centre, (x - mean) * scale."""

    channels: Channels = param(0, default=Channels.BGR, doc="the order of the channels")
    mean: tuple[float, ...] = param(0, default=(), doc="subtracted, in the channels' order; one value or one for each")
    scale: float = param(0, default=1.0, doc="times the values 0 to 255, after the mean")
    resize: int | None = param(0, default=None, least=1, doc="the shorter side, in pixels")
    crop: int | None = param(0, default=None, least=1, doc="side of the centre crop, in pixels")
    labels: str | None = param(0, default=None, doc="a text file with the class names, a line each")


class ExpectBlob(Message):
    """A claim about a blob's shape."""

    name: str = param(0, doc="the blob")
    shape: tuple[int, ...] = param(0, doc="its shape")


class Expect(Message):
    """Claims that the compiler checks."""

    phase: Phase = param(0, default=Phase.TEST, doc="the phase in which they hold")
    num_params: int | None = param(0, name="params", default=None, doc="stored numbers, shared ones once")
    macs: int | None = param(0, default=None, doc="multiply-adds of a forward pass of the whole batch")
    weight_layers: int | None = param(0, default=None, doc="Convolution, Deconvolution and InnerProduct layers")
    blob: tuple[ExpectBlob, ...] = param(0, default=(), doc="shapes")


class NetFrame(Message):
    """A net's fields beside its layers (Caffe's NetParameter)."""

    name: str = param(1, default="", doc="the net's name")
    input: tuple[str, ...] = param(3, default=(), doc="old form of Input layers: the blobs")
    input_dim: tuple[int, ...] = param(4, default=(), least=0, doc="old form: four sizes for each input")
    force_backward: bool = param(5, default=False, doc="compute gradients of the inputs too")
    state: State | None = param(6, default=None, doc="phase, level and stages that the rules are held against")
    debug_info: bool = param(7, default=False, doc="Caffe prints statistics of every blob")
    input_shape: tuple[BlobShape, ...] = param(8, default=(), doc="old form: the inputs' shapes")
    expect: tuple[Expect, ...] = param(0, default=(), doc="claims that the compiler checks")
    preprocess: Preprocess | None = param(0, default=None, doc="how an image becomes the input")
