"""Learning rates that only forks of Caffe know, and what does the same here.

Each was read in the fork's sgd_solver.cpp. Their fields in a solver.prototxt have no other use than these policies.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from netdef.compiler.syntax.tree import Field, Number, Plain

INSTEAD = "a recipe in YAML can: give the net beside it, netdef train FILE --recipe R.yaml, where R.yaml says"


class ForkPolicy(NamedTuple):
    """A fork's policy: whose it is and what it does, and what does the same for a solver's fields."""

    what: str
    instead: Callable[["Rates"], str]


class Rates(NamedTuple):
    """What a solver says of rates, in a fork's fields or in Caffe's; ``until`` has the last iteration of each."""

    base: float
    gamma: float
    rates: tuple[float, ...]
    until: tuple[int, ...]


def _plateau(told: Rates) -> str:
    return f"lr: {{policy: plateau, base: {told.base:g}, gamma: {told.gamma or 0.1:g}}}, which waits for tests' scores"


def _fixed_by_stage(told: Rates) -> str:
    """Rates that fall by one factor are a multistep; others are stages."""
    if len(told.rates) > 1 and len(told.until) >= len(told.rates) - 1 and min(told.rates) > 0:
        factors = [after / before for before, after in zip(told.rates, told.rates[1:], strict=False)]
        if max(factors) - min(factors) < 1e-6 * max(factors):
            drops = ", ".join(str(last + 1) for last in told.until[: len(factors)])
            return f"lr: {{policy: multistep, base: {told.rates[0]:g}, gamma: {factors[0]:g}, stepvalue: [{drops}]}}"
    return "stages:, each with its own lr: and iterations:; or go on with another rate, netdef train --resume --lr X"


def _either(told: Rates) -> str:
    return (
        f"{_plateau(told)}; or lr: {{policy: step, base: {told.base:g}, gamma: {told.gamma or 0.1:g}, stepsize: ...}}"
    )


def _cosine(told: Rates) -> str:
    return f"lr: {{policy: cosine, base: {told.base:g}, length: ...}}"


FORK_POLICIES = {
    "plateau": ForkPolicy("of SSD's fork: a drop where the training loss has not fallen for plateau_winsize", _plateau),
    "multifixed": ForkPolicy(
        "of a fork: the rate stagelr until the iteration stageiter, one after the other", _fixed_by_stage
    ),
    "vstep": ForkPolicy("of a fork: the rate vstep_lr for vstep_size iterations, one after the other", _fixed_by_stage),
    "stepearly": ForkPolicy("of a fork: a step that comes early where nothing is gained any more", _either),
    "cosine": ForkPolicy("of forks: the rate falls as half a cosine", _cosine),
}
"""By the word that a solver says."""

_RATES = ("stagelr", "vstep_lr")
_UNTIL = ("stageiter", "vstep_size")
WARM_UP = "a fork's; a recipe has lr: {policy: ..., warmup: 500, warmup_start: 0.001}"
FORK_FIELDS = {
    **dict.fromkeys((*_RATES, *_UNTIL, "plateau_winsize"), "a fork's, of a policy that Caffe has not"),
    "warmup_iter": WARM_UP,
    "warmup_start_lr": WARM_UP,
    "eval_type": "a fork's; a test tells every output of the test net",
    "ap_version": "a fork's; average precision is not computed in training",
    "larc": "a fork's; rates are not scaled by layer",
    "larc_policy": "a fork's; rates are not scaled by layer",
    "larc_eta": "a fork's; rates are not scaled by layer",
}
"""Fields of forks in a solver, and what stands in for them."""


def rates_of(body: Sequence[Plain], base: float, gamma: float) -> Rates:
    """What a solver's fields say of rates, as far as they are numbers."""
    rates, until = (
        [number for each in body if each.name in names and (number := _number(each)) is not None]
        for names in (_RATES, _UNTIL)
    )
    steps = [int(number) for number in until]
    if any(each.name == "vstep_size" for each in body):  # lengths, not ends
        steps = [sum(steps[: index + 1]) for index in range(len(steps))]
    return Rates(base, gamma, tuple(rates), tuple(steps))


def _number(statement: Plain) -> float | None:
    value = statement.value if isinstance(statement, Field) else None
    return float(value.value) if isinstance(value, Number) else None
