"""A training with its weights: what a setup becomes when there are some."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor, nn

from netdef.compiler.weights.stored import Weights
from netdef.runtime.data.batches import TrainingBatches
from netdef.runtime.hardware.acceleration import accelerated, prepare_module
from netdef.runtime.hardware.execution_settings import ExecutionSettings, graphs_pay, settings_for
from netdef.runtime.lower_net import lower
from netdef.runtime.module import NetModule
from netdef.runtime.training.progress import Display
from netdef.runtime.training.setup import TrainingSetup
from netdef.runtime.training.solver import Solver


class Job(NamedTuple):
    """What is trained.

    setup      on what, and how
    module     the net in phase TRAIN
    tester     the same net in phase TEST; the two share their weights
    settings   how the hardware is used
    """

    setup: TrainingSetup
    module: NetModule
    tester: NetModule
    settings: ExecutionSettings


def job_of(setup: TrainingSetup, weights: Weights | None = None) -> Job:
    """The job that begins with some weights; by default with the fillers, under the recipe's seed."""
    recipe, hardware, division = setup.recipe, setup.hardware, setup.division
    graphs = graphs_pay(setup.train_net, recipe.batch // division.group.size, division.num_own)
    settings = settings_for(hardware.device, hardware.settings, graphs=graphs)
    module = lower(setup.train_net, weights, seed=recipe.seed).to(hardware.device)
    if hardware.sync_batchnorm:
        module.normalise_over(division.group)
    tester = lower(setup.test_net, share=module).to(hardware.device)
    prepare_module(module, settings)
    return Job(setup, module, tester, settings)


def solver_of(job: Job, display: Display) -> Solver:
    """The job's solver, before its first iteration."""

    def accelerate(loss_of: nn.Module) -> Callable[..., Tensor]:
        return accelerated(loss_of, job.settings, display.remark)

    setup = job.setup
    return Solver(job.module, setup.recipe, len(setup.data.train), division=setup.division, accelerate=accelerate)


def training_batches(setup: TrainingSetup) -> TrainingBatches:
    """The batches of a training, by iteration."""
    recipe, feed = setup.recipe, setup.feeding
    return TrainingBatches(
        setup.data.train,
        feed.crop,
        recipe.batch,
        recipe.seed,
        shuffled=feed.shuffled,
        skip=setup.skip,
        own=setup.division.own(recipe.batch),
    )
