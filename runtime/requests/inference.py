"""What is asked of trained nets: how often they are wrong, what images show, and descriptors."""

from enum import StrEnum
from pathlib import Path

from netdef.compiler.bounds import MOST_SEED, MOST_SIDE
from netdef.compiler.counted import counted
from netdef.compiler.files import is_stream
from netdef.compiler.request import NetRequest, Request, UsageError, count
from netdef.runtime.requests.inputs import DataRequest, HardwareRequest

CROPS = (0, 1, 10, 50)
"""How many windows of an image may be shown at one scale."""
PER_CLASS = (".csv", ".png")
"""The suffixes of files with the errors of each class."""
POOLS = ("logits", "prob")
"""A map is averaged before or after the soft-max."""


class EvaluateRequest(Request):
    """How often nets are wrong, each with its weights, or saved posteriors; several are fused, too.

    files, weights    the nets and, in the same order, what they take; the folder of a run in the place of a net needs
                      none ``net`` says the state of all of them
    scales            the shorter sides of an image, in pixels
    crops             windows of an image at one scale: 0, 1, 10 or 50
    flip              whether the image is shown mirrored, too
    pool              whether a map is averaged before (``logits``) or after (``prob``) the soft-max
    boxes             whether wrong boxes are counted
    whole             whether all test images of a run count, where its tests saw a part of them
    posteriors        files of saved ones; ``save_posteriors`` is where those found are written
    per_class         a file, .csv or .png, for what is told of each class, and what is taken for what
    classes           a file with the classes' names, one a line; None is the data's
    """

    files: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    net: NetRequest = NetRequest()
    data: DataRequest = DataRequest()
    hardware: HardwareRequest = HardwareRequest()
    scales: tuple[int, ...] = count((), most=MOST_SIDE)
    crops: int = 0
    flip: bool = False
    pool: str = "logits"
    boxes: bool = False
    whole: bool = False
    posteriors: tuple[str, ...] = ()
    save_posteriors: str | None = None
    per_class: str | None = None
    classes: str | None = None

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Each net with its weights; nothing is looked at but whether a name is a folder's.

        Raises:
            UsageError: if there aren't as many weights as nets that need some.
        """
        if len(self.files) == len(self.weights):
            return tuple(zip(self.files, self.weights, strict=True))
        if absent := [file for file in self.files if not (self.weights or is_stream(file) or Path(file).exists())]:
            raise UsageError(f"there is no {absent[0]}: name a run's folder, or a net's file and its --weights")
        bare = [file for file in self.files if not Path(file).is_dir()]
        if bare and not self.weights:
            raise UsageError(_without_weights(bare[0]))
        nets, weights = len(bare), len(self.weights)
        if nets != weights:
            there = f"there {'is' if nets == 1 else 'are'} {counted(nets, 'net')}"
            given = f"--weights stands {counted(weights, 'time')}"
            raise UsageError(f"give each net its weights, in the same order: {there}, and {given}")
        left = iter(self.weights)
        return tuple((file, file if Path(file).is_dir() else next(left)) for file in self.files)

    def check(self) -> None:
        """Refuse what doesn't go together.

        Raises:
            UsageError: if nets and weights aren't as many, nothing is asked for, or a word or number isn't known.
        """
        if not self.pairs and not self.posteriors:
            raise UsageError("name a net and its --weights, the folder of a run, or --posteriors")
        if self.per_class is not None and Path(self.per_class).suffix.lower() not in PER_CLASS:
            raise UsageError(f"errors by class are written as {' or '.join(PER_CLASS)}: not {self.per_class}")
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


class EvaluationTask(Request):
    """An evaluation, and what becomes of its results, which other processes than this one may find.

    form   how they are printed; ``PICKLE`` prints nothing
    out    the file of ``PICKLE``
    """

    evaluation: EvaluateRequest = EvaluateRequest()
    form: Form = Form.LINES
    out: str | None = None


class PredictRequest(Request):
    """What images show, and where.

    weights   a file, or a run's folder; None where that stands in the place of the net's file
    images    files, folders of them, or patterns
    classes   a file with the classes' names, one a line
    top       how many classes are named
    boxes     whether the net gives boxes
    out       a folder for copies of the images with their boxes, or for label maps; None draws none
    class_net, class_weights   with ``boxes``: a net that scores classes
    """

    net: NetRequest
    weights: str | None = None
    images: tuple[str, ...] = ()
    classes: str | None = None
    top: int = count(5)
    boxes: bool = False
    out: str | None = None
    class_net: str | None = None
    class_weights: str | None = None
    scores: str | None = None
    hardware: HardwareRequest = HardwareRequest()

    def check(self) -> None:
        """Refuse what doesn't go together.

        Raises:
            UsageError: if a net comes without its weights, or a class net without boxes that it would choose.
        """
        if self.weights is None and not (is_stream(self.net.file) or Path(self.net.file).exists()):
            raise UsageError(f"there is no {self.net.file}: name a run's folder, or a net's file and its --weights")
        if self.weights is None and not Path(self.net.file).is_dir():
            raise UsageError(_without_weights(self.net.file))
        if (self.class_net is None) != (self.class_weights is None) or (self.class_net and not self.boxes):
            raise UsageError("--boxes takes --class-net and --class-weights together")


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
    data: DataRequest = DataRequest()
    hardware: HardwareRequest = HardwareRequest()
    out: str | None = None
    blob: str | None = None
    scales: tuple[int, ...] = count((), most=MOST_SIDE)
    stack: bool = False
    flip: bool = False
    box: bool = False
    several: bool = False
    normalise: bool = True


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
    splits: int = count(3)
    train_per_class: int = count(30)
    test_per_class: int = count(50)
    seed: int = count(0, least=0, most=MOST_SEED)


def _without_weights(file: str) -> str:
    return f"{file} is no run's folder, and a net takes its weights: --weights W"
