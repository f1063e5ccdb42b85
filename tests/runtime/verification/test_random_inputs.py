"""Inputs for trying a net out look like those that it will meet."""

from pathlib import Path

import numpy as np

import netdef
from netdef.runtime.verification.random_inputs import random_inputs

NETS = Path(__file__).parents[3] / "nets"


def test_random_inputs_are_images_and_labels() -> None:
    net = netdef.load(NETS / "digits.net", phase="TRAIN", set={"N": 50})
    inputs = random_inputs(net, net.inputs, seed=0)
    assert set(np.unique(inputs["label"])) == set(range(10))
    assert inputs["data"].dtype == np.float32
    assert abs(inputs["data"].mean()) < 0.05
    assert 1 < np.abs(inputs["data"]).max() <= 1.275
    again = random_inputs(net, net.inputs, seed=0)
    assert all((again[name] == array).all() for name, array in inputs.items())
