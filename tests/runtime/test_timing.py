"""Time per layer: what is timed and how it is shown. How long it takes is nobody's promise."""

from pathlib import Path

import pytest
import torch

import netdef
from netdef.runtime.hardware.execution_settings import ExecutionSettings
from netdef.runtime.timing import Timing, measure

DIGITS = Path(__file__).parent.parent.parent / "nets/digits.net"
BRANCHES = """
input "data" [2, 3, 6, 6]
layer "conv" Convolution { num_output: 4 kernel_size: 3 }
layer "over" ReLU { bottom: "conv" top: "conv" }
layer "left" Convolution { num_output: 4 kernel_size: 1 bottom: "conv" }
layer "right" Power { scale: 2 bottom: "conv" }
layer "both" Eltwise { bottom: ["left", "right"] }
layer "drop" Dropout { bottom: "both" top: "both" }
layer "prob" Softmax { bottom: "both" }
"""


def timed(net: netdef.Net) -> Timing:
    return measure(net, torch.device("cpu"), ExecutionSettings(), repeat=1)


def computing(net: netdef.Net) -> list[str]:
    return [node.name for node in net.nodes if node.type != "Input"]


def test_every_layer_of_a_training_step_has_its_times() -> None:
    net = netdef.load(DIGITS, phase="TRAIN", set={"N": 4})
    timing = timed(net)
    assert list(timing.layers) == computing(net)
    assert all(times.forward > 0 and times.backward > 0 for times in timing.layers.values())
    assert timing.sum.backward == pytest.approx(sum(times.backward for times in timing.layers.values()))
    assert min(timing.whole) > 0
    assert timing.memory > net.num_params * 4


def test_branches_layers_in_place_and_those_that_pass_on(tmp_path: Path) -> None:
    path = tmp_path / "branches.net"
    path.write_text(BRANCHES)
    layers = timed(netdef.load(path)).layers
    assert list(layers) == ["conv", "over", "left", "right", "both", "drop", "prob"]
    backward = {name for name, times in layers.items() if times.backward > 0}
    assert backward == {*layers} - {"drop"}  # in TEST its top is its bottom


def test_a_net_that_learns_nothing_has_no_backward_pass(tmp_path: Path) -> None:
    path = tmp_path / "still.net"
    path.write_text('input "data" [2, 3, 6, 6]\nlayer "pool" Pooling { kernel_size: 2 }')
    timing = timed(netdef.load(path))
    assert timing.layers["pool"].forward > timing.layers["pool"].backward == 0


# ---- the command
