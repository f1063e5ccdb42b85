"""ONNX export of VGG-16 with weights: ours against torch.onnx.export, whole processes.

    python tests/bench/export.py [--rounds 3]

Both read the same weights from a file and write a model of 553 MB. torch.onnx.export takes the same architecture in
plain PyTorch; with its dynamo exporter where onnxscript is installed, which that needs, and else with the TorchScript
one. The table says which. Memory is that of the process at its peak, pages of mapped files among it.
"""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from processes import compare

import netdef
from netdef.compiler.weights.fillers import fill

NET = Path(__file__).parents[2] / "nets" / "vgg16.net"

PLAIN = """
import sys
import torch
from safetensors.torch import load_file
from torch import nn

weights, out, dynamo = sys.argv[1], sys.argv[2], sys.argv[3] == "dynamo"
modules, channels = [], 3
for depth, width in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
    for _ in range(depth):
        modules += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
        channels = width
    modules.append(nn.MaxPool2d(2, ceil_mode=True))
modules.append(nn.Flatten())
for inputs, outputs in ((25088, 4096), (4096, 4096)):
    modules += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout()]
net = nn.Sequential(*modules, nn.Linear(4096, 1000), nn.Softmax(1)).eval()
stored = load_file(weights)
layers = sorted({key.rpartition("/")[0] for key in stored})
with_weights = [module for module in net if isinstance(module, nn.Conv2d | nn.Linear)]
for module, layer in zip(with_weights, layers, strict=True):
    module.weight = nn.Parameter(stored[f"{layer}/0"])
    module.bias = nn.Parameter(stored[f"{layer}/1"])
example = torch.zeros(1, 3, 224, 224)
if dynamo:
    batch = {0: torch.export.Dim("N")}
    torch.onnx.export(net, (example,), out, dynamo=True, dynamic_shapes=(batch,), external_data=False)
else:
    names = {"input_names": ["data"], "output_names": ["prob"]}
    axes = {"data": {0: "N"}, "prob": {0: "N"}}
    torch.onnx.export(net, (example,), out, dynamo=False, **names, dynamic_axes=axes)
"""


def main() -> None:
    """Run both in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    exporter = "dynamo" if find_spec("onnxscript") else "TorchScript"
    net = netdef.load(NET)
    with TemporaryDirectory() as folder:
        weights, out = f"{folder}/vgg16.safetensors", f"{folder}/vgg16.onnx"
        filled = {
            n.name: [fill(w.weight, (n.name, i), 0) for i, w in enumerate(n.weights)] for n in net.nodes if n.weights
        }
        netdef.write_weights(weights, filled)
        size = sum(array.nbytes for own in filled.values() for array in own) / 2**20
        del filled
        ours = [sys.executable, "-m", "netdef", "export", str(NET), "--onnx", "--weights", weights, "-o", out]
        theirs = [sys.executable, "-c", PLAIN, weights, out, exporter]
        print(f"weights: {size:.0f} MiB")
        compare({"netdef export": ours, f"torch.onnx.export ({exporter})": theirs}, args.rounds)


if __name__ == "__main__":
    main()
