"""How a net is trained, whatever file says so: every setting with its type, default, range and meaning.

Nothing here knows of YAML or of torch.
"""

from collections.abc import Iterator
from math import ceil
from typing import Any, ClassVar, NamedTuple

from netdef.compiler.bounds import MOST_EPOCHS, MOST_SEED, MOST_SIDE
from netdef.compiler.override import override
from netdef.compiler.schema.message import Message, ProtoEnum, Refusal, param
from netdef.runtime.data.augment import Augment
from netdef.runtime.training.recipe.schedule import POLICIES, Duration, Plateau, Policy, Unit


class Regularization(ProtoEnum):
    """What weight decay makes smaller."""

    L1 = 1
    L2 = 2


class MomentumStyle(ProtoEnum):
    """Where the learning rate stands: in what the momentum remembers (Caffe), or outside of it (PyTorch)."""

    CAFFE = 0
    TORCH = 1


class Method(Message):
    """How weights follow their gradients."""

    num_remembered: ClassVar[int] = 1
    """Numbers that the method remembers of each weight."""

    weight_decay: float = param(0, default=0.0005, least=0, doc="decay, times each weight's decay_mult")
    regularization: Regularization = param(
        0, default=Regularization.L2, doc="what decays: L2, in proportion to the weight, or L1, by its sign"
    )
    clip_gradients: float | None = param(
        0, default=None, least=0, doc="longest gradient, of all weights together and summed over iter_size parts"
    )

    @override
    def problems(self) -> Iterator[Refusal]:
        """A share of 1 or more of what was never comes to rest."""
        for name in ("momentum", "momentum2", "rms_decay"):
            value = getattr(self, name, 0.0)
            if value >= 1:
                help = f"{self.params[name].default:g} is usual"
                yield Refusal("N863", f"{name} must be below 1, not {value:g}", at=name, help=help)
        if self.clip_gradients == 0:
            help = "leave it out where nothing is to be clipped"
            yield Refusal("N863", "clip_gradients must be above 0", at="clip_gradients", help=help)


class Sgd(Method):
    """Caffe's SGD: V = momentum V + lr g; w = w - V."""

    momentum: float = param(0, default=0.9, least=0, doc="the share of the last update that goes on")
    momentum_style: MomentumStyle = param(
        0, default=MomentumStyle.CAFFE, doc="whether what is remembered has the learning rate in it: caffe or torch"
    )


class Nesterov(Sgd):
    """SGD that looks ahead: V' = momentum V + lr g; w = w - (1 + momentum) V' + momentum V."""


class AdaGrad(Method):
    """H = H + g^2; w = w - lr g / (sqrt(H) + delta)."""

    delta: float = param(0, default=1e-8, least=0, doc="what keeps the divisor from 0")


class RmsProp(Method):
    """H = rms_decay H + (1 - rms_decay) g^2; w = w - lr g / (sqrt(H) + delta)."""

    rms_decay: float = param(0, default=0.99, least=0, doc="the share of the mean square that goes on")
    delta: float = param(0, default=1e-8, least=0, doc="what keeps the divisor from 0")


class AdaDelta(Method):
    """Steps as long as those before, by root mean squares of gradients and of updates."""

    num_remembered = 2

    momentum: float = param(0, default=0.95, least=0, doc="the share of both mean squares that goes on")
    delta: float = param(0, default=1e-6, least=0, doc="what is added to both mean squares")


class Adam(Method):
    """M = momentum M + (1 - momentum) g; H likewise of g^2; w = w - lr' M / (sqrt(H) + delta).

    lr' = lr sqrt(1 - momentum2^t) / (1 - momentum^t): unlike in PyTorch, delta is outside the correction.
    """

    num_remembered = 2

    momentum: float = param(0, default=0.9, least=0, doc="the share of the mean gradient that goes on")
    momentum2: float = param(0, default=0.999, least=0, doc="the share of the mean square that goes on")
    delta: float = param(0, default=1e-8, least=0, doc="what keeps the divisor from 0")


