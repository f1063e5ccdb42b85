"""One iteration of training, as Caffe's solvers do it.

The order is Caffe's: the gradient of the batch, weight decay, the update's history, the weights (solver.cpp,
sgd_solver.cpp). The learning rate is inside the history, so after a drop the old velocity coasts on.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from netdef.compiler.diagnostics import Diagnostic, NetError
from netdef.runtime.training.recipe import Method, Recipe, Sgd
from netdef.runtime.training.schedule import Moment
from netdef.runtime.training.yaml_recipe import read_recipe

if TYPE_CHECKING:
    from netdef.runtime.module import NetModule


class Group(NamedTuple):
    """Weights that share their multipliers, updated together.

    weights     what is learned
    history     what the method remembers of each
    """

    lr_mult: float
    decay_mult: float
    weights: list[Tensor]
    history: list[Tensor]


class Solver:
    """A net, a recipe, and how far one has brought the other.

    module       the net that is trained, in phase TRAIN
    iteration    iterations finished
    scores       of the evaluations so far, higher is better; whoever evaluates appends
    """

    def __init__(self, module: "NetModule", recipe: Recipe, num_samples: int | None = None) -> None:
        """Begin with ``module`` as it is; by ``num_samples``, the size of the training set, epochs are counted.

        Raises:
            NetError: if the recipe counts epochs, and ``num_samples`` is not given.
        """
        if num_samples is None and recipe.lr.counts_epochs:
            cure = "give num_samples, or count iterations in the recipe"
            message = "how long is an epoch? The recipe's learning rate depends on it"
            raise NetError(Diagnostic("N708", message, help=cure))
        self.module = module
        self.recipe = recipe
        self.num_samples = num_samples
        self.iteration = 0
        self.scores: tuple[float, ...] = ()
        self.history: dict[str, Tensor] = {}
        """What the method remembers, by weight (``conv1/0``)."""
        grouped: dict[tuple[float, float], list[tuple[Tensor, Tensor]]] = defaultdict(list)
        for learned in module.learned():
            weight = learned.tensor
            weight.requires_grad_(learned.lr_mult != 0)  # what stays as it is needs no backward pass
            if learned.lr_mult != 0:
                remembered = torch.zeros_like(weight, requires_grad=False)
                self.history[f"{learned.layer}/{learned.index}"] = remembered
                grouped[learned.lr_mult, learned.decay_mult].append((weight, remembered))
        self._groups = [
            Group(*multipliers, [weight for weight, _ in members], [remembered for _, remembered in members])
            for multipliers, members in grouped.items()
        ]

    @property
    def lr(self) -> float:
        """The learning rate of the iteration that comes next."""
        return self.recipe.lr.rate(Moment(self.iteration, self.epoch, self.scores))

    @property
    def epoch(self) -> float:
        """Passes over the training set finished."""
        return self.iteration * self.recipe.batch / self.num_samples if self.num_samples else 0.0

    @property
    def finished_epoch(self) -> bool:
        """Whether the last iteration finished a pass over the training set, and perhaps began the next."""
        assert self.num_samples is not None, "whoever asks trains on data"
        before = (self.iteration - 1) * self.recipe.batch
        return (before + self.recipe.batch) // self.num_samples > before // self.num_samples

    def step(self, **blobs: Tensor) -> Tensor:
        """One whole iteration on one batch; the loss before it, a scalar on the module's device."""
        self.module.set_step(self.recipe.seed, self.iteration)
        loss, _ = self.module.loss(**blobs)
        loss.backward()  # type: ignore[no-untyped-call]  # torch says nothing of it
        update = UPDATES[type(self.recipe.solver)]
        rate = self.lr
        with torch.no_grad():
            for group in self._groups:
                gradients = _taken(group.weights)
                _decay(group, gradients, self.recipe.solver.weight_decay * group.decay_mult)
                update(self.recipe.solver, group, gradients, rate * group.lr_mult)
        self.iteration += 1
        return loss.detach()

    def restore(self, iteration: int, scores: tuple[float, ...], history: Mapping[str, Tensor]) -> None:
        """Go on from a checkpoint; the module has its weights already."""
        self.iteration = iteration
        self.scores = scores
        for name, remembered in self.history.items():
            remembered.copy_(history[name])


def open_solver(recipe: "Recipe | str | PathLike[str]", module: "NetModule", num_samples: int | None = None) -> Solver:
    """A solver from a recipe or its file.

    Args:
        recipe: a recipe, or the path of one in YAML.
        module: the net to train, in phase TRAIN, on its device.
        num_samples: the size of the training set, for recipes that count epochs.
    """
    return Solver(module, recipe if isinstance(recipe, Recipe) else read_recipe(Path(recipe)), num_samples)


def _taken(weights: list[Tensor]) -> list[Tensor]:
    """The gradients of some weights, which are given up; 0 where no loss depends on a weight."""
    gradients = [torch.zeros_like(w) if w.grad is None else w.grad for w in weights]
    for weight in weights:
        weight.grad = None
    return gradients


def _decay(group: Group, gradients: list[Tensor], decay: float) -> None:
    if decay:
        torch._foreach_add_(gradients, group.weights, alpha=decay)


def sgd(method: Method, group: Group, gradients: list[Tensor], rate: float) -> None:
    """V = momentum V + rate g; w = w - V."""
    assert isinstance(method, Sgd)
    torch._foreach_mul_(group.history, method.momentum)
    torch._foreach_add_(group.history, gradients, alpha=rate)
    torch._foreach_sub_(group.weights, group.history)


UPDATES: dict[type[Method], Callable[[Method, Group, list[Tensor], float], None]] = {Sgd: sgd}
"""How a method uses its history and a gradient that has its weight decay."""
