"""Losses of scores against labels or targets, beside that of soft-max."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import netdef
from netdef.compiler.layers.score_losses import (
    HingeLoss,
    InfogainLoss,
    MultinomialLogisticLoss,
    Norm,
    SigmoidCrossEntropyLoss,
)
from netdef.compiler.layers.softmax import LossParameter, Normalization
from netdef.compiler.onnx import onnx_model
from netdef.runtime import lower
from tests.compiler.caffe_proto import blob
from tests.layers.cases import Case, Family, Refused, caffe
from tests.nets import net_of
from tests.onnx_runtime import run

SCORES = 'input "x" [4, 5] input "t" [4] '
LABELS = [0, 4, 2, 2]
MAP = """
    input "x" [2, 3, 2, 2]
    input "t" [2, 1, 2, 2]
    input "H" [3, 3]
    layer "y" InfogainLoss {{ bottom: ["x", "t", "H"] {} }}
"""
MAP_LABELS = np.asarray([[0, 2, 9, 1], [1, 9, 2, 0]]).reshape(2, 1, 2, 2)
H = np.asarray([[1, 0.5, 0], [0, 2, 0.25], [0.125, 0, 1]])
TARGETS = 'input "x" [2, 3] input "t" [2, 3] layer "y" SigmoidCrossEntropyLoss {{ bottom: ["x", "t"] {} }}'
WANTED = np.asarray([[0, 1, 0.5], [0.75, -1, 1]])


def hinge(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    signs = np.where(np.arange(5) == t[:, None], -1, 1)
    missed: np.ndarray = np.maximum(0, 1 + signs * x)
    return missed


def infogain(x: np.ndarray, t: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Of each position that is not 9, (2, 2, 2)."""
    logs = x - np.log(np.exp(x).sum(1, keepdims=True))
    labels = t[:, 0].astype(int)
    rows = np.moveaxis(matrix[np.where(labels == 9, 0, labels)], -1, 1)
    return np.where(labels == 9, 0, -(rows * logs).sum(1))


