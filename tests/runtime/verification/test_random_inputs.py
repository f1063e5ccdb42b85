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


def test_20_hdf5_multilabel(tmp_path: Path) -> None:
    """Labels that are cut out of one input are classes of each loss; timing such a net read beyond its scores."""
    path = tmp_path / "people.net"
    path.write_text("""
        input "data" [40, 3, 4, 4] input "labels" [40, 2]
        layer "cut" Slice { bottom: "labels" top: ["sex", "age"] slice_dim: 1 }
        layer "fc_sex" InnerProduct { bottom: "data" num_output: 2 weight_filler { type: "xavier" } }
        layer "fc_age" InnerProduct { bottom: "data" num_output: 3 weight_filler { type: "xavier" } }
        layer "sex_loss" SoftmaxWithLoss { bottom: ["fc_sex", "sex"] }
        layer "age_loss" SoftmaxWithLoss { bottom: ["fc_age", "age"] }
    """)
    net = netdef.load(path)
    inputs = random_inputs(net, net.inputs, seed=0)
    assert set(np.unique(inputs["labels"])) == {0, 1}
    assert len(np.unique(inputs["data"])) > 3


def test_inputs_that_weights_turn_into_labels_are_images_as_others(tmp_path: Path) -> None:
    path = tmp_path / "taught.net"
    path.write_text("""
        input "data" [4, 3, 4, 4]
        layer "teacher" InnerProduct { bottom: "data" num_output: 3 weight_filler { type: "xavier" } }
        layer "best" ArgMax
        layer "fc" InnerProduct { bottom: "data" num_output: 3 weight_filler { type: "xavier" } }
        layer "loss" SoftmaxWithLoss { bottom: ["fc", "best"] }
    """)
    net = netdef.load(path)
    assert len(np.unique(random_inputs(net, net.inputs, seed=0)["data"])) > 3
