"""Training VGG A to E: our module and solver against the same architectures in plain PyTorch.

    python tests/bench/train_throughput.py [--nets A B C D E] [--batch 8] [--size 64] [--steps 9] [--forward]

Both have the same settings (``--precision`` and so on; by default what the device likes), the same batch, and SGD with
momentum and weight decay. Plain PyTorch is laid out as torchvision's VGG: features, then a classifier with
``nn.Dropout``, ``functional.cross_entropy`` and ``torch.optim.SGD``. They run in one process, in turns; the table
gives medians. Peak is a matrix product in the same run and number format; a training step counts three times the
forward pass's multiply-adds, less the first layer's gradient by its input. ``--forward`` times inference instead.
"""

import argparse
import platform
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

import netdef
from netdef.commands.options import speed_arguments
from netdef.runtime import lower
from netdef.runtime.settings import Precision, Settings, settings_for
from netdef.runtime.speed import hastened, prepare_module
from netdef.runtime.training.prepare import device_of
from netdef.runtime.training.recipe import Recipe
from netdef.runtime.training.schedule import Fixed
from netdef.runtime.training.solver import Solver

NETS = {
    "A": ("vgg11", ((3,), (3,), (3, 3), (3, 3), (3, 3))),
    "B": ("vgg13", ((3, 3),) * 5),
    "C": ("vgg16_1x1", ((3, 3), (3, 3), (3, 3, 1), (3, 3, 1), (3, 3, 1))),
    "D": ("vgg16", ((3, 3), (3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3))),
    "E": ("vgg19", ((3, 3), (3, 3), (3,) * 4, (3,) * 4, (3,) * 4)),
}
"""By the paper's letter: our file, and the kernels of each stage."""
CLASSES, RATE, MOMENTUM, DECAY = 1000, 1e-3, 0.9, 5e-4
WARM_UP = 3

Step = Callable[[], object]


class Plain(nn.Module):
    """A VGG in torchvision's layout."""

    def __init__(self, stages: tuple[tuple[int, ...], ...], size: int) -> None:
        super().__init__()
        modules: list[nn.Module] = []
        channels = 3
        for stage, width in zip(stages, (64, 128, 256, 512, 512), strict=True):
            for kernel in stage:
                modules += [nn.Conv2d(channels, width, kernel, padding=kernel // 2), nn.ReLU(inplace=True)]
                channels = width
            modules.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*modules)
        hidden = [nn.Linear(512 * (size // 32) ** 2, 4096), nn.Linear(4096, 4096)]
        dropped = [module for linear in hidden for module in (linear, nn.ReLU(inplace=True), nn.Dropout())]
        self.classifier = nn.Sequential(*dropped, nn.Linear(4096, CLASSES))

    def forward(self, data: Tensor, label: Tensor | None = None) -> Tensor:
        scores: Tensor = self.classifier(self.features(data).flatten(1))
        return scores if label is None else functional.cross_entropy(scores, label)


class Rivals(NamedTuple):
    """What is timed in turns, and the multiply-adds of one step."""

    ours: Step
    theirs: Step
    macs: float


def training(letter: str, batch: int, size: int, device: torch.device, settings: Settings) -> Rivals:
    """A training step of either."""
    file, stages = NETS[letter]
    images, labels = samples(batch, size, device)
    net = load(file, "TRAIN", batch, size)
    module = lower(net).to(device)
    prepare_module(module, settings)
    solver = fast_solver(module, Recipe(batch=batch, lr=Fixed(rate=RATE)), settings)
    plain = Plain(stages, size).to(device)
    prepare_module(plain, settings)
    loss_of = hastened(plain, settings, print)
    optimizer = torch.optim.SGD(
        plain.parameters(), RATE, MOMENTUM, weight_decay=DECAY, fused=device.type == "cuda", foreach=None
    )

    def step() -> None:
        optimizer.zero_grad()
        loss_of(data=images, label=labels).backward()
        optimizer.step()

    first = next(node.macs for node in net.nodes if node.macs)
    return Rivals(lambda: solver.step(data=images, label=labels), step, 3 * net.macs - first)