def sigmoid_loss(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    p = 1 / (1 + np.exp(-x))
    losses: np.ndarray = -t * np.log(p) - (1 - t) * np.log(1 - p)
    return losses


def divided(by: str, divisor: float, formula: Callable[..., np.ndarray], fields: str, text: str) -> Case:
    """A case of a loss with an ignored label, its sum divided by a number."""
    loss = LossParameter(ignore_label=9 if formula is infogain else -1, normalization=Normalization[by])
    layer = InfogainLoss(loss=loss) if formula is infogain else SigmoidCrossEntropyLoss(loss=loss)
    return Case(
        f"{layer.type_name}, {by}",
        text.format(f"loss_param {{ normalization: {by} {fields} }}"),
        layer=layer,
        shapes={"y": ()},
        fed={"t": MAP_LABELS, "H": H} if formula is infogain else {"t": WANTED},
        formula=(lambda *arrays: formula(*arrays).sum() / divisor)
        if formula is infogain
        else (lambda x, t: np.where(t == -1, 0, sigmoid_loss(x, t)).sum() / divisor),
    )


class TestScoreLosses(Family):
    cases = (
        *caffe("hinge", "hinge_l2", "infogain", "multinomial", "sigmoid_ce"),
        Case(
            "HingeLoss",
            SCORES + 'layer "y" HingeLoss { bottom: ["x", "t"] }',
            layer=HingeLoss(),
            shapes={"y": ()},
            fed={"t": LABELS},
            formula=lambda x, t: hinge(x, t).sum() / 4,
        ),
        Case(
            "HingeLoss of squares",
            SCORES + 'layer "y" HingeLoss { bottom: ["x", "t"] norm: L2 }',
            layer=HingeLoss(norm=Norm.L2),
            shapes={"y": ()},
            fed={"t": LABELS},
            formula=lambda x, t: (hinge(x, t) ** 2).sum() / 4,
        ),
        Case(
            "MultinomialLogisticLoss, which no probability makes infinite",
            SCORES + 'layer "y" MultinomialLogisticLoss { bottom: ["x", "t"] }',
            layer=MultinomialLogisticLoss(),
            shapes={"y": ()},
            fed={"x": np.eye(4, 5) / 2, "t": [0, 1, 2, 4]},
            formula=lambda x, t: (3 * np.log(2) + 20 * np.log(10)) / 4,
        ),
        *(divided(by, num, infogain, "ignore_label: 9", MAP) for by, num in {"FULL": 8, "VALID": 6, "NONE": 1}.items()),
        divided("BATCH_SIZE", 2, infogain, "ignore_label: 9", MAP),
        *(
            divided(by, num, sigmoid_loss, "ignore_label: -1", TARGETS)
            for by, num in {"FULL": 6, "VALID": 5, "NONE": 1, "BATCH_SIZE": 2}.items()
        ),
        Case(
            "SigmoidCrossEntropyLoss, divided by the batch's size",
            TARGETS.format(""),
            layer=SigmoidCrossEntropyLoss(),
            shapes={"y": ()},
            fed={"t": np.abs(WANTED)},
            formula=lambda x, t: sigmoid_loss(x, t).sum() / 2,
        ),
        Case(
            "SigmoidCrossEntropyLoss, the old form, and a target whose fraction is cut off",
            TARGETS.format("loss_param { normalize: true ignore_label: 0 }"),
            layer=SigmoidCrossEntropyLoss(loss=LossParameter(normalize=True, ignore_label=0)),
            shapes={"y": ()},
            fed={"t": np.abs(WANTED)},
            formula=lambda x, t: np.where(t < 1, 0, sigmoid_loss(x, t)).sum() / 3,
        ),
        Case(
            "InfogainLoss with probabilities",
            'input "x" [3, 2] input "t" [3] input "H" [1, 1, 2, 2] '
            'layer "y" InfogainLoss { bottom: ["x", "t", "H"] top: ["y", "p"] }',
            layer=InfogainLoss(),
            shapes={"y": (), "p": (3, 2)},
            fed={"x": np.log([[1, 3], [1, 1], [3, 1]]), "t": [1, 0, 1], "H": [[[[1, 0], [0.5, 1]]]]},
            formula=lambda x, t, h: (
                -(np.log(0.75) + np.log(0.25) / 2 + np.log(0.5) + np.log(0.25) + np.log(0.75) / 2) / 3,
                np.asarray([[0.25, 0.75], [0.5, 0.5], [0.75, 0.25]]),
            ),
        ),
    )
    refused = (
        Refused("other labels", 'input "x" [4, 5] input "t" [3] layer "y" HingeLoss { bottom: ["x", "t"] }', "N206"),
        Refused("five axes", 'input "x" [4, 1, 1, 1, 5] layer "y" HingeLoss { bottom: ["x", "x"] }', "N203"),
        Refused(
            "a label for each position",
            'input "x" [4, 5, 2] input "t" [4, 2] layer "y" MultinomialLogisticLoss { bottom: ["x", "t"] }',
            "N206",
        ),
        Refused("no matrix", SCORES + 'layer "y" InfogainLoss { bottom: ["x", "t"] }', "N201"),
        Refused(
            "another matrix",
            SCORES + 'input "H" [4, 4] layer "y" InfogainLoss { bottom: ["x", "t", "H"] }',
            "N206",
        ),
        Refused("a form that it lacks", MAP.format("loss_param { normalize: false }"), "N202"),
        Refused(
            "other targets",
            'input "x" [4] input "t" [2, 2] layer "y" SigmoidCrossEntropyLoss { bottom: ["x", "t"] }',
            "N206",
        ),
        Refused(
            "no file", SCORES + 'layer "y" InfogainLoss { bottom: ["x", "t"] source: "none" }', "N010", by="PyTorch"
        ),
        Refused(
            "no file for a model",
            SCORES + 'layer "y" InfogainLoss { bottom: ["x", "t"] source: "none" }',
            "N010",
            by="ONNX",
        ),
    )


@pytest.mark.parametrize("classes", [3, 4])
def test_a_file_brings_the_matrix(classes: int, tmp_path: Path) -> None:
    matrix = blob(H, shape={"dim": [1, 1, 3, 3]})
    (tmp_path / "H.binaryproto").write_bytes(matrix.SerializeToString())
    path = tmp_path / "x.net"
    loss = 'layer "y" InfogainLoss { bottom: ["x", "t"] source: "H.binaryproto" }'
    path.write_text(f'input "x" [2, {classes}] input "t" [2] {loss}', "utf-8")
    net = netdef.load(path)
    if classes == 4:
        with pytest.raises(netdef.NetError, match="is 1x1x3x3, and there are 4 classes"):
            lower(net)
        return
    x, t = np.asarray([[1, 2, 0], [0, 1, 4]], np.float32), np.asarray([2, 0], np.float32)
    wanted = infogain(x[:, :, None, None], t[:, None, None, None], H).sum() / 2
    assert lower(net)(x=x, t=t)["y"].item() == pytest.approx(wanted, rel=1e-5)
    assert run(onnx_model(net), {"x": x, "t": t})["y"] == pytest.approx(wanted, rel=1e-5)


def test_the_gradient_goes_on_where_a_probability_counts_as_more_than_it_is() -> None:
    """As in multinomial_logistic_loss_layer.cpp: -1 / 1e-20, and not 0."""
    net = lower(net_of('input "x" [1, 2] input "t" [1] layer "y" MultinomialLogisticLoss { bottom: ["x", "t"] }'))
    x = torch.tensor([[0.0, 1.0]], requires_grad=True)
    torch.autograd.backward(net(x=x, t=torch.tensor([0.0]))["y"])
    assert x.grad is not None
    assert x.grad[0].tolist() == pytest.approx([-1e20, 0])
