"""Learning rates: pure functions of how far training is and of the scores that it has reached.

No policy keeps a state, so a resumed run has the rates of an unbroken one.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

from netdef.compiler.override import override
from netdef.compiler.schema import Message, Refusal, Words, param


class Unit(Words):
    """What a duration counts."""

    ITERATIONS = 0
    EPOCHS = 1


class Duration(NamedTuple):
    """A length of training: ``500`` iterations, or ``10 epochs``."""

    amount: float
    unit: Unit = Unit.ITERATIONS

    @override
    def __str__(self) -> str:
        return f"{self.amount:g}" if self.unit is Unit.ITERATIONS else f"{self.amount:g} epochs"


class Moment(NamedTuple):
    """What a policy may look at.

    iteration   iterations finished
    epoch       passes over the training data finished, if the policy counts them
    scores      the score of each evaluation so far, higher is better
    """

    iteration: int
    epoch: float = 0.0
    scores: tuple[float, ...] = ()

    def passed(self, duration: Duration) -> int:
        """How many times a duration fits into the time since the start."""
        elapsed = self.iteration if duration.unit is Unit.ITERATIONS else self.epoch
        return int(elapsed // duration.amount)


class Policy(Message, ABC):
    """How the learning rate changes."""

    base: float = param(0, default=0.01, least=0, doc="the first learning rate")

    @property
    def counts_epochs(self) -> bool:
        """Whether one has to know how long an epoch is."""
        return any(isinstance(value, Duration) and value.unit is Unit.EPOCHS for value in self.__dict__.values())

    @abstractmethod
    def rate(self, moment: Moment) -> float:
        """The learning rate of the iteration that starts now."""


class Fixed(Policy):
    """One rate for ever."""

    @override
    def rate(self, moment: Moment) -> float:
        """The base."""
        return self.base


class Step(Policy):
    """Times ``gamma`` whenever ``stepsize`` has passed."""

    stepsize: Duration = param(0, doc="iterations (500) or epochs (10 epochs) between two drops")
    gamma: float = param(0, default=0.1, least=0, doc="the factor of a drop")

    @override
    def problems(self) -> Iterator[Refusal]:
        """A step has a length."""
        if self.stepsize.amount <= 0:
            yield Refusal("N703", f"stepsize must be above 0, not {self.stepsize}", at="stepsize")

    @override
    def rate(self, moment: Moment) -> float:
        """The base, dropped at every step."""
        return self.base * self.gamma ** moment.passed(self.stepsize)


class Plateau(Policy):
    """Times ``gamma`` when the score has stopped rising, as the VGG paper does by hand (section 3.1)."""

    gamma: float = param(0, default=0.1, least=0, doc="the factor of a drop")
    patience: int = param(0, default=3, least=1, doc="evaluations without a better score before a drop")
    num_drops: int = param(0, default=3, least=0, doc="drops at most")

    @override
    def rate(self, moment: Moment) -> float:
        """The base, dropped at every plateau."""
        return self.base * self.gamma ** min(self.num_drops, self._plateaus(moment.scores))

    def _plateaus(self, scores: tuple[float, ...]) -> int:
        best, waited, plateaus = float("-inf"), 0, 0
        for score in scores:
            waited = 0 if score > best else waited + 1
            best = max(best, score)
            if waited == self.patience:
                waited, plateaus = 0, plateaus + 1
        return plateaus


POLICIES: dict[str, type[Policy]] = {"fixed": Fixed, "step": Step, "plateau": Plateau}
"""By the word that a recipe says."""
