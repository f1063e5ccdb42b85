"""VGG-16 forward on the CPU: our module against the same architecture in plain PyTorch.

    python tests/bench/forward.py [--batch 1] [--rounds 15]

Both run in one process, in turns, with the same weights; plain PyTorch is an ``nn.Sequential`` with
``ReLU(inplace=True)``, which is its faster form. The table gives the median of the rounds and the median of the
ratios within a round.
"""

import argparse
from pathlib import Path
from statistics import median
from time import perf_counter

import torch
from torch import Tensor, nn

import netdef
from netdef.runtime import NetModule, lower

STAGES = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))


def plain() -> nn.Sequential:
    """VGG-16 as people write it by hand."""
    modules: list[nn.Module] = []
    channels = 3
    for depth, width in STAGES:
        for _ in range(depth):
            modules += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
            channels = width
        modules.append(nn.MaxPool2d(2, ceil_mode=True))
    modules.append(nn.Flatten())
    for inputs, outputs in ((25088, 4096), (4096, 4096)):
        modules += [nn.Linear(inputs, outputs), nn.ReLU(inplace=True), nn.Dropout()]
    return nn.Sequential(*modules, nn.Linear(4096, 1000), nn.Softmax(1)).eval()


def take(theirs: nn.Sequential, ours: NetModule) -> None:
    """Copy our weights, in the layout that ``nn.Conv2d`` gives them."""
    with_weights = [m for m in theirs if isinstance(m, nn.Conv2d | nn.Linear)]
    for module, layer in zip(with_weights, ours.net.params, strict=True):
        weight, bias = ours.layer_params(layer)
        module.weight = nn.Parameter(weight.clone(memory_format=torch.contiguous_format))
        module.bias = nn.Parameter(bias)


def seconds(module: nn.Module, *args: Tensor, **blobs: Tensor) -> float:
    """One forward pass."""
    start = perf_counter()
    module(*args, **blobs)
    return perf_counter() - start


@torch.inference_mode()
def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    ours = lower(netdef.load(Path(__file__).parents[2] / "nets/vgg16.net"))
    theirs = plain()
    take(theirs, ours)
    images = torch.randn(args.batch, 3, 224, 224)
    difference = (ours(data=images)["prob"] - theirs(images)).abs().max()
    seconds(ours, data=images), seconds(theirs, images)
    times = []
    for turn in range(args.rounds):  # whoever runs second finds other caches: take turns at that too
        if turn % 2:
            times.append((seconds(ours, data=images), seconds(theirs, images)))
        else:
            first = seconds(theirs, images)
            times.append((seconds(ours, data=images), first))
    columns = [median(column) * 1000 for column in zip(*times, strict=True)]
    ratio = median(b / a for a, b in times)
    print(f"VGG-16 forward, batch {args.batch}, {torch.get_num_threads()} threads, {args.rounds} rounds")
    print(f"{'':24}{'median ms':>12}")
    for name, column in zip(("netdef", "plain PyTorch, in place"), columns, strict=True):
        print(f"{name:24}{column:12.1f}")
    print(f"ratio {ratio:.3f} (target >= 1.0); greatest difference of a probability {difference:.1e}")


if __name__ == "__main__":
    main()
