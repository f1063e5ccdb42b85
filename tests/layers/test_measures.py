"""What is read off scores."""

from itertools import product

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from netdef.compiler.layers.measures import Accuracy, ArgMax
from netdef.compiler.onnx import onnx_model
from netdef.runtime import lower
from tests.layers.cases import Case, Family, Refused, caffe
from tests.nets import net_of
from tests.onnx_runtime import run

Doubles = NDArray[np.float64]

EXACT = 1e-6
"""Counts, and their quotients in float32."""
SCORES = np.random.default_rng(0).integers(0, 3, (5, 4, 2, 3))  # many ties
LABELS = np.random.default_rng(1).integers(0, 4, (5, 2, 3))


def counted(scores: Doubles, labels: Doubles, top_k: int, ignored: int | None) -> tuple[Doubles, Doubles]:
    """The share of positions with fewer than ``top_k`` other scores as great as the label's; and class by class."""
    num_classes = scores.shape[1]
    right, num = np.zeros(num_classes), np.zeros(num_classes)
    for place, label in np.ndenumerate(labels.astype(int)):
        if label != ignored:
            own = scores[(place[0], slice(None), *place[1:])]
            right[label] += (np.delete(own, label) >= own[label]).sum() < top_k
            num[label] += 1
    return right.sum() / max(num.sum(), 1), right / np.maximum(num, 1)


def greatest(x: Doubles, top_k: int, with_values: bool, axis: int | None) -> Doubles:
    """Pairs of value and position, sorted downwards (argmax_layer.cpp): the last of equal values comes first."""
    rows = x.reshape(len(x), -1) if axis is None else np.moveaxis(x, axis, -1)
    best = np.zeros((*rows.shape[:-1], top_k, 2))
    for place in np.ndindex(rows.shape[:-1]):
        best[place] = sorted(((v, i) for i, v in enumerate(rows[place])), reverse=True)[:top_k]
    values, positions = best[..., 0], best[..., 1]
    if axis is None:
        top = np.stack((positions, values), 1)[:, : 1 + with_values]
        return top.reshape(*top.shape, *(1,) * (x.ndim - 3))
    return np.moveaxis(values if with_values else positions, -1, axis)


def accuracy(top_k: int, ignored: int | None) -> Case:
    """Scores of four classes at 30 places."""
    fields = f"top_k: {top_k}" + ("" if ignored is None else f" ignore_label: {ignored}")
    return Case(
        f"Accuracy, {fields}",
        f"""
        input "scores" [5, 4, 2, 3]
        input "label" [5, 1, 2, 3]
        layer "y" Accuracy {{ bottom: ["scores", "label"] top: ["share", "each"] {fields} }}
        """,
        layer=Accuracy(top_k=top_k, ignore_label=ignored),
        shapes={"share": (), "each": (4,)},
        fed={"scores": SCORES, "label": LABELS[:, None]},
        formula=lambda scores, labels: counted(scores, labels[:, 0], top_k, ignored),
        close=EXACT,
    )


def argmax(shape: tuple[int, ...], top_k: int, with_values: bool, axis: int | None) -> Case:
    """Small whole numbers: many ties."""
    x = np.random.default_rng(1).integers(0, 3, shape)
    fields = f"top_k: {top_k} out_max_val: {str(with_values).lower()}" + ("" if axis is None else f" axis: {axis}")
    return Case(
        f"ArgMax of {len(shape)} axes, {fields}",
        f'input "x" {[*shape]} layer "y" ArgMax {{ {fields} }}',
        layer=ArgMax(top_k=top_k, out_max_val=with_values, axis=axis),
        shapes={"y": greatest(x.astype(np.float64), top_k, with_values, axis).shape},
        fed={"x": x},
        formula=lambda x: greatest(x, top_k, with_values, axis),
        close=EXACT,
    )


class TestMeasures(Family):
    cases = (
        *caffe("accuracy", "accuracy_top3", "argmax", "argmax_axis"),
        *(accuracy(top_k, ignored) for top_k, ignored in product((1, 2), (None, 1))),
        *(argmax((2, 3, 4, 3), *fields) for fields in product((1, 3), (False, True), (None, 1, -1))),
        *(argmax((2, 3, 4), *fields) for fields in product((1, 3), (False, True), (None, 1, 2, -1))),
    )
    refused = (
        Refused(
            "Accuracy, more than there are classes",
            'input "x" [2, 3] input "t" [2] layer "y" Accuracy { bottom: ["x", "t"] top_k: 4 }',
            "N202",
        ),
        Refused(
            "Accuracy, too few labels",
            'input "x" [2, 3, 4] input "t" [2] layer "y" Accuracy { bottom: ["x", "t"] }',
            "N206",
        ),
        Refused("ArgMax, more than there are", 'input "x" [2, 3] layer "y" ArgMax { top_k: 4 }', "N202"),
        Refused("ArgMax along no axis", 'input "x" [2, 3] layer "y" ArgMax { axis: 2 }', "N205"),
    )


def test_accuracy_of_nothing_is_0() -> None:
    net = lower(
        net_of("""
    input "scores" [2, 2]
    input "label" [2]
    layer "accuracy" Accuracy { bottom: ["scores", "label"] ignore_label: 0 }
    """)
    )
    assert float(net(scores=torch.randn(2, 2), label=torch.zeros(2))["accuracy"]) == 0


@pytest.mark.parametrize(("row", "label", "right"), [([1, 1, 1], 0, 0), ([2, 2, 1], 1, 0), ([2, 3, 1], 1, 1)])
def test_ties_count_against_accuracy_in_onnx(row: list[float], label: int, right: float) -> None:
    net = net_of('input "x" [1, 3] input "t" [1] layer "y" Accuracy { bottom: ["x", "t"] }')
    assert run(onnx_model(net), {"x": [row], "t": [label]})["y"] == right


def test_accuracy_by_class_and_ignored_labels_in_onnx() -> None:
    net = net_of("""
        input "x" [2, 3, 4] input "t" [2, 4]
        layer "y" Accuracy { bottom: ["x", "t"] top: ["y", "by"] ignore_label: 9 }
    """)
    scores = np.zeros((2, 3, 4), np.float32)
    labels = np.asarray([[0, 1, 9, 1], [0, 9, 0, 0]])
    winners = np.asarray([[0, 2, 0, 1], [0, 1, 0, 1]])
    np.put_along_axis(scores, winners[:, None], 1, axis=1)
    found = run(onnx_model(net), {"x": scores, "t": labels})
    counts = labels != 9
    assert found["y"] == pytest.approx((labels == winners)[counts].mean())
    by_class = [(winners[labels == c] == c).mean() if (labels == c).any() else 0 for c in range(3)]
    assert found["by"] == pytest.approx(by_class)
