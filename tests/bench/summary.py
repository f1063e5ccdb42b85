"""`netdef summary` against torchinfo on the same net in plain PyTorch, as whole processes.

Target: at most 1/20 of torchinfo's time and 24 MB; ResNet-152's 6,775 lines within 3 times VGG-16.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from processes import compare
from resnet152 import ROOT, resnet152

TORCHINFO = """
from torch import nn
from torchinfo import summary

def convs(c_in, c_out, depth):
    for i in range(depth):
        yield nn.Conv2d(c_in if i == 0 else c_out, c_out, 3, padding=1)
        yield nn.ReLU(inplace=True)
    yield nn.MaxPool2d(2)

channels = [3, 64, 128, 256, 512, 512]
stages = [m for a, b, n in zip(channels, channels[1:], (2, 2, 3, 3, 3)) for m in convs(a, b, n)]
fc = [m for a, b in ((25088, 4096), (4096, 4096)) for m in (nn.Linear(a, b), nn.ReLU(inplace=True), nn.Dropout())]
net = nn.Sequential(*stages, nn.Flatten(), *fc, nn.Linear(4096, 1000), nn.Softmax(1))
print(summary(net, (1, 3, 224, 224)))
"""

netdef = [str(Path(sys.executable).parent / "netdef"), "summary"]
with TemporaryDirectory() as folder:
    commands = {
        "netdef, VGG-16": [*netdef, str(ROOT / "nets/vgg16.net")],
        "torchinfo, VGG-16": [sys.executable, "-c", TORCHINFO],
        "netdef, ResNet-152": [*netdef, str(resnet152(Path(folder)))],
    }
    compare(commands, rounds=7)
