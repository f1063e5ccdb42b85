"""How a net is trained, whatever file says so: every setting with its type, default, range and meaning.

Nothing here knows of YAML or of torch.
"""

from collections.abc import Iterator
from math import ceil
from typing import Any, NamedTuple

from netdef.compiler.override import override
from netdef.compiler.schema import Message, Refusal, Words, param
from netdef.runtime.training.schedule import POLICIES, Duration, Plateau, Policy, Unit


class Method(Message):
    """How weights follow their gradients."""

    weight_decay: float = param(0, default=0.0005, least=0, doc="L2 decay, times each weight's decay_mult")


class Sgd(Method):
    """Caffe's SGD: V = momentum V + lr (g + decay w); w = w - V."""

    momentum: float = param(0, default=0.9, least=0, doc="the share of the last update that goes on")

    @override
    def problems(self) -> Iterator[Refusal]:
        """A momentum of 1 or more never comes to rest."""
        if self.momentum >= 1:
            cure = "0.9 is usual"
            yield Refusal("N703", f"momentum must be below 1, not {self.momentum:g}", at="momentum", help=cure)


class Crop(Words):
    """Where the net's window is cut out of a larger picture."""

    RANDOM = 0
    CENTRE = 1


class Augment(Message):
    """What training does to a picture, beside what the net's own ``preprocess`` says."""

    resize: int | None = param(0, default=None, least=1, doc="shorter side in training, in pixels, if not the net's")
    crop: Crop = param(0, default=Crop.RANDOM, doc="where the net's window is cut out, random or centre")
    mirror: bool = param(0, default=False, doc="mirror every second picture, by chance")


class Recipe(Message):
    """Everything that decides the weights, beside the net, its first weights and the data."""

    epochs: float | None = param(0, default=None, least=0, doc="passes over the training data; 10 if nothing is said")
    iterations: int | None = param(0, default=None, least=1, doc="the length of training in iterations instead")
    batch: int = param(0, default=64, least=1, doc="pictures in an iteration, over all devices")
    seed: int = param(0, default=1, least=0, doc="of first weights, order, augmentation and dropout")
    solver: Method = param(0, default=Sgd(), doc="how weights follow their gradients")
    lr: Policy = param(0, default=Plateau(), doc="how the learning rate changes")
    augment: Augment = param(0, default=Augment(), doc="what training does to a picture")

    @override
    def problems(self) -> Iterator[Refusal]:
        """One length, and not 0."""
        if self.epochs is not None and self.iterations is not None:
            yield Refusal("N706", "epochs and iterations both say how long", at="iterations", help="keep one of them")
        if self.epochs == 0:
            yield Refusal("N703", "epochs must be above 0", at="epochs")

    @property
    def length(self) -> Duration:
        """How long to train."""
        if self.iterations is not None:
            return Duration(self.iterations)
        return Duration(10.0 if self.epochs is None else self.epochs, Unit.EPOCHS)

    def num_iterations(self, num_samples: int) -> int:
        """The length in iterations, for a training set of ``num_samples``."""
        if self.length.unit is Unit.ITERATIONS:
            return int(self.length.amount)
        return ceil(self.length.amount * num_samples / self.batch)


METHODS: dict[str, type[Method]] = {"SGD": Sgd}
"""By the word that a recipe says."""


class Choice(NamedTuple):
    """A setting that is one of several messages.

    key       the key in it whose word chooses
    words     what the words mean
    default   the word that is meant if there is none
    """

    key: str
    words: dict[str, type[Any]]
    default: str | None = None


CHOICES: dict[type[Message], Choice] = {Method: Choice("type", METHODS, "SGD"), Policy: Choice("policy", POLICIES)}
"""By the base class of the messages."""


def as_data(value: object) -> Any:
    """A recipe as plain values for JSON, in the words of a recipe file."""
    if isinstance(value, Message):
        chosen = {c.key: word for c in CHOICES.values() for word, kind in c.words.items() if kind is type(value)}
        return chosen | {name: as_data(getattr(value, name)) for name in value.params}
    if isinstance(value, Words):
        return value.name.lower()
    return str(value) if isinstance(value, Duration) else value
