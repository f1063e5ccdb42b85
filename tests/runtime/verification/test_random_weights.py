"""Random weights let every layer show, of nets with fillers and without."""

from pathlib import Path

import numpy as np
import pytest

import netdef
from netdef.runtime import lower
from netdef.runtime.verification.random_inputs import GREATEST_SCORE, by_pytorch, random_inputs
from netdef.runtime.verification.random_weights import random_weights
from netdef.runtime.verification.verify import verify

NETS = Path(__file__).parents[3] / "nets"
WITHOUT_FILLERS = """
    input "data" [1, 3, 12, 13]
    layer "conv1" Convolution { num_output: 4 kernel_size: 3 }
    layer "relu1" ReLU
    layer "pool1" Pooling { kernel_size: 3 stride: 2 }
    layer "conv2" Convolution { num_output: 4 kernel_size: 3 }
    layer "relu2" ReLU
    layer "prob" Softmax
    layer "bn" BatchNorm { top: "bn" }
    preprocess { scale: 0.01 }
"""


@pytest.mark.parametrize("name", ["digits", "lenet"])
def test_random_weights_let_every_layer_show(name: str) -> None:
    net = netdef.load(NETS / f"{name}.net")
    weights = random_weights(net, seed=0)
    assert {layer: [array.shape for array in arrays] for layer, arrays in weights.items()} == net.params
    assert all(np.unique(array).size > 1 for arrays in weights.values() for array in arrays)
    scores = by_pytorch(lower(net, weights), [net.scores], random_inputs(net, net.inputs, seed=1))[net.scores]
    assert 0.1 < np.abs(scores).max() < 2 * GREATEST_SCORE


def test_a_deploy_file_without_fillers_is_put_to_the_test(tmp_path: Path) -> None:
    file = tmp_path / "deploy.net"
    file.write_text(WITHOUT_FILLERS, encoding="utf-8")
    weights = random_weights(netdef.load(file), seed=0)
    certificate = verify(netdef.load(file), weights)
    assert certificate.agrees
    assert certificate.worst.max_rel > 0
    assert (weights["bn"][1] > 0).all()
    assert verify(netdef.load(file)).worst.max_rel == 0  # zeros agree with anything
