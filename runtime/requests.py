"""What is asked of the runtime, as values: see ``compiler/request.py``, whose laws hold here.

Law: torch is not imported, so that a command's arguments are wrong before seconds are spent on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from netdef.compiler.request import NetRequest, Request, UsageError
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

    @property
    def settings(self) -> dict[str, Any]:
        """How it is used, by name, as far as that was said (``settings_for``)."""
        return {name: value for name, value in self.as_data.items() if name not in ("device", "devices")}


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


CROPS = (0, 1, 10, 50)
"""How many windows of an image may be shown at one scale."""
POOLS = ("logits", "prob")
"""A map is averaged before or after the soft-max."""


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

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Each net with its weights."""
        return tuple(zip(self.files, self.weights, strict=True))

    def check(self) -> None:
        """Refuse what doesn't go together.

        Raises:
            UsageError: if nets and weights aren't as many, nothing is asked for, or a word or number isn't known.
        """
        if len(self.weights) != len(self.files) or not (self.files or self.posteriors):
            counts = f"{len(self.files)} nets and {len(self.weights)} weights"
            raise UsageError(f"give each net its weights; there are {counts}")
        if self.crops not in CROPS:
            raise UsageError(f"crops are {', '.join(map(str, CROPS))}, not {self.crops}")
        if self.pool not in POOLS:
            raise UsageError(f"a map is averaged as {' or '.join(POOLS)} say, not {self.pool}")


class Form(StrEnum):
    """How the results of an evaluation are given: line by line as they come, or all together."""

    LINES = "lines"
    JSON = "json"
    TEXT = "text"
    MARKDOWN = "markdown"
    PICKLE = "pickle"


@dataclass(frozen=True, kw_only=True)
class EvaluationTask(Request):
    """An evaluation, and what becomes of its results, which other processes than this one may find.

    form   how they are printed; ``PICKLE`` prints nothing
    out    the file of ``PICKLE``
    """

    evaluation: EvaluateRequest = field(default_factory=EvaluateRequest)
    form: Form = Form.LINES
    out: str | None = None


@dataclass(frozen=True, kw_only=True)
class PredictRequest(Request):
    """What images show, and where.

    images    files, folders of them, or patterns
    classes   a file with the classes' names, one a line
    top       how many classes are named
    boxes     whether the net gives boxes
    out       with ``boxes``: a folder for copies of the images with their boxes; None draws none
    class_net, class_weights   with ``boxes``: a net that scores classes
    """

    net: NetRequest
    weights: str
    images: tuple[str, ...] = ()
    classes: str | None = None
    top: int = 5
    boxes: bool = False
    out: str | None = None
    class_net: str | None = None
    class_weights: str | None = None
    scores: str | None = None
    hardware: HardwareRequest = field(default_factory=HardwareRequest)

    def check(self) -> None:
        """Refuse what doesn't go together.

        Raises:
            UsageError: if a class net comes without its weights, or without boxes that it would choose.
        """
        if (self.class_net is None) != (self.class_weights is None) or (self.class_net and not self.boxes):
            raise UsageError("--boxes takes --class-net and --class-weights together")


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
class SvmRequest(Request):
    """How well linear SVMs find the classes on descriptors.

    features     files of descriptors, of several nets of the same images
    test         others to test on; without any, images of each class are dealt out
    metric       ``recall`` or ``map``; None is recall unless images show several classes
    splits       how often images are dealt out: ``train_per_class`` of each class for training, and at most
                 ``test_per_class`` for the test
    seed         the first split's; the next has the next
    """

    features: tuple[str, ...]
    test: tuple[str, ...] = ()
    metric: str | None = None
    splits: int = 3
    train_per_class: int = 30
    test_per_class: int = 50
    seed: int = 0


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
