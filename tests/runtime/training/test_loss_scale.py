"""The loss of a divided batch is that of the whole, whatever it is divided by."""

from pathlib import Path

import pytest
import torch

import netdef
from netdef.runtime.training.division import Division
from netdef.runtime.training.gradients import Gradients

NET = """
input "data" [1, 3]
input "label" [1]
layer "fc" InnerProduct {{ bottom: "data" num_output: 4 weight_filler {{ type: "xavier" }} }}
layer "loss" SoftmaxWithLoss {{ bottom: ["fc", "label"] {loss} }}
{more}
"""


def gradients(tmp_path: Path, loss: str, more: str, division: Division) -> tuple[float, torch.Tensor]:
    path = tmp_path / "net.net"
    path.write_text(NET.format(loss=loss, more=more))
    module = netdef.module(netdef.load(path, phase="TRAIN")).double()
    chance = torch.Generator().manual_seed(3)
    data = torch.rand(12, 3, generator=chance, dtype=torch.float64)
    label = torch.tensor([1, 0, 0, 2, 3, 0, 0, 0, 0, 1, 2, 0])
    value = Gradients(module, division).of(1, 0, {"data": data, "label": label})
    (weight,) = (each.tensor for each in module.learned() if each.index == 0)
    assert weight.grad is not None
    return float(value), weight.grad / division.num_parts


LOSSES = [
    ("", ""),
    ("loss_param { normalization: NONE }", ""),
    ("loss_param { normalization: BATCH_SIZE }", ""),
    ("loss_param { ignore_label: 0 }", ""),
    ("loss_param { ignore_label: 0 normalization: FULL }", ""),
    ("", 'layer "square" Eltwise { bottom: ["fc", "fc"] operation: PROD loss_weight: 0.1 }'),
    ("loss_weight: 0.5 loss_param { ignore_label: 0 }", 'layer "far" EuclideanLoss { bottom: ["fc", "fc"] }'),
]


@pytest.mark.parametrize(("loss", "more"), LOSSES)
@pytest.mark.parametrize("num_parts", [2, 4, 12])
def test_parts_make_the_whole(tmp_path: Path, loss: str, more: str, num_parts: int) -> None:
    """Twelve parts are of one sample each, and some of them have no label that counts."""
    whole = gradients(tmp_path, loss, more, Division())
    parts = gradients(tmp_path, loss, more, Division(num_parts=num_parts))
    assert parts[0] == pytest.approx(whole[0], rel=1e-12)
    assert torch.allclose(parts[1], whole[1], rtol=1e-12, atol=1e-15)


def test_caffes_parts_are_batches_of_their_own(tmp_path: Path) -> None:
    """With iter_size 2, Caffe averages two losses, each divided by the labels that its half has."""
    ignored = "loss_param { ignore_label: 0 }"
    caffe = gradients(tmp_path, ignored, "", Division(num_parts=2, iter_size=2))
    again = gradients(tmp_path, ignored, "", Division(num_parts=4, iter_size=2))
    assert again[0] == pytest.approx(caffe[0], rel=1e-12)
    assert torch.allclose(again[1], caffe[1], rtol=1e-12, atol=1e-15)
    assert caffe[0] != pytest.approx(gradients(tmp_path, ignored, "", Division())[0], rel=1e-3)
