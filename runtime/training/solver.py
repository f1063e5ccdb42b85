"""One iteration of training, as Caffe's solvers do it.

The order is Caffe's (solver.cpp, sgd_solver.cpp): the gradients of a batch's parts are summed, clipped, divided by the
number of parts, and only then weight decay is added; the method makes an update of them. With momentum the learning
rate is inside the history, so after a drop the old velocity coasts on.
"""

import math
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netdef.compiler.diagnostics import Diagnostic, Report
from netdef.compiler.net.weight_key import WeightKey
from netdef.compiler.net_error import NetError
from netdef.compiler.override import override
from netdef.runtime.tensors import fill_in, is_sharded
from netdef.runtime.training.division import Division
from netdef.runtime.training.gradients import Accelerate, Gradients
from netdef.runtime.training.recipe.file import read_recipe_file
from netdef.runtime.training.recipe.recipe import (
    AdaDelta,
    AdaGrad,
    Adam,
    Method,
    MomentumStyle,
    Nesterov,
    Recipe,
    Regularization,
    RmsProp,
    Sgd,
)
from netdef.runtime.training.recipe.schedule import Moment

if TYPE_CHECKING:
    from netdef.runtime.module import NetModule


class WeightGroup(NamedTuple):
    """Weights that share their multipliers, updated together.

    weights     what is learned
    history     what the method remembers of each: a list as long as ``weights``, or two
    """

    lr_mult: float
    decay_mult: float
    weights: list[Tensor]
    history: list[list[Tensor]]