class Evaluation(Message):
    """When a net is tested while it is trained, and on how much."""

    interval: int | None = param(0, default=None, least=1, doc="iterations between tests; an epoch if nothing is said")
    initial: bool = param(0, default=False, doc="test the first weights, too")
    batches: int | None = param(
        0,
        default=None,
        least=1,
        doc="length of a test, which goes on where the last ended; all data if nothing is said",
    )
    batch: int = param(0, default=64, least=1, doc="images in each of these batches")
    scale: int | None = param(
        0, default=None, least=1, most=MOST_SIDE, doc="shorter side in tests, in pixels, if not the net's"
    )


class Recipe(Message):
    """Everything that decides the weights, beside the net, its first weights and the data."""

    epochs: float | None = param(0, default=None, least=0, doc="passes over the training data; 10 if nothing is said")
    iterations: int | None = param(
        0, default=None, least=0, doc="the length of training in iterations instead; 0 only tests the first weights"
    )
    batch: int = param(0, default=64, least=1, doc="images in an iteration, over all devices")
    iter_size: int = param(0, default=1, least=1, doc="equal parts of a batch, computed one after the other")
    seed: int = param(0, default=1, least=0, most=MOST_SEED, doc="of first weights, order, augmentation and dropout")
    solver: Method = param(0, default=Sgd(), doc="how weights follow their gradients")
    lr: Policy = param(0, default=Plateau(), doc="how the learning rate changes")
    augment: Augment = param(0, default=Augment(), doc="what training does to an image")
    test: Evaluation = param(0, default=Evaluation(), doc="when the net is tested")

    @override
    def problems(self) -> Iterator[Refusal]:
        """One length, and not 0; whole parts of a batch."""
        if self.epochs is not None and self.iterations is not None:
            yield Refusal("N866", "epochs and iterations both say how long", at="iterations", help="keep one of them")
        if self.epochs is not None and not 0 < self.epochs <= MOST_EPOCHS:
            bound = "above 0" if self.epochs == 0 else f"at most {MOST_EPOCHS:,.0f}"
            yield Refusal("N863", f"epochs must be {bound}", at="epochs")
        if self.batch % self.iter_size:
            help = f"take a batch of {ceil(self.batch / self.iter_size) * self.iter_size}"
            message = f"a batch of {self.batch} is not {self.iter_size} equal parts"
            yield Refusal("N869", message, at="iter_size", help=help)

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


class Init(Message):
    """The first weights of a stage: those of an earlier one, by layer name."""

    stage: str = param(0, doc="the stage whose best weights are taken")
    layers: tuple[str, ...] = param(0, default=(), doc="only these layers'; all that both nets have if not given")


class Stage(NamedTuple):
    """One training of several in a row, or one alone.

    name  of several; one alone has none
    net   the file of the net, as the recipe's file names it; None is the net that is trained
    init  where its weights come from, if from an earlier stage
    """

    name: str
    net: str | None
    recipe: Recipe
    init: Init | None


LIKE, NET, STAGES = "like", "net", "stages"
OF_A_FILE = {
    NET: "the file of the net, where none is given; its path goes from this file's folder",
    LIKE: "another recipe, from which this one differs in what stands here",
    STAGES: "several trainings, one after the other, each with keys of its own:",
}
"""Keys of a recipe's file beside those of the recipe, and what they mean."""
NAME, INIT = "name", "init"
OF_A_STAGE = {
    NAME: "what it is called; needed",
    NET: "the file of its net, if not that of the others",
    INIT: "the stage before it whose best weights it begins with; or {stage: A, layers: [conv1, conv2]}",
    "...": "and what is different in its recipe",
}
"""Keys of a stage likewise."""

METHODS: dict[str, type[Method]] = {
    "SGD": Sgd,
    "Nesterov": Nesterov,
    "AdaGrad": AdaGrad,
    "RMSProp": RmsProp,
    "AdaDelta": AdaDelta,
    "Adam": Adam,
}
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
    if isinstance(value, ProtoEnum):
        return value.name.lower()
    if isinstance(value, Duration):
        return str(value)
    return [as_data(each) for each in value] if isinstance(value, tuple) else value


def unsaid_data(value: Message) -> dict[str, Any]:
    """What ``as_data`` tells where nothing but the same choices is said; required settings are left out."""
    own = {name: getattr(value, name) for name in value.params}
    chosen = {name: unsaid_data(each) for name, each in own.items() if isinstance(each, Message)}
    defaults = {name: as_data(each.default) for name, each in value.params.items() if not each.required}
    return defaults | chosen
