"""A training, and its parts."""

from enum import StrEnum

from netdef.compiler.bounds import MOST_EPOCHS, MOST_SEED
from netdef.compiler.override import override
from netdef.compiler.request import NetRequest, Request, UsageError, count, positive
from netdef.runtime.requests.inputs import DataRequest, HardwareRequest


class RecipeRequest(Request):
    """How to train: a recipe, and what holds instead of what it says.

    file     netdef's .yaml or Caffe's solver.prototxt; None is the .yaml beside the net, else built-in settings
    only     the one stage of the recipe that is trained
    epochs   passes over the training data
    max_iter iterations instead; 0 only tests
    batch    images in an iteration, over all devices
    lr       the first learning rate
    seed     of weights, order, augmentation and dropout
    """

    file: str | None = None
    only: str | None = None
    epochs: float | None = positive(most=MOST_EPOCHS)
    max_iter: int | None = count(least=0)
    batch: int | None = count()
    lr: float | None = positive()
    seed: int | None = count(least=0, most=MOST_SEED)

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        if self.epochs is not None and self.max_iter is not None:
            raise UsageError("epochs and max_iter both say how long: keep one of them")

    @property
    def says_length(self) -> bool:
        """Whether it says how long."""
        return self.epochs is not None or self.max_iter is not None


class DivisionRequest(Request):
    """How a batch is divided, and what happens if a process breaks down.

    restarts         how often all processes start again
    passes           in how many passes a device computes its part of a batch
    sync_batchnorm   whether BatchNorm's mean and variance are taken over all devices
    shard            whether the weights are divided over the devices, too
    """

    restarts: int | None = count(least=0)
    passes: int | None = count()
    sync_batchnorm: bool | None = None
    shard: bool | None = None


class Trial(StrEnum):
    """What is tried instead of a training; nothing is written."""

    DRY_RUN = "dry run"
    ONE_BATCH = "one batch"


class TrainRequest(Request):
    """A training.

    weights       what it begins with: a file, or a run's folder for its best ones; None is the fillers
    out           the run's folder; None is ``runs/NAME``
    resume        whether it goes on with the run there
    keep          checkpoints to keep
    tensorboard   whether TensorBoard is given the metrics, too
    trial         what is only tried, if anything
    """

    net: NetRequest = NetRequest()
    recipe: RecipeRequest = RecipeRequest()
    data: DataRequest = DataRequest()
    hardware: HardwareRequest = HardwareRequest()
    division: DivisionRequest = DivisionRequest()
    weights: str | None = None
    out: str | None = None
    resume: bool = False
    keep: int | None = count()
    tensorboard: bool | None = None
    trial: Trial | None = None
