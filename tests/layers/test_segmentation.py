"""Segmentation: how right a map of classes is, and what smooths it."""

import numpy as np
import pytest
import torch

import netdef
from netdef.compiler.layers.segmentation import Compatibility, MultiStageMeanfield, SegAccuracy
from netdef.runtime import lower
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused, fork
from tests.nets import net_of

MAPS = 'input "x" [2, 4, 5, 6] input "t" [2, 1, 5, 6]'


class TestSegmentation(Family):
    cases = (
        *fork("seg_accuracy"),
        Case(
            "SegAccuracy where nothing counts",
            f'{MAPS} layer "y" SegAccuracy {{ bottom: ["x", "t"] ignore_label: 0 }}',
            layer=SegAccuracy(ignore_label=(0,)),
            shapes={"y": (1, 1, 1, 3)},
            fed={"t": np.zeros((2, 1, 5, 6))},
            formula=lambda x, t: np.zeros((1, 1, 1, 3)),
            refused={"ONNX": "N1011"},
        ),
        Case(
            "MultiStageMeanfield",
            'input "u" [1, 4, 5, 6] input "q" [1, 4, 5, 6] input "x" [1, 3, 5, 6] layer "y" MultiStageMeanfield '
            '{ bottom: ["u", "q", "x"] num_iterations: 10 compatibility_mode: POTTS theta_alpha: 160 }',
            layer=MultiStageMeanfield(num_iterations=10, compatibility_mode=Compatibility.POTTS, theta_alpha=160.0),
            shapes={"y": (1, 4, 5, 6)},
            weights=dict.fromkeys(("spatial", "bilateral", "compatibility"), (1, 1, 4, 4)),
            refused=SHAPES_ALONE,
        ),
    )
    refused = (
        Refused(
            "SegAccuracy, labels of another image",
            'input "x" [2, 4, 5, 6] input "t" [2, 1, 5, 5] layer "y" SegAccuracy { bottom: ["x", "t"] }',
            "N206",
        ),
        Refused(
            "MultiStageMeanfield, another image",
            'input "u" [1, 4, 5, 6] input "x" [1, 3, 9, 9] layer "y" MultiStageMeanfield { bottom: ["u", "u", "x"] }',
            "N206",
        ),
    )


def test_counts_go_on_where_they_are_not_reset() -> None:
    net = net_of(f'{MAPS} layer "y" SegAccuracy {{ bottom: ["x", "t"] reset: false }}')
    module = lower(net)
    labels = torch.zeros(2, 1, 5, 6)
    right, wrong = torch.zeros(2, 4, 5, 6), torch.zeros(2, 4, 5, 6)
    right[:, 0], wrong[:, 1] = 1, 1
    assert module(x=right, t=labels)["y"].flatten().tolist() == [1, 1, 1]
    np.testing.assert_allclose(module(x=wrong, t=labels)["y"].flatten(), [0.5, 0.5, 0.25])  # IoU 1/2 and 0


def test_a_label_that_is_no_class_is_refused() -> None:
    module = lower(net_of(f'{MAPS} layer "y" SegAccuracy {{ bottom: ["x", "t"] }}'))
    with pytest.raises(netdef.NetError, match="neither one of 4 classes nor ignored"):
        module(x=torch.zeros(2, 4, 5, 6), t=torch.full((2, 1, 5, 6), 255.0))
