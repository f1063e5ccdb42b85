"""Training VGG A to E: our module and solver against the same architectures in plain PyTorch.

    python tests/bench/train_throughput.py [--nets A B C D E] [--batch 8] [--size 64] [--steps 9] [--forward]

Both have the same settings (``--precision`` and so on; by default what suits the device), the same batch, and SGD with
momentum and weight decay. Plain PyTorch is laid out as torchvision's VGG: features, then a classifier with
``nn.Dropout``, ``functional.cross_entropy`` and ``torch.optim.SGD``. They run in one process, in turns; the table
gives medians. Peak is a matrix product in the same run and number format; a training step counts three times the
forward pass's multiply-adds, less the first layer's gradient by its input. GiB is a GPU's peak and counts the other's
weights, too. ``--forward`` times inference instead.
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
from netdef.compiler.override import override
from netdef.compiler.shape import known
from netdef.options.hardware import speed_arguments
from netdef.runtime import lower
from netdef.runtime.hardware.acceleration import accelerated, prepare_module
from netdef.runtime.hardware.devices import device_of
from netdef.runtime.hardware.execution_settings import ExecutionSettings, Precision, settings_for
from netdef.runtime.training.recipe.recipe import Recipe, Sgd
from netdef.runtime.training.recipe.schedule import Fixed
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

    @override
    def forward(self, data: Tensor, label: Tensor | None = None) -> Tensor:
        scores: Tensor = self.classifier(self.features(data).flatten(1))
        return scores if label is None else functional.cross_entropy(scores, label)


class Rivals(NamedTuple):
    """What is timed in turns, and the multiply-adds of one step."""

    ours: Step
    theirs: Step
    macs: float


def training(letter: str, batch: int, size: int, device: torch.device, settings: ExecutionSettings) -> Rivals:
    """A training step of either."""
    file, stages = NETS[letter]
    images, labels = samples(batch, size, device)
    net = load(file, "TRAIN", batch, size)
    module = lower(net).to(device)
    prepare_module(module, settings)
    recipe = Recipe(batch=batch, lr=Fixed(base=RATE), solver=Sgd(momentum=MOMENTUM, weight_decay=DECAY))
    solver = Solver(module, recipe, accelerate=lambda loss_of: accelerated(loss_of, settings, print))
    plain = Plain(stages, size).to(device)
    prepare_module(plain, settings)
    loss_of = accelerated(plain, settings, print)
    optimizer = torch.optim.SGD(
        plain.parameters(), RATE, MOMENTUM, weight_decay=DECAY, fused=device.type == "cuda", foreach=None
    )

    def step() -> None:
        optimizer.zero_grad()
        loss_of(data=images, label=labels).backward()
        optimizer.step()

    first = next(macs for node in net.nodes if (macs := known(node.macs)))
    return Rivals(lambda: solver.step(data=images, label=labels), step, 3 * net.macs - first)


def inference(letter: str, batch: int, size: int, device: torch.device, settings: ExecutionSettings) -> Rivals:
    """A forward pass of either."""
    file, stages = NETS[letter]
    images, _ = samples(batch, size, device)
    net = load(file, "TEST", batch, size)
    module, plain = lower(net).to(device), Plain(stages, size).to(device).eval()
    for each in (module, plain):
        prepare_module(each, settings)
    ours, theirs = accelerated(module, settings, print), accelerated(plain, settings, print)
    no_gradients = torch.inference_mode()
    return Rivals(
        no_gradients(lambda: ours(data=images)), no_gradients(lambda: theirs(data=images).softmax(1)), net.macs
    )


def load(file: str, phase: str, batch: int, size: int) -> netdef.Net:
    """One of our nets at another size; its claims are about its own."""
    path = Path(__file__).parents[2] / f"nets/{file}.net"
    return netdef.load(path, phase=phase, set={"N": batch}, sizes={"data": (batch, 3, size, size)})


def samples(batch: int, size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Random images and labels."""
    return torch.randn(batch, 3, size, size, device=device), torch.randint(CLASSES, (batch,), device=device)


def seconds(step: Step, device: torch.device) -> float:
    """One step, to the end of the device's work."""
    start = perf_counter()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return perf_counter() - start


def peak_flops(device: torch.device, precision: Precision) -> float:
    """What the device reaches on a matrix product, in operations per second."""
    formats = {Precision.BF16: torch.bfloat16, Precision.FLOAT64: torch.float64}
    side = 8192 if device.type == "cuda" else 512  # bf16 may be emulated on a CPU
    a, b = torch.randn(2, side, side, device=device, dtype=formats.get(precision, torch.float32))
    return 2 * side**3 / min(seconds(lambda: a @ b, device) for _ in range(8))


def memory(step: Step, device: torch.device) -> float:
    """GiB at the peak of a step; of a CPU's memory nobody keeps count."""
    if device.type != "cuda":
        return float("nan")
    torch.cuda.reset_peak_memory_stats()
    step()
    return torch.cuda.max_memory_allocated() / 2**30


def race(rivals: Rivals, steps: int, device: torch.device) -> tuple[list[float], list[float]]:
    """Seconds of the steps of both; whoever runs second finds other caches, so they take turns at that too."""
    for step in (rivals.ours, rivals.theirs) * WARM_UP:
        step()
    ours: list[float] = []
    theirs: list[float] = []
    for turn in range(steps):
        order = ((ours, rivals.ours), (theirs, rivals.theirs))
        for times, step in order if turn % 2 else reversed(order):
            times.append(seconds(step, device))
    return ours, theirs


def main() -> None:
    """Run the races and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nets", nargs="+", choices=NETS, default=[*NETS])
    parser.add_argument("--batch", type=int, help="256 on CUDA, else 8")
    parser.add_argument("--size", type=int, help="pixels, a multiple of 32; 224 on CUDA, else 64")
    parser.add_argument("--steps", type=int, default=9)
    parser.add_argument("--forward", action="store_true", help="time inference")
    parser.add_argument("--device")
    speed_arguments(parser)
    args = parser.parse_args()
    device = device_of(args.device)
    on_gpu = device.type == "cuda"
    batch, size = args.batch or (256 if on_gpu else 8), args.size or (224 if on_gpu else 64)
    settings = settings_for(device, vars(args))
    peak = peak_flops(device, settings.precision)
    where = torch.cuda.get_device_name(device) if on_gpu else f"CPU {platform.machine()}, no GPU measured"
    print(f"{where}, {torch.get_num_threads()} threads, torch {torch.__version__}, {date.today()}")
    print(f"{'inference' if args.forward else 'training'}, batch {batch}, {size} px, {settings.text}")
    print(f"a matrix product reaches {peak / 1e12:.3f} TFLOP/s")
    print("net   netdef img/s    MFU     GiB   plain img/s    MFU     GiB   ratio")
    for letter in args.nets:
        rivals = (inference if args.forward else training)(letter, batch, size, device, settings)
        times = race(rivals, args.steps, device)
        columns = []
        for taken, step in zip(map(median, times), (rivals.ours, rivals.theirs), strict=True):
            share = 2 * rivals.macs / taken / peak
            columns.append(f"{batch / taken:13.1f} {share:6.1%} {memory(step, device):7.1f}")
        ratio = median(theirs / ours for ours, theirs in zip(*times, strict=True))
        print(f"{letter:3}{columns[0]} {columns[1]} {ratio:7.3f}", flush=True)


if __name__ == "__main__":
    main()
