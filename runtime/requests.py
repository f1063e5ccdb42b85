"""What is asked of the runtime, as values: see ``compiler/request.py``, whose laws hold here.

Law: torch is not imported, so that a command's arguments are wrong before seconds are spent on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from netdef.compiler.request import NetRequest, Request
from netdef.runtime.hardware.execution_settings import Precision


@dataclass(frozen=True, kw_only=True)
class DataRequest(Request):
    """Which data, and how they meet a net.

    data        a data set's name or path; None is what the net's data layers name, else the digits
    test_data   other data for the test
    inputs      input blob -> field of the data, where the blob's name doesn't say it
    scores      the blob with the class scores, where the net doesn't tell
    objects     the classes whose boxes count; without any, all
    corrupt     what happens with an image that can't be read: ``error`` (the default) or ``skip``
    workers     processes that read images; None is as many as the data need
    """

    data: str | None = None
    test_data: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    scores: str | None = None
    objects: tuple[str, ...] = ()
    corrupt: str | None = None
    workers: int | None = None

    @property
    def skips(self) -> bool:
        """Whether images that can't be read are left out."""
        return self.corrupt == "skip"


@dataclass(frozen=True, kw_only=True)
class HardwareRequest(Request):
    """On what, and how it is used; None is as the device likes (``execution_settings``).

    device          ``cpu``, ``cuda`` or ``cuda:1``
    devices         how many processes work together, each with its own GPU if there are any
    precision       what convolutions and products compute in
    compile         whether torch's compiler makes the program
    channels_last   whether the channels of a pixel lie together in memory
    cuda_graphs     whether a whole pass is launched at once
    """

    device: str | None = None
    devices: int | None = None
    precision: Precision | None = None
    compile: bool | None = None
    channels_last: bool | None = None
    cuda_graphs: bool | None = None


@dataclass(frozen=True, kw_only=True)
class RecipeRequest(Request):
    """How to train: a recipe, and what holds instead of what it says.

    file     netdef's .yaml or Caffe's solver.prototxt; None is the .yaml beside the net, else built-in settings
    only     the one stage of the recipe that is trained
    epochs   passes over the training data
    batch    images in an iteration, over all devices
    lr       the first learning rate
    seed     of weights, order, augmentation and dropout
    """

    file: str | None = None
    only: str | None = None
    epochs: float | None = None
    batch: int | None = None
    lr: float | None = None
    seed: int | None = None


@dataclass(frozen=True, kw_only=True)
class DivisionRequest(Request):
    """How a batch is divided, and what happens if a process breaks down.

    restarts         how often all processes start again
    passes           in how many passes a device computes its part of a batch
    sync_batchnorm   whether BatchNorm's mean and variance are taken over all devices
    shard            whether the weights are divided over the devices, too
    """

    restarts: int | None = None
    passes: int | None = None
    sync_batchnorm: bool | None = None
    shard: bool | None = None


class Trial(StrEnum):
    """What is tried instead of a training; nothing is written."""

    DRY_RUN = "dry run"
    ONE_BATCH = "one batch"


@dataclass(frozen=True, kw_only=True)
class TrainRequest(Request):
    """A training.

    weights       what it begins with: a file, or a run's folder for its best ones; None is the fillers
    out           the run's folder; None is ``runs/NAME``
    resume        whether it goes on with the run there
    keep          checkpoints to keep
    tensorboard   whether TensorBoard is given the metrics, too
    trial         what is only tried, if anything
    """

    net: NetRequest = field(default_factory=NetRequest)
    recipe: RecipeRequest = field(default_factory=RecipeRequest)
    data: DataRequest = field(default_factory=DataRequest)
    hardware: HardwareRequest = field(default_factory=HardwareRequest)
    division: DivisionRequest = field(default_factory=DivisionRequest)
    weights: str | None = None
    out: str | None = None
    resume: bool = False
    keep: int | None = None
    tensorboard: bool | None = None
    trial: Trial | None = None


