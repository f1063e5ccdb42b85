"""Verification: it passes what agrees, and names the first layer that does not."""

import json
from pathlib import Path

import numpy as np
import pytest

import netdef
from netdef.compiler.layers.activation import ReLU
from netdef.compiler.layers.base import Layer
from netdef.compiler.net.net import Node
from netdef.compiler.onnx.base import EXPORT
from netdef.compiler.onnx.graph import Graph
from netdef.runtime.verification.verify import difference, verify

NETS = Path(__file__).parents[3] / "nets"

TEXT = """
    name: "small"
    input "data" [1, 3, 12, 13]
    layer "conv1" Convolution { num_output: 4 kernel_size: 3 weight_filler { type: "msra" } }
    layer "relu1" ReLU
    layer "pool1" Pooling { kernel_size: 3 stride: 2 }
    layer "conv2" Convolution { num_output: 4 kernel_size: 3 weight_filler { type: "msra" } }
    layer "relu2" ReLU
    layer "prob" Softmax
    preprocess { scale: 0.01 }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.net"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_agreement_at_every_size_that_the_net_allows(file: Path) -> None:
    certificate = verify(netdef.load(file))
    assert certificate.agrees
    assert [case.inputs["data"] for case in certificate.cases] == [
        (1, 3, 12, 13),
        (3, 3, 12, 13),
        (1, 3, 17, 16),
        (1, 3, 44, 77),
    ]
    assert [found.blob for found in certificate.cases[0].blobs] == [
        "conv1@conv1",
        "conv1",
        "pool1",
        "conv2@conv2",
        "conv2",
        "prob",
    ]
    assert [found.blob for found in certificate.cases[0].outputs] == ["prob"]
    assert 0 < certificate.worst.max_rel < 1e-5


def test_a_net_of_one_size_is_compared_at_it(file: Path) -> None:
    file.write_text(TEXT + 'layer "ip" InnerProduct { num_output: 2 }', encoding="utf-8")
    assert [case.inputs["data"][0] for case in verify(netdef.load(file), batches=(2, 5)).cases] == [2, 5]
    assert len(verify(netdef.load(file), dynamic=()).cases) == 1


def wrong_relu(layer: Layer, node: Node, graph: Graph) -> None:
    graph.op("Elu", node.bottoms[0].id, into=node.tops[0].id, alpha=0.01)


def test_the_first_layer_that_differs_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXPORT._rules, ReLU, wrong_relu)
    certificate = verify(netdef.load(file))
    assert not certificate.agrees
    assert certificate.first is not None
    assert (certificate.first.layer, certificate.first.blob) == ("relu1", "conv1")
    assert "DIFFERENT" in certificate.table()
    assert "relu1" in certificate.table()
    assert json.loads(certificate.json())["first_difference"]["layer"] == "relu1"


@pytest.mark.parametrize(
    ("found", "wanted", "max_abs", "max_rel"),
    [
        ([1, 2, 4], [1, 2, 5], 1, 0.2),
        ([1e-4, 0], [0, 0], 1e-4, 0.1),
        ([np.nan, np.inf, -np.inf, 1], [np.nan, np.inf, -np.inf, 1], 0, 0),
        ([np.nan, 1], [1, 1], np.inf, np.inf),
        ([1, 1], [np.inf, 1], np.inf, np.inf),
        ([1, 1, 1], [1, 1], np.inf, np.inf),
        ([], [], 0, 0),
    ],
)
def test_difference(found: list[float], wanted: list[float], max_abs: float, max_rel: float) -> None:
    measured = difference("layer", "blob", np.asarray(found, np.float32), np.asarray(wanted, np.float32))
    assert (measured.max_abs, measured.max_rel) == pytest.approx((max_abs, max_rel))


@pytest.mark.parametrize("name", ["digits", "lenet"])
def test_small_nets_agree(name: str) -> None:
    assert verify(netdef.load(NETS / f"{name}.net")).agrees


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vgg11_lrn", "vgg13_5x5", "vgg16_1x1"])
def test_large_nets_agree_on_small_images(name: str) -> None:
    certificate = verify(netdef.load(NETS / f"{name}.net", sizes={"data": (1, 3, 33, 47)}), batches=(2,))
    assert certificate.agrees, certificate.table()


@pytest.mark.slow
def test_alexnet_agrees() -> None:
    certificate = verify(netdef.load(NETS / "alexnet.net"), batches=(1,))
    assert certificate.agrees, certificate.table()


@pytest.mark.parametrize(("power", "code"), [("shift: -1", None), ("scale: -1", None), ("power: 2 shift: 3", "N714")])
def test_labels_that_layers_make_are_classes_or_a_mistake(power: str, code: str | None, tmp_path: Path) -> None:
    path = tmp_path / "counted.net"
    path.write_text(
        f"""
        input "data" [4, 6]
        input "raw" [4]
        layer "label" Power {{ bottom: "raw" {power} }}
        layer "fc" InnerProduct {{ bottom: "data" num_output: 5 weight_filler {{ type: "xavier" }} }}
        layer "loss" SoftmaxWithLoss {{ bottom: ["fc", "label"] }}
        """,
        encoding="utf-8",
    )
    if code is None:
        assert verify(netdef.load(path)).agrees
    else:
        with pytest.raises(netdef.NetError, match=code):
            verify(netdef.load(path))
