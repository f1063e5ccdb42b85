"""A training with its weights: what a setup becomes when there are some."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor, nn

from netdef.compiler.weights.stored import Weights
from netdef.runtime.data.batches import Batch, TrainingBatches
from netdef.runtime.data.labels import LabelCheck
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
    labels, test_labels   what looks at the labels of batches, in training and in the tests
    """

    setup: TrainingSetup
    module: NetModule
    tester: NetModule
    settings: ExecutionSettings
    labels: LabelCheck
    test_labels: LabelCheck

    def inputs(self, batch: Batch) -> dict[str, Tensor]:
        """A training batch as the net's inputs; raises ``NetError`` where a label is no number of a class."""
        self.labels.check(batch)
        return self.setup.feeding.inputs(batch, self.setup.device)


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
    known = setup.known_labels
    labels = LabelCheck(module, setup.feeding, setup.test_net, known=known)
    test_labels = LabelCheck(tester, setup.testing, setup.train_net, known=known)
    return Job(setup, module, tester, settings, labels, test_labels)


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