class Solver:
    """A net, a recipe, and how far one has brought the other.

    module       the net that is trained, in phase TRAIN
    iteration    iterations finished
    scores       of the evaluations so far, higher is better; whoever evaluates appends
    """

    def __init__(
        self,
        module: "NetModule",
        recipe: Recipe,
        num_samples: int | None = None,
        *,
        division: Division | None = None,
        accelerate: Accelerate | None = None,
    ) -> None:
        """Begin with ``module`` as it is.

        Args:
            module: the net to train, in phase TRAIN, on its device.
            recipe: how.
            num_samples: the size of the training set, by which epochs are counted.
            division: how batches are divided over devices and passes; by default on one device, as the recipe says.
            accelerate: what makes the loss faster to compute, and nothing else.

        Raises:
            NetError: if the recipe counts epochs, and ``num_samples`` is not given.
        """
        if num_samples is None and recipe.lr.counts_epochs:
            help = "give num_samples, or count iterations in the recipe"
            message = "how long is an epoch? The recipe's learning rate depends on it"
            raise NetError(Diagnostic("N868", message, help=help))
        self.module = module
        self.recipe = recipe
        self.num_samples = num_samples
        self.iteration = 0
        self.scores: tuple[float, ...] = ()
        self.report = Report()
        """Warnings about the recipe's file."""
        self.history: dict[str, Tensor] = {}
        """What the method remembers, by weight (``conv1/0``, and ``conv1/0.1`` where it remembers two numbers)."""
        for learned in module.learned():
            learned.tensor.requires_grad_(learned.lr_mult != 0)  # what stays as it is needs no backward pass
        self._gradients = Gradients(
            module, division or Division(num_parts=recipe.iter_size, iter_size=recipe.iter_size), accelerate
        )
        groups: dict[tuple[float, float], WeightGroup] = {}
        num_remembered = recipe.solver.num_remembered
        for learned in module.learned():
            weight = learned.tensor
            if learned.lr_mult != 0:
                multipliers = learned.lr_mult, learned.decay_mult
                group = groups.setdefault(
                    multipliers, WeightGroup(*multipliers, [], [[] for _ in range(num_remembered)])
                )
                group.weights.append(weight)
                for number, members in enumerate(group.history):
                    remembered = torch.zeros_like(weight, requires_grad=False)
                    self.history[f"{WeightKey(learned.layer, learned.index)}{f'.{number}' if number else ''}"] = (
                        remembered
                    )
                    members.append(remembered)
        self._groups = list(groups.values())

    @override
    def __repr__(self) -> str:
        name = self.module.net.name or self.module.net.definition.path
        return f"<Solver of {name}: {self.recipe.solver}, iteration {self.iteration}, learning rate {self.lr:g}>"

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
        """One whole iteration on this device's share of a batch; the batch's loss before it, a scalar on the device.

        Raises:
            NetError: if the batch can't be divided into the recipe's ``iter_size`` parts.
        """
        method = self.recipe.solver
        iter_size, num_summed = self.recipe.iter_size, self._gradients.num_summed
        loss = self._gradients.of(self.recipe.seed, self.iteration, blobs)
        rate = self.lr
        self.iteration += 1
        with torch.no_grad():
            taken = [_taken(group.weights) for group in self._groups]
            if num_summed != iter_size:  # Caffe's sum, whatever the division
                for gradients in taken:
                    torch._foreach_mul_(gradients, iter_size / num_summed)
            if method.clip_gradients is not None:
                _clip([gradient for gradients in taken for gradient in gradients], method.clip_gradients)
            for group, gradients in zip(self._groups, taken, strict=True):
                if iter_size > 1:
                    torch._foreach_mul_(gradients, 1 / iter_size)
                if not isinstance(method, Sgd) or isinstance(method, Nesterov):
                    _decay(group, gradients, method)
                UPDATES[type(method)](method, group, gradients, rate * group.lr_mult, self.iteration)
        return loss

    def restore(self, iteration: int, scores: tuple[float, ...], history: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on from a checkpoint; the module has its weights already."""
        self.iteration = iteration
        self.scores = scores
        for name, remembered in self.history.items():
            fill_in(remembered, history[name])


def open_solver(recipe: "Recipe | str | PathLike[str]", module: "NetModule", num_samples: int | None = None) -> Solver:
    """A solver from a recipe or its file.

    Args:
        recipe: a recipe, or the path of one: YAML, or Caffe's ``solver.prototxt``.
        module: the net to train, in phase TRAIN, on its device.
        num_samples: the size of the training set, for recipes that count epochs.
    """
    if isinstance(recipe, Recipe):
        return Solver(module, recipe, num_samples)
    file = read_recipe_file(Path(recipe))
    solver = Solver(module, file.recipe, num_samples)
    solver.report = file.report
    return solver


def _taken(weights: list[Tensor]) -> list[Tensor]:
    """The gradients of some weights, which are given up; 0 where no loss depends on a weight."""
    gradients = [torch.zeros_like(w) if w.grad is None else w.grad for w in weights]
    for weight in weights:
        weight.grad = None
    return gradients


def _clip(gradients: list[Tensor], longest: float) -> None:
    """Shorten all gradients together where they are longer; no number has to leave the device for it."""
    if gradients:
        length = torch.stack(torch._foreach_norm(gradients)).norm()
        torch._foreach_mul_(gradients, (longest / length).clamp(max=1.0))


def _decay(group: WeightGroup, gradients: list[Tensor], method: Method) -> None:
    decay = method.weight_decay * group.decay_mult
    if decay:
        is_l1 = method.regularization is Regularization.L1
        torch._foreach_add_(gradients, torch._foreach_sign(group.weights) if is_l1 else group.weights, alpha=decay)


# ---- the methods: gradients that have their weight decay, and a history, to an update of the weights
def sgd(method: Method, group: WeightGroup, gradients: list[Tensor], rate: float, iteration: int) -> None:
    """V = momentum V + rate (g + decay w); w = w - V: in one pass over memory, half of what single steps take."""
    assert isinstance(method, Sgd)
    inside, outside = _places(rate, method)
    is_l2 = method.regularization is Regularization.L2
    if not is_l2:
        _decay(group, gradients, method)
    (velocity,) = group.history
    torch._fused_sgd_(
        _own(group.weights),
        _own(gradients),
        _own(velocity) if method.momentum else [],
        weight_decay=method.weight_decay * group.decay_mult if is_l2 else 0.0,
        momentum=method.momentum,
        lr=outside if method.momentum else rate,
        dampening=1 - inside,
        nesterov=False,
        maximize=False,
        is_first_step=False,
    )


def _own(tensors: list[Tensor]) -> list[Tensor]:
    """Of sharded tensors the shares that are here: the fused update knows no others."""
    return [tensor.to_local() if is_sharded(tensor) else tensor for tensor in tensors]  # type: ignore[attr-defined]


def nesterov(method: Method, group: WeightGroup, gradients: list[Tensor], rate: float, iteration: int) -> None:
    """V' = momentum V + rate g; w = w - (1 + momentum) V' + momentum V."""
    assert isinstance(method, Nesterov)
    inside, outside = _places(rate, method)
    (velocity,) = group.history
    updates = torch._foreach_mul(velocity, -method.momentum)
    torch._foreach_mul_(velocity, method.momentum)
    torch._foreach_add_(velocity, gradients, alpha=inside)
    torch._foreach_add_(updates, velocity, alpha=1 + method.momentum)
    torch._foreach_add_(group.weights, updates, alpha=-outside)


def _places(rate: float, method: Sgd) -> tuple[float, float]:
    """What a gradient is multiplied by on its way into the history, and on its way out of it."""
    return (rate, 1.0) if method.momentum_style is MomentumStyle.CAFFE else (1.0, rate)


def adagrad(method: Method, group: WeightGroup, gradients: list[Tensor], rate: float, iteration: int) -> None:
    """H = H + g^2; w = w - rate g / (sqrt(H) + delta)."""
    assert isinstance(method, AdaGrad)
    (squares,) = group.history
    torch._foreach_addcmul_(squares, gradients, gradients)
    _descend(group, gradients, squares, method.delta, rate)


def rmsprop(method: Method, group: WeightGroup, gradients: list[Tensor], rate: float, iteration: int) -> None:
    """H = rms_decay H + (1 - rms_decay) g^2; w = w - rate g / (sqrt(H) + delta)."""
    assert isinstance(method, RmsProp)
    (squares,) = group.history
    _average(squares, gradients, method.rms_decay)
    _descend(group, gradients, squares, method.delta, rate)


def adadelta(method: Method, group: WeightGroup, gradients: list[Tensor], rate: float, iteration: int) -> None:
    """H = mean of g^2; u = g sqrt((U + delta) / (H + delta)); U = mean of u^2; w = w - rate u."""
    assert isinstance(method, AdaDelta)
    squares, lengths = group.history
    _average(squares, gradients, method.momentum)
    updates = list(torch._foreach_add(lengths, method.delta))
    torch._foreach_div_(updates, torch._foreach_add(squares, method.delta))
    torch._foreach_sqrt_(updates)
    torch._foreach_mul_(updates, gradients)
    _average(lengths, updates, method.momentum)
    torch._foreach_add_(group.weights, updates, alpha=-rate)


def adam(method: Method, group: WeightGroup, gradients: list[Tensor], rate: float, iteration: int) -> None:
    """M = mean of g, H = mean of g^2; w = w - rate' M / (sqrt(H) + delta), rate' corrected for their start at 0."""
    assert isinstance(method, Adam)
    means, squares = group.history
    torch._foreach_mul_(means, method.momentum)
    torch._foreach_add_(means, gradients, alpha=1 - method.momentum)
    _average(squares, gradients, method.momentum2)
    correction = math.sqrt(1 - method.momentum2**iteration) / (1 - method.momentum**iteration)
    _descend(group, means, squares, method.delta, rate * correction)


def _average(squares: list[Tensor], values: list[Tensor], share: float) -> None:
    """Go on with a share of the mean squares, and take the rest from new values."""
    torch._foreach_mul_(squares, share)
    torch._foreach_addcmul_(squares, values, values, value=1 - share)


def _descend(group: WeightGroup, directions: list[Tensor], squares: list[Tensor], delta: float, rate: float) -> None:
    """Update w to w - rate direction / (sqrt(squares) + delta)."""
    divisors = torch._foreach_sqrt(squares)
    torch._foreach_add_(divisors, delta)
    torch._foreach_addcdiv_(group.weights, directions, divisors, value=-rate)


UPDATES: dict[type[Method], Callable[[Method, WeightGroup, list[Tensor], float, int], None]] = {
    Sgd: sgd,
    Nesterov: nesterov,
    AdaGrad: adagrad,
    RmsProp: rmsprop,
    AdaDelta: adadelta,
    Adam: adam,
}
"""What a method makes of gradients, by learning rate and iteration; iterations count from 1."""
