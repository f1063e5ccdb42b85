"""Weights of nets that nobody trained: fillers', and where there are none, numbers that keep every blob alive."""

from pathlib import Path

import numpy as np
import pytest

import netdef
from netdef.compiler.weights.complete import complete
from netdef.compiler.weights.made_up import made_up
from netdef.runtime import lower
from netdef.runtime.verification.random_inputs import by_pytorch, random_inputs
from tests.nets import net_of

NETS = Path(__file__).parents[3] / "nets"


def test_fillers_are_kept_and_missing_ones_are_random() -> None:
    net = net_of("""
        input "data" [1, 3, 8, 8]
        layer "filled" Convolution { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } }
        layer "bare" Convolution { num_output: 4 kernel_size: 3 }
        layer "one" Convolution { num_output: 4 kernel_size: 3 weight_filler { value: 1 } }
        layer "slopes" PReLU
    """)
    drawn, filled = made_up(net, 7), complete(net, None, 7).arrays
    assert drawn.at_random == ("bare",)
    assert list(drawn.weights) == ["filled", "bare", "one", "slopes"]
    for (layer, index), array in filled.items():
        same = np.array_equal(drawn.weights[layer][index], array.read())
        assert same == (layer != "bare")
    varied = made_up(net, 7, vary_constants=True).weights
    assert all(np.unique(array).size > 1 for arrays in varied.values() for array in arrays)
    assert varied["slopes"][0].mean() == pytest.approx(0.25, abs=0.2)


DEEP = {
    "plain": 'layer "conv${i}" Convolution { num_output: 8 kernel_size: 3 pad: 1 } layer "relu${i}" ReLU',
    "linear": 'layer "conv${i}" Convolution { num_output: 8 kernel_size: 3 pad: 1 }',
    "residual": """
        layer "a${i}" Convolution { num_output: 8 kernel_size: 1 top: "a${i}" }
        layer "n${i}" BatchNorm
        layer "r${i}" ReLU
        layer "sum${i}" Eltwise { bottom: ["a${i}", input] }
    """,
}


@pytest.mark.parametrize("kind", DEEP)
def test_a_deep_net_neither_dies_out_nor_overflows(kind: str) -> None:
    """150 layers, or blocks: with msra's weights and BatchNorm's zeros they would end in infinities."""
    net = net_of(f"""
        block step(i) {{ {DEEP[kind]} }}
        input "data" [2, 8, 5, 5]
        repeat i in 1..150 {{ step(i) }}
    """)
    blobs = [top.id for node in net.nodes[1:] for top in node.tops]
    found = by_pytorch(lower(net, made_up(net, 0).weights), blobs, random_inputs(net, net.inputs, 0))
    greatest = [float(np.abs(found[name]).max()) for name in blobs]
    assert all(np.ptp(found[name]) > 0 for name in blobs)
    assert 1e-3 < min(greatest) <= max(greatest) < 1e6


@pytest.mark.parametrize("name", ["vgg11", "digits"])
def test_numbers_are_drawn_when_they_are_asked_for(name: str) -> None:
    net = netdef.load(NETS / f"{name}.net")
    drawn = made_up(net, 0)
    shapes = {layer: [array.shape for array in arrays.stored] for layer, arrays in drawn.weights.items()}
    assert shapes == net.params
    assert drawn.at_random == ()
