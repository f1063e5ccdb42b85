"""Write nets for OpenCV: the text that `netdef expand` prints, weights, an image, and what netdef computes of it.

    python -m tests.opencv4.write FOLDER

Each net gets a folder with ``net.prototxt``, ``weights.caffemodel`` and ``arrays.npz`` (``in/BLOB``, ``out/BLOB``).
Weights are random, in files that protobuf writes by Caffe's numbers; with ../shared there are published ones, too.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

import netdef
from netdef.cli import main
from netdef.compiler.layers.normalization import BatchNorm
from netdef.compiler.net.net import Net, Node
from netdef.compiler.shape import Shape
from tests.compiler.caffe_proto import PROTO, blob

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("NETDEF_SHARED", ROOT.parent / "shared"))

SMALL_VGG = f"""
include "{ROOT / "nets/vgg.net"}"
input "data" [1, 3, 45, 51]
stage(1, depth: 2, channels: 4)
stage(2, depth: 2, channels: 8, last: 1)
classifier(10, 1, width: 16)
"""
V1 = """
name: "old"
input: "data" input_dim: 2 input_dim: 3 input_dim: 33 input_dim: 29
layers {
  name: "conv1" type: CONVOLUTION bottom: "data" top: "conv1" blobs_lr: 1 blobs_lr: 2
  convolution_param { num_output: 8 kernel_size: 5 stride: 2 pad: 2 group: 1 weight_filler { type: "xavier" } }
}
layers { name: "relu1" type: RELU bottom: "conv1" top: "conv1" }
layers { name: "pool1" type: POOLING bottom: "conv1" top: "pool1" pooling_param { kernel_size: 3 stride: 2 } }
layers { name: "norm1" type: LRN bottom: "pool1" top: "norm1" lrn_param { local_size: 3 alpha: 0.1 } }
layers {
  name: "side" type: CONVOLUTION bottom: "norm1" top: "side"
  convolution_param { num_output: 8 kernel_size: 1 weight_filler { type: "xavier" } }
}
layers { name: "sum" type: ELTWISE bottom: "norm1" bottom: "side" top: "sum" eltwise_param { coeff: 1 coeff: -0.5 } }
layers { name: "both" type: CONCAT bottom: "sum" bottom: "side" top: "both" }
layers {
  name: "fc1" type: INNER_PRODUCT bottom: "both" top: "fc1"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } }
}
layers { name: "drop1" type: DROPOUT bottom: "fc1" top: "fc1" }
layers { name: "prob" type: SOFTMAX bottom: "fc1" top: "prob" }
"""
V0 = """
name: "oldest"
input: "data" input_dim: 1 input_dim: 4 input_dim: 31 input_dim: 27
layers { layer { name: "pad1" type: "padding" pad: 2 } bottom: "data" top: "pad1" }
layers {
  layer { name: "conv1" type: "conv" num_output: 6 kernelsize: 5 group: 2 weight_filler { type: "xavier" } }
  bottom: "pad1" top: "conv1"
}
layers { layer { name: "tanh1" type: "tanh" } bottom: "conv1" top: "conv1" }
layers { layer { name: "pool1" type: "pool" pool: AVE kernelsize: 3 stride: 2 } bottom: "conv1" top: "pool1" }
layers {
  layer { name: "fc1" type: "innerproduct" num_output: 7 weight_filler { type: "xavier" } } bottom: "pool1" top: "fc1"
}
layers { layer { name: "prob" type: "softmax" } bottom: "fc1" top: "prob" }
"""


class Case(NamedTuple):
    """A net to be read: its file, and its weights where some are published."""

    name: str
    net: Path
    weights: Path | None = None


def cases(folder: Path) -> Iterator[Case]:
    """Nets of ours, of older formats, and published ones with their weights."""
    for name in ("digits", "lenet", "resnet50"):
        yield Case(name, ROOT / f"nets/{name}.net")
    for name, text in (("small_vgg.net", SMALL_VGG), ("v1.prototxt", V1), ("v0.prototxt", V0)):
        (folder / name).write_text(text, "utf-8")
        yield Case(name.partition(".")[0], folder / name)
    for found in sorted((SHARED / "corpus/caffemodel").glob("*/net.prototxt")):
        yield Case(f"published_{found.parent.name}", found, found.parent / "weights.caffemodel")


def write(case: Case, folder: Path) -> None:
    """Write one net's files."""
    net = netdef.load(case.net)
    folder.mkdir()
    state = [] if case.weights else ["--phase", "TEST"]  # what is published is for TEST alone
    assert main(["expand", str(case.net), *state, "-o", str(folder / "net.prototxt")]) == 0
    weights = folder / "weights.caffemodel"
    weights.write_bytes(case.weights.read_bytes() if case.weights else stored(net))
    module = netdef.module(net, weights=netdef.read_weights(weights))
    module.eval()
    generator = np.random.default_rng(0)
    images = {name: generator.uniform(-1, 1, sizes(shape)).astype(np.float32) for name, shape in net.inputs.items()}
    with torch.no_grad():
        outputs = module(*(torch.from_numpy(image) for image in images.values()))
    arrays: dict[str, Any] = {f"in/{name}": array for name, array in images.items()}
    arrays |= {f"out/{name}": array.numpy() for name, array in outputs.items()}
    np.savez(folder / "arrays.npz", **arrays)


def sizes(shape: Shape) -> list[int]:
    """The sizes of an input, which a file says."""
    return [int(size) for size in shape if isinstance(size, int)]


def stored(net: Net) -> bytes:
    """Random weights in Caffe's own file, as protobuf writes it."""
    file = PROTO["NetParameter"](name=net.name)
    generator = np.random.default_rng(1)
    for node in (node for node in net.nodes if node.weights):
        layer = file.layer.add(name=node.name, type=node.type)
        for index, each in enumerate(node.weights):
            made = blob(drawn(node, index, each.weight.shape, generator))
            made.shape.dim.extend(each.weight.shape)
            layer.blobs.append(made)
    return bytes(file.SerializeToString())


def drawn(node: Node, index: int, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """Numbers as a trained net has them: variances above 0, and sums that neither vanish nor grow."""
    if isinstance(node.layer, BatchNorm):
        return [generator.normal(0, 0.1, shape), generator.uniform(0.5, 1.5, shape), np.ones(shape)][index]
    inputs = int(np.prod(shape[1:])) or 1
    return generator.normal(0, (2 / inputs) ** 0.5 if len(shape) > 1 else 0.1, shape)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for each in cases(target):
        try:
            write(each, target / each.name)
        except netdef.NetError as error:
            print(f"{each.name} is left out: {error.report.errors[0].message}")
