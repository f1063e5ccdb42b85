"""All weights of a net: those that are given, else what its fillers make."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic, Report, Severity
from netdef.compiler.memory import refuse_too_large
from netdef.compiler.net.net import Net, own_weights
from netdef.compiler.net.weight_key import WeightKey
from netdef.compiler.weights.fillers import fill
from netdef.compiler.weights.match import Matched, match
from netdef.compiler.weights.stored import StoredArray, Weights

NUM_NAMED = 5
"""Layers that a warning names before it counts."""


class Completed(NamedTuple):
    """The weights of a net.

    arrays    each of them once, by its owner, under its shape; nothing is read or made before it is asked for
    matched   what came of those that were given
    is_given  whether any were, even none for this net
    seed      the fillers'
    """

    arrays: Mapping[WeightKey, StoredArray]
    matched: Matched
    is_given: bool
    seed: int

    def origin(self, given: str = "") -> str:
        """Where they come from, in words; ``given`` says it of those that were given."""
        filled = filled_by(self.seed)
        if not self.arrays:
            return "none: the net has no weights"
        if not self.is_given:
            return filled
        said = given or "given by the caller"
        dtypes = sorted({array.dtype.name for array in self.matched.arrays.values()})
        if dtypes not in ([], ["float32"]):
            said += f", in {' and '.join(dtypes)}"
        return f"{said}; {filled}, for {', '.join(self.matched.missing)}" if self.matched.missing else said

    @property
    def report(self) -> Report:
        """Warnings: what was made up, what was given for nothing, and what float32 can't hold."""
        return Report(self._warnings() if self.arrays else ())

    def _warnings(self) -> Iterator[Diagnostic]:
        warning = partial(Diagnostic, "N906", severity=Severity.WARNING)
        if not self.is_given:
            yield made_up_warning(self.seed)
            return
        if self.matched.missing:
            yield warning(f"made up by fillers, because the weights lack them: {_names(self.matched.missing)}")
        if self.matched.unused:
            yield warning(f"weights for layers that the net does not have: {_names(self.matched.unused)}")
        for dtype, layers in self._rounded().items():
            yield warning(f"{dtype} weights are rounded to float32: {_names(layers)}")

    def _rounded(self) -> dict[str, list[str]]:
        """Layers by the dtype of weights that float32 can't hold."""
        import numpy as np

        found: dict[str, dict[str, None]] = {}
        for key, array in self.matched.arrays.items():
            if not np.can_cast(array.dtype, np.float32):
                found.setdefault(array.dtype.name, {})[key.layer] = None
        return {dtype: list(layers) for dtype, layers in found.items()}


def complete(net: Net, weights: Weights | None = None, seed: int = 0) -> Completed:
    """The weights of a net: those that are given for its layers, and fillers' for the rest.

    Raises:
        NetError: where given ones don't fit the net, or one to be filled doesn't fit this machine.
    """
    matched = match(net, weights or {})
    owned = {own.owner: own.weight for node in net.nodes for own in own_weights(node)}
    for key, weight in owned.items():
        if key not in matched.arrays:
            refuse_too_large(str(key), weight.shape)
    arrays = {
        key: matched.arrays.get(key) or StoredArray.computed(weight.shape, partial(fill, weight, key, seed))
        for key, weight in owned.items()
    }
    return Completed(arrays, matched, weights is not None, seed)


def filled_by(seed: int, at_random: Sequence[str] = ()) -> str:
    """Where numbers come from that nobody gave, in words; ``at_random`` are layers that have no filler."""
    filled = f"seeded fillers, seed {seed}"
    return f"{filled}; random for {_names(at_random)}, which have none" if at_random else filled


def made_up_warning(seed: int, at_random: Sequence[str] = ()) -> Diagnostic:
    """What to say where no weights are given."""
    message = f"no weights given: the model's numbers are made up by the net's fillers (seed {seed})"
    if at_random:
        message += f", and random for {_names(at_random)}, which have none"
    return Diagnostic("N906", message, help="--weights FILE", severity=Severity.WARNING)


def _names(layers: Sequence[str]) -> str:
    more = f", and {len(layers) - NUM_NAMED} more" if len(layers) > NUM_NAMED else ""
    return ", ".join(layers[:NUM_NAMED]) + more
