"""The scalar outputs of a test net, and how they are told."""

import pytest
import torch

from netdef.runtime import lower
from netdef.runtime.evaluation.outputs import Loss, Output, Outputs, Told
from netdef.runtime.hardware.process_group import SINGLE
from tests.nets import net_of

TWO = Outputs(4, (Output("acc", 0, 3.0), Output("aux_loss", 0.3, 2.0), Output("loss", 1, 6.0)))


def test_means_of_batches_count_by_their_samples() -> None:
    whole = TWO.plus(Outputs(2, (Output("acc", 0, 0.0), Output("aux_loss", 0.3, 4.0), Output("loss", 1, 0.0))))
    assert whole.means == {"acc": 0.5, "aux_loss": 1.0, "loss": 1.0}
    assert Outputs().plus(TWO) == TWO.plus(Outputs()) == TWO.over(SINGLE) == TWO


def test_what_counts_otherwise_than_once_is_said() -> None:
    assert TWO.text == "acc 0.7500, aux_loss 0.5000 (* 0.3), loss 1.5000"


def test_the_loss_is_not_said_twice() -> None:
    one = Outputs(2, (Output("loss0", 1, 1.0),))
    assert Loss(2, 1.0, one).behind("error 0 %") == "error 0 %; loss0 0.5000"
    assert Loss(4, 6.6, TWO).behind("error 0 %") == f"error 0 %, total loss 1.6500; {TWO.text}"
    assert Loss().behind("error 0 %") == "error 0 %"
    assert Loss(2, 1.0).as_data == {"test_loss": 0.5}
    assert Loss().as_data == {}


def test_a_loss_that_no_top_names_counts_and_is_no_output() -> None:
    """Caffe gives it the top ``(automatic)``, which is none of the net's outputs."""
    net = net_of(
        """input "x" [2, 3] input "y" [2, 3]
        layer { name: "a" type: "EuclideanLoss" bottom: "x" bottom: "y" loss_weight: 2 }
        layer { name: "b" type: "EuclideanLoss" bottom: "x" bottom: "y" top: "far" loss_weight: 0.5 }"""
    )
    module = lower(net)
    told = Told.by(module)
    assert told.outputs == {"far": 0.5}
    fed = {"x": torch.ones(2, 3), "y": torch.zeros(2, 3)}
    found = told.of(module.blobs(told.blobs, **fed), 2)
    half = 6 / (2 * 2)  # sum d^2 / (2 N)
    assert found.mean == pytest.approx(2.5 * half)
    assert found.outputs.means == {"far": pytest.approx(half)}


def test_a_blob_called_loss_is_told_from_the_sum_of_all() -> None:
    outputs = Outputs(1, (Output("aux", 0.3, 2.0), Output("loss", 1, 2.0)))
    assert Loss(1, 2.6, outputs).behind("top-1 error 12.00 %").startswith("top-1 error 12.00 %, total loss 2.6000")
    assert "total" not in Loss(1, 2.0, Outputs(1, (Output("loss", 1, 2.0),))).behind("top-1 error 12.00 %")