@dataclass(frozen=True, kw_only=True)
class EvaluateRequest(Request):
    """How often nets are wrong, each with its weights, or saved posteriors; several are fused, too.

    files, weights    the nets and, in the same order, what they take; ``net`` says the state of all of them
    scales            the shorter sides of an image, in pixels
    crops             windows of an image at one scale: 0, 1, 10 or 50
    flip              whether the image is shown mirrored, too
    pool              whether a map is averaged before (``logits``) or after (``prob``) the soft-max
    boxes             whether wrong boxes are counted
    posteriors        files of saved ones; ``save_posteriors`` is where those found are written
    """

    files: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    net: NetRequest = field(default_factory=NetRequest)
    data: DataRequest = field(default_factory=DataRequest)
    hardware: HardwareRequest = field(default_factory=HardwareRequest)
    scales: tuple[int, ...] = ()
    crops: int = 0
    flip: bool = False
    pool: str = "logits"
    boxes: bool = False
    posteriors: tuple[str, ...] = ()
    save_posteriors: str | None = None


@dataclass(frozen=True, kw_only=True)
class PredictRequest(Request):
    """What images show, and where.

    images    files, folders of them, or patterns
    classes   a file with the classes' names, one a line
    top       how many classes are named
    boxes     whether the net says where, and a copy of each image in the folder ``out`` gets its box
    class_net, class_weights   with ``boxes``: a net that says what
    """

    net: NetRequest
    weights: str
    images: tuple[str, ...] = ()
    classes: str | None = None
    top: int = 5
    boxes: bool = False
    out: str = "boxes"
    class_net: str | None = None
    class_weights: str | None = None
    scores: str | None = None
    hardware: HardwareRequest = field(default_factory=HardwareRequest)


@dataclass(frozen=True, kw_only=True)
class FeaturesRequest(Request):
    """Descriptors of images.

    out         the file: .safetensors or .npz
    blob        what describes an image; None is fc7, or what the last layer with weights reads
    scales      the shorter sides of an image, in pixels; with ``stack`` they stand side by side, else they are averaged
    flip        whether the image is shown mirrored, too
    box         whether the object's box is described, too
    several     whether an image may show several classes
    normalise   whether rows are brought to length 1
    """

    net: NetRequest
    weights: str
    data: DataRequest = field(default_factory=DataRequest)
    hardware: HardwareRequest = field(default_factory=HardwareRequest)
    out: str | None = None
    blob: str | None = None
    scales: tuple[int, ...] = ()
    stack: bool = False
    flip: bool = False
    box: bool = False
    several: bool = False
    normalise: bool = True


@dataclass(frozen=True, kw_only=True)
class ExportRequest(Request):
    """A net as a model.

    weights   a file, or a run's folder for its best ones; None is the fillers under ``seed``
    out       the model; None is the net's name with .onnx
    dynamic   the inputs' axes that stay free, of N, H and W; None is all that the net allows
    opset     the version of ONNX's operators
    verify    whether the model is run against PyTorch, and certified beside it
    """

    net: NetRequest
    weights: str | None = None
    out: str | None = None
    dynamic: tuple[str, ...] | None = ("N",)
    opset: int = 19
    seed: int = 0
    verify: bool = False


@dataclass(frozen=True, kw_only=True)
class VerifyRequest(Request):
    """PyTorch against ONNX Runtime, blob by blob; the fields of ``ExportRequest``, and two more.

    batches     the sizes of batches that are tried
    tolerance   the greatest relative error that passes
    """

    net: NetRequest
    weights: str | None = None
    dynamic: tuple[str, ...] | None = None
    opset: int = 19
    seed: int = 0
    batches: tuple[int, ...] = (1, 3)
    tolerance: float = 1e-4


@dataclass(frozen=True, kw_only=True)
class TimeRequest(Request):
    """How long each layer takes.

    batch    samples in a pass; None is as the net says
    repeat   passes, of whose times the median is taken
    """

    net: NetRequest
    hardware: HardwareRequest = field(default_factory=HardwareRequest)
    batch: int | None = None
    repeat: int = 10
