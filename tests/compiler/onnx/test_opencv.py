"""Exported models in OpenCV 5, another reader of ONNX: the same answers as ONNX Runtime's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netdef
from netdef.compiler.layers.normalization import BatchNorm
from netdef.compiler.net.net import Net
from netdef.compiler.onnx import save_model
from tests.nets import net_of
from tests.onnx_runtime import run

cv2: Any = pytest.importorskip("cv2")

NETS = Path(__file__).parents[3] / "nets"

CLOSE = 1e-4
"""Of the greatest score. OpenCV's convolutions are Winograd's, whose sums differ more than an order of adding."""


def agrees(net: Net, folder: Path, dynamic: tuple[str, ...] = ("N",)) -> None:
    """Both give the same numbers for the same random image."""
    statistics = {  # as a trained net has them: the fillers' variances of 0 would make every BatchNorm multiply by 316
        node.name: [np.zeros(node.weights[0].weight.shape), np.ones(node.weights[1].weight.shape), np.ones(1)]
        for node in net.nodes
        if isinstance(node.layer, BatchNorm)
    }
    (path,) = save_model(net, folder / "model.onnx", statistics, dynamic=dynamic).files
    ((name, shape),) = net.inputs.items()
    x = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)  # type: ignore[arg-type]
    wanted = run(str(path), {name: x})
    reader = cv2.dnn.readNetFromONNX(str(path))
    reader.setInput(x)
    found = reader.forward(list(wanted))
    for array, (output, numbers) in zip(found, wanted.items(), strict=True):
        assert array.shape == numbers.shape, output
        assert np.abs(array - numbers).max() <= CLOSE * np.abs(numbers).max(), output


@pytest.mark.parametrize("dynamic", [(), ("N",)])
@pytest.mark.parametrize("name", ["digits", "lenet"])
def test_small_nets(name: str, dynamic: tuple[str, ...], tmp_path: Path) -> None:
    agrees(netdef.load(NETS / f"{name}.net"), tmp_path, dynamic)


def test_a_small_vgg(tmp_path: Path) -> None:
    text = (NETS / "vgg.net").read_text("utf-8")
    net = net_of(f"""{text}
        input "data" [1, 3, 45, 51]
        stage(1, depth: 2, channels: 4)
        stage(2, depth: 2, channels: 8, last: 1)
        classifier(10, 1, width: 16)
    """)
    agrees(net, tmp_path)


def test_a_small_net_of_many_layers(tmp_path: Path) -> None:
    net = net_of("""
        input "data" [1, 3, 23, 19]
        layer "conv" Convolution { num_output: 8 kernel_size: 3 stride: 2 group: 1 weight_filler { type: "msra" } }
        layer "bn" BatchNorm
        layer "scale" Scale { bias_term: true filler { type: "uniform" } bias_filler { type: "uniform" } }
        layer "slope" PReLU
        layer "norm" LRN { local_size: 3 alpha: 0.1 }
        layer "max" Pooling { kernel_size: 3 stride: 2 }
        layer "average" Pooling { pool: AVE kernel_size: 3 stride: 2 pad: 1 }
        layer "parts" Slice { top: ["a", "b"] }
        layer "elu" ELU { bottom: "a" }
        layer "sum" Eltwise { bottom: ["a", "b"] coeff: [1, -0.5] }
        layer "up" Deconvolution { num_output: 4 kernel_size: 4 stride: 2 pad: 1 weight_filler { type: "msra" } }
        layer "tanh" TanH
        layer "flat" Flatten
        layer "ip" InnerProduct { num_output: 5 weight_filler { type: "xavier" } }
        layer "prob" Softmax
    """)
    agrees(net, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vgg16", "alexnet", "resnet50"])
def test_large_nets(name: str, tmp_path: Path) -> None:
    agrees(netdef.load(NETS / f"{name}.net"), tmp_path)
