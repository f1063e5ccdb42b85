"""Learning rates: pure functions of how far training is and of the scores that it has reached.

No policy keeps a state, so a resumed run has the rates of an unbroken one.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

from netdef.compiler.override import override
from netdef.compiler.schema.message import Message, ProtoEnum, Refusal, param


class Unit(ProtoEnum):
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

    def elapsed(self, unit: Unit) -> float:
        """The time since the start."""
        return self.iteration if unit is Unit.ITERATIONS else self.epoch

    def passed(self, duration: Duration) -> int:
        """How many times a duration fits into the time since the start."""
        return int(self.elapsed(duration.unit) // duration.amount)


def _above_0(name: str, duration: Duration) -> Iterator[Refusal]:
    """What is wrong with a duration that has to be one."""
    if duration.amount <= 0:
        yield Refusal("N863", f"{name} must be above 0, not {duration}", at=name)


class Policy(Message, ABC):
    """How the learning rate changes."""

    base: float = param(0, default=0.01, least=0, doc="the first learning rate")
    warmup: Duration = param(
        0, default=Duration(0), doc="iterations (500) or epochs (5 epochs) in which the rate rises to the policy's"
    )
    warmup_start: float = param(0, default=0.0, least=0, doc="the rate at which warmup begins")

    @override
    def problems(self) -> Iterator[Refusal]:
        """What holds of every policy; each adds its own."""
        if self.warmup.amount < 0:
            yield Refusal("N863", f"warmup must be at least 0, not {self.warmup}", at="warmup")

    @property
    def counts_epochs(self) -> bool:
        """Whether one has to know how long an epoch is."""
        return any(duration.unit is Unit.EPOCHS for duration in self._durations())

    def _durations(self) -> Iterator[Duration]:
        for value in self.__dict__.values():
            if isinstance(value, Duration):
                yield value
            elif isinstance(value, tuple):
                yield from value

    def rate(self, moment: Moment) -> float:
        """The learning rate of the iteration that starts now.

        The gradual warm-up of Goyal et al. 2017 (section 2.2): until the time t has come to ``warmup``, the rate is
        start + (own - start) t / warmup, where own is the rate that the policy has then.
        """
        try:
            own = self.own_rate(moment)
        except OverflowError:  # a power that no number holds: the loss shows it at once
            own = math.inf
        elapsed = moment.elapsed(self.warmup.unit)
        if elapsed >= self.warmup.amount:
            return own
        return self.warmup_start + (own - self.warmup_start) * elapsed / self.warmup.amount

    @abstractmethod
    def own_rate(self, moment: Moment) -> float:
        """The same without a warm-up."""


class Fixed(Policy):
    """One rate for ever."""

    @override
    def own_rate(self, moment: Moment) -> float:
        """The base."""
        return self.base


class Step(Policy):
    """Times ``gamma`` whenever ``stepsize`` has passed."""

    stepsize: Duration = param(0, doc="iterations (500) or epochs (10 epochs) between two drops")
    gamma: float = param(0, default=0.1, least=0, doc="the factor of a drop")

    @override
    def problems(self) -> Iterator[Refusal]:
        """A step has a length."""
        yield from super().problems()
        yield from _above_0("stepsize", self.stepsize)

    @override
    def own_rate(self, moment: Moment) -> float:
        """The base, dropped at every step."""
        return self.base * self.gamma ** moment.passed(self.stepsize)


class Exp(Policy):
    """Times ``gamma`` at every iteration."""

    gamma: float = param(0, least=0, doc="the factor of an iteration")

    @override
    def own_rate(self, moment: Moment) -> float:
        """The base, times gamma to the power of the iteration."""
        return self.base * self.gamma**moment.iteration


class Inv(Policy):
    """Falling as a power of the time: base (1 + gamma iteration) ^ -power."""

    gamma: float = param(0, least=0, doc="how fast the rate begins to fall")
    power: float = param(0, doc="how steep it falls in the long run")

    @override
    def own_rate(self, moment: Moment) -> float:
        """The base, divided by a power that rises with the iteration."""
        falling: float = (1 + self.gamma * moment.iteration) ** -self.power
        return self.base * falling


class MultiStep(Policy):
    """Times ``gamma`` at each of some moments."""

    stepvalue: tuple[Duration, ...] = param(0, doc="when the rate drops, in iterations (500) or epochs (10 epochs)")
    gamma: float = param(0, default=0.1, least=0, doc="the factor of a drop")

    @override
    def problems(self) -> Iterator[Refusal]:
        """The moments have one unit, to have an order."""
        yield from super().problems()
        if len({value.unit for value in self.stepvalue}) > 1:
            help = "count in iterations, or in epochs"
            yield Refusal("N863", "stepvalue mixes iterations and epochs", at="stepvalue", help=help)

    @override
    def own_rate(self, moment: Moment) -> float:
        """The base, dropped at each moment that has come; in Caffe an iteration takes one drop at most."""
        num_drops, free = 0, 0.0
        for amount, unit in self.stepvalue:
            due = max(amount, free)
            if moment.elapsed(unit) < due:
                break
            num_drops += 1
            free = due + 1 if unit is Unit.ITERATIONS else due
        return self.base * self.gamma**num_drops


class Poly(Policy):
    """Falling to 0 in a given time: base (1 - time / length) ^ power."""

    length: Duration = param(0, doc="iterations (500) or epochs (10 epochs) until the rate is 0")
    power: float = param(0, default=1.0, doc="1 falls evenly, more falls fast at first")

    @override
    def problems(self) -> Iterator[Refusal]:
        """It has a length."""
        yield from super().problems()
        yield from _above_0("length", self.length)
        if self.power < 0:
            yield Refusal("N863", f"power must be at least 0, not {self.power:g}", at="power")

    @override
    def own_rate(self, moment: Moment) -> float:
        """The base, times a power of the share of the time that is left."""
        left = 1 - moment.elapsed(self.length.unit) / self.length.amount
        falling: float = max(0.0, left) ** self.power
        return self.base * falling


class Cosine(Policy):
    """Falling as half a cosine (Loshchilov and Hutter 2017, equation 5, without restarts).

    final + (base - final) (1 + cos(pi time / length)) / 2, and ``final`` from then on.
    """

    length: Duration = param(0, doc="iterations (500) or epochs (10 epochs) until the rate is the final one")
    final: float = param(0, default=0.0, least=0, doc="the last learning rate")

    @override
    def problems(self) -> Iterator[Refusal]:
        """It has a length."""
        yield from super().problems()
        yield from _above_0("length", self.length)

    @override
    def own_rate(self, moment: Moment) -> float:
        """From the base to the final rate, slowly at both ends."""
        share = min(1.0, moment.elapsed(self.length.unit) / self.length.amount)
        return self.final + (self.base - self.final) * (1 + math.cos(math.pi * share)) / 2


class Sigmoid(Policy):
    """Rising to the base: base / (1 + exp(-gamma (iteration - stepsize))), as Caffe computes it."""

    stepsize: Duration = param(0, doc="iterations (500) or epochs (10 epochs) until half the base is reached")
    gamma: float = param(0, least=0, doc="how steep the rate rises")

    @override
    def own_rate(self, moment: Moment) -> float:
        """The base, times a sigmoid, in a form that can't overflow."""
        time = moment.elapsed(self.stepsize.unit) - self.stepsize.amount
        return self.base * (1 + math.tanh(self.gamma * time / 2)) / 2


class Plateau(Policy):
    """Times ``gamma`` when the score has stopped rising, as the VGG paper does by hand (section 3.1)."""

    gamma: float = param(0, default=0.1, least=0, doc="the factor of a drop")
    patience: int = param(0, default=3, least=1, doc="evaluations without a better score before a drop")
    num_drops: int = param(0, default=3, least=0, doc="drops at most")

    @override
    def own_rate(self, moment: Moment) -> float:
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


POLICIES: dict[str, type[Policy]] = {
    "fixed": Fixed,
    "step": Step,
    "exp": Exp,
    "inv": Inv,
    "multistep": MultiStep,
    "poly": Poly,
    "cosine": Cosine,
    "sigmoid": Sigmoid,
    "plateau": Plateau,
}
"""By the word that a recipe says."""
