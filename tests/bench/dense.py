"""What dense evaluation costs against 150 crops: multiply-adds, and time.

    python tests/bench/dense.py [--width 8] [--rounds 3]

The paper's protocol for one 4:3 image: three scales (256, 384, 512) and mirrors, as a whole or as 50 windows at each.
Multiply-adds are those of VGG-D itself; time is that of configuration D with ``width`` times fewer channels (1 is
VGG-D, minutes on a CPU). Windows are computed in batches, as netdef evaluate does.
"""

import argparse
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import torch

import netdef
from netdef.compiler.preprocess import Preprocessing
from netdef.compiler.schema.caffe import Channels
from netdef.compiler.shape import Pair
from netdef.runtime import lower
from netdef.runtime.data.crop import ImageCrop
from netdef.runtime.data.feed import Feed
from netdef.runtime.data.normalise import Normalise
from netdef.runtime.evaluation.views import GRID, NUM_PIXELS, Views, through
from netdef.runtime.trained import TrainedNet

VGG16 = Path(__file__).parents[2] / "nets/vgg16.net"
SCALES = (Pair(256, 341), Pair(384, 512), Pair(512, 683))
WINDOW = Pair(224, 224)
DENSE, CROPS = Views(mirror=True), Views(WINDOW, GRID, mirror=True)

NARROW = """
include "{blocks}"
input "data" [1, 3, 224, 224]
repeat s, (depth, channels) in [[2, 64], [2, 128], [3, 256], [3, 512], [3, 512]] {{
  stage(s, depth: depth, channels: channels / {width})
}}
classifier(1000, 1, 4096 / {width})
"""


def multiply_adds(views: Views) -> int:
    """Of VGG-D for one image."""
    total = 0
    for scaled in SCALES:
        shown = views.of(torch.empty(1, *scaled, 3, dtype=torch.uint8))
        shape = (1, 3, *shown[0].shape[1:3])
        total += len(shown) * netdef.load(VGG16, dense=True, sizes={"data": shape}).macs
    return total


@torch.inference_mode()
def seconds(trained: TrainedNet, views: Views) -> float:
    """For one image."""
    began = perf_counter()
    for scaled in SCALES:
        through(trained, views, torch.zeros(1, *scaled, 3, dtype=torch.uint8), NUM_PIXELS["cpu"])
    return perf_counter() - began


def narrow(width: int) -> TrainedNet:
    """Configuration D with fewer channels, dense."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "narrow.net"
        path.write_text(NARROW.format(blocks=VGG16.with_name("vgg.net"), width=width))
        module = lower(netdef.load(path, dense=True))
    feed = Feed(ImageCrop(WINDOW, 3), {"data": "data"}, Normalise(Preprocessing(Channels.BGR)))
    return TrainedNet(module=module, blob="fc8", feed=feed)


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    trained = narrow(args.width)
    rounds = [(seconds(trained, DENSE), seconds(trained, CROPS)) for _ in range(args.rounds + 1)][
        1:
    ]  # the first warms up
    macs = [multiply_adds(views) for views in (DENSE, CROPS)]
    times = [median(column) for column in zip(*rounds, strict=True)]
    print(f"One 4:3 image at 256, 384 and 512; time with 1/{args.width} of VGG-D's channels, {args.rounds} rounds")
    print(f"{'':12}{'GMACs, VGG-D':>14}{'seconds':>10}")
    for name, cost, time in zip(("dense", "150 crops"), macs, times, strict=True):
        print(f"{name:12}{cost / 1e9:14,.0f}{time:10.2f}")
    ratio = median(crops / dense for dense, crops in rounds)
    print(f"dense is {macs[1] / macs[0]:.2f} times cheaper in multiply-adds, {ratio:.2f} times in time")


if __name__ == "__main__":
    main()
