"""Soft-max, and the loss that is made with it."""

import math
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from netdef.compiler.layers.softmax import (
    LossParameter,
    Normalization,
    Softmax,
    SoftmaxParameter,
    SoftmaxWithLoss,
)
from netdef.compiler.onnx import onnx_model
from netdef.runtime import lower
from tests.layers.cases import Case, Family, Refused, caffe
from tests.layers.examples import shapes
from tests.nets import net_of
from tests.onnx_runtime import run

Doubles = NDArray[np.float64]


def probabilities(x: Doubles, axis: int) -> Doubles:
    """e^x over their sum."""
    exp = np.exp(x - x.max(axis, keepdims=True))
    shares: Doubles = exp / exp.sum(axis, keepdims=True)
    return shares


def log_loss(x: Doubles, labels: Doubles, axis: int, ignored: int | None, normalization: Normalization) -> float:
    """Position by position."""
    outer, inner = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1 :])
    rows = x.reshape(outer, x.shape[axis], inner)
    total, valid = 0.0, 0
    for (i, j), label in np.ndenumerate(labels.reshape(outer, inner)):
        if label == ignored:
            continue
        exp = np.exp(rows[i, :, j] - rows[i, :, j].max())
        total -= math.log(max(exp[int(label)] / exp.sum(), np.finfo(np.float32).tiny))
        valid += 1
    by = {"FULL": outer * inner, "VALID": valid, "BATCH_SIZE": outer, "NONE": 1}
    return total / max(by[normalization.name], 1)


def loss(axis: int, ignored: int | None, normalization: Normalization) -> Case:
    """Scores of which some are so far apart that their probabilities are 0."""
    random = np.random.default_rng(2)
    x = random.standard_normal((2, 3, 5, 4))
    x[0, 0] += 200
    label_shape = (2, 5, 4) if axis == 1 else (2, 3, 4)
    fields = f"normalization: {normalization.name}" + ("" if ignored is None else f" ignore_label: {ignored}")
    return Case(
        f"SoftmaxWithLoss along {axis}, {fields}",
        f"""
        input "x" [2, 3, 5, 4] input "t" {[*label_shape]}
        layer "y" SoftmaxWithLoss {{
            bottom: ["x", "t"] top: ["y", "p"] softmax_param {{ axis: {axis} }} loss_param {{ {fields} }}
        }}
        """,
        layer=SoftmaxWithLoss(
            softmax=SoftmaxParameter(axis=axis),
            loss=LossParameter(normalization=normalization, ignore_label=ignored),
        ),
        shapes={"y": (), "p": (2, 3, 5, 4)},
        fed={"x": x, "t": random.integers(0, 3, label_shape)},
        formula=lambda x, t: (log_loss(x, t, axis, ignored, normalization), probabilities(x, axis)),
    )


class TestSoftmax(Family):
    cases = (
        *caffe("softmax", "softmax_4d", "softmax_loss", "softmax_loss_dense", "softmax_loss_ignore"),
        *caffe("softmax_loss_unnormalized"),
        Case(
            "Softmax",
            'input "x" [2, 3, 4] layer "y" Softmax',
            layer=Softmax(),
            shapes={"y": (2, 3, 4)},
            formula=lambda x: probabilities(x, 1),
        ),
        Case(
            "Softmax along the last axis",
            'input "x" [2, 3, 4] layer "y" Softmax { axis: -1 }',
            layer=Softmax(axis=-1),
            shapes={"y": (2, 3, 4)},
            formula=lambda x: probabilities(x, 2),
        ),
        *(loss(*fields) for fields in product((1, 2), (None, 1), Normalization)),
    )
    refused = (
        Refused("Softmax along no axis", 'input "x" [2, 3] layer "y" Softmax { axis: 2 }', "N205"),
        Refused(
            "SoftmaxWithLoss, too few labels",
            'input "x" [2, 3, 4] input "t" [2] layer "y" SoftmaxWithLoss { bottom: ["x", "t"] }',
            "N206",
        ),
        Refused("SoftmaxWithLoss without labels", 'input "x" [2, 3] layer "y" SoftmaxWithLoss', "N503"),
    )


@settings(max_examples=100, deadline=None)
@given(
    shape=shapes,
    which=st.integers(0, 3),
    ignored=st.none() | st.integers(0, 4),
    normalization=st.sampled_from(Normalization),
    size=st.sampled_from([1.0, 100.0]),
)
def test_softmax_loss_is_the_published_formula(
    shape: tuple[int, ...], which: int, ignored: int | None, normalization: Normalization, size: float
) -> None:
    axis = which % len(shape)
    positions = shape[:axis] + shape[axis + 1 :]
    net = lower(
        net_of(f"""
    input "scores" [{", ".join(map(str, shape))}]
    input "label" [{", ".join(map(str, positions))}]
    layer "loss" SoftmaxWithLoss {{
      bottom: ["scores", "label"] top: ["loss", "prob"]
      softmax_param {{ axis: {axis} }}
      loss_param {{ normalization: {normalization.name} {"" if ignored is None else f"ignore_label: {ignored}"} }}
    }}
    """)
    )
    random = np.random.default_rng(0)
    x, labels = random.standard_normal(shape) * size, random.integers(0, shape[axis], positions).astype(np.float64)
    found = net.double()(scores=torch.tensor(x), label=torch.tensor(labels))
    expected = log_loss(x, labels, axis, ignored, normalization)
    assert float(found["loss"]) == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert found["prob"].sum(axis).numpy() == pytest.approx(1)


def test_a_saturated_loss_still_has_its_gradient() -> None:
    net = lower(
        net_of("""
    input "scores" [1, 3]
    input "label" [1]
    layer "loss" SoftmaxWithLoss { bottom: ["scores", "label"] }
    """)
    )
    scores = torch.tensor([[0.0, 200.0, 0.0]], requires_grad=True)
    loss, _ = net.loss(scores=scores, label=torch.tensor([0]))
    assert float(loss.detach()) == pytest.approx(87.3365, abs=1e-4)
    torch.autograd.backward(loss)
    assert scores.grad is not None
    assert scores.grad.tolist() == [[-1.0, 1.0, 0.0]]  # probability less one at the label


def test_loss_of_nothing_but_ignored_labels_is_0_in_onnx() -> None:
    net = net_of("""
        input "x" [2, 3] input "t" [2]
        layer "y" SoftmaxWithLoss { bottom: ["x", "t"] top: "y" loss_param { ignore_label: 255 } }
    """)
    assert run(onnx_model(net), {"x": np.ones((2, 3)), "t": [255, 255]})["y"] == 0
