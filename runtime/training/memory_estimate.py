"""How much memory a training takes, told from the shapes of its net before anything is computed."""

from typing import NamedTuple

from netdef.compiler.analysis.costs import BYTES, activation_bytes, batch_of, costs
from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.shape import known
from netdef.runtime.hardware.memory import free_memory
from netdef.runtime.training.setup import TrainingSetup

MOST_PASSES = 4096
"""Passes that are worth a hint."""


class Estimate(NamedTuple):
    """What training will hold on one device, in bytes, and about.

    fixed      weights, gradients and the solver's history
    image      what the passes hold for each image: all tops of the forward pass, and the largest gradient
    at_once    images that a pass computes
    """

    fixed: int
    image: int
    at_once: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.fixed + self.image * self.at_once


def estimate(setup: TrainingSetup) -> Estimate:
    """What a training will hold, in float32."""
    net = setup.train_net
    return Estimate(
        fixed=fixed_bytes(net, setup.recipe.solver.num_remembered),
        image=image_bytes(net),
        at_once=setup.recipe.batch // setup.division.num_parts,
    )


def fixed_bytes(net: Net, num_remembered: int) -> int:
    """Weights, their gradients, and so many numbers that the solver remembers of each."""
    found = costs(net)
    return found.weight_bytes + (found.num_params - found.num_statistics) * (1 + num_remembered) * BYTES


def image_bytes(net: Net) -> int:
    """All tops of one image, and once more the largest, for gradients."""
    largest = max((known(activation_bytes(node)) for node in net.nodes), default=0)
    batch = batch_of(net)
    return (costs(net).activation_bytes + largest) // (1 if batch is None else batch.size)


def check_memory(setup: TrainingSetup) -> Estimate:
    """The estimate, if there is memory for it.

    Raises:
        NetError: if there isn't, with what would fit.
    """
    found = estimate(setup)
    group = setup.group.size if setup.device.type == "cpu" else 1
    free = free_memory(setup.device) // group
    if found.total <= free:
        return found
    message = (
        f"this training would take about {show_bytes(found.total)}, {show_bytes(found.image)} of it for each of"
        f" {found.at_once:,} images, and {show_bytes(free)} are free"
    )
    raise NetError(Diagnostic("N012", f"there is not enough memory: {message}", help=_what_fits(setup, found, free)))


def _what_fits(setup: TrainingSetup, found: Estimate, free: int) -> str:
    """The passes or the batch that fit into so many bytes, as people say them."""
    fits = (free - found.fixed) // max(1, found.image)
    if fits < 1:
        return "take a device with more memory, or a smaller net"
    batch = f"--batch {fits * setup.division.num_parts}"
    divisors = (n for n in range(1, MOST_PASSES) if found.at_once % n == 0 and found.at_once // n <= fits)
    if (passes := next(divisors, None)) is None:
        return batch
    at_once = found.at_once // passes
    return f"--passes {passes * setup.division.num_own} computes {at_once:,} at once, with the same result; or {batch}"


def show_bytes(num: int) -> str:
    """A number of bytes for people."""
    return f"{num / 1e9:.2f} GB" if num >= 1e9 else f"{num / 1e6:.1f} MB"
