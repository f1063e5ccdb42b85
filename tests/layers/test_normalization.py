"""Normalisation: over neighbouring channels or pixels, and over the batch."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from netdef.compiler.layers.normalization import LRN, MVN, BatchNorm, Region
from netdef.runtime import lower
from tests.layers.cases import Case, Family, Refused, caffe
from tests.nets import net_of

Doubles = NDArray[np.float64]

STORED = [[1, 2, 3], [4, 5, 6], [2]]
"""Sums of mean and variance, and the factor that divides them."""


def across(x: Doubles, n: int, alpha: float, beta: float, k: float) -> Doubles:
    """Krizhevsky et al. 2012, section 3.3, with alpha divided by n."""
    energy = [(x[:, max(c - n // 2, 0) : c + n // 2 + 1] ** 2).sum(1) for c in range(x.shape[1])]
    divided: Doubles = x / (k + alpha / n * np.stack(energy, 1)) ** beta
    return divided


def within(x: Doubles, n: int, alpha: float, beta: float) -> Doubles:
    """The same over n x n pixels of one channel."""
    energy = np.zeros_like(x)
    for i, j in np.ndindex(x.shape[2:]):
        rows, columns = (slice(max(at - n // 2, 0), at + n // 2 + 1) for at in (i, j))
        energy[:, :, i, j] = (x[:, :, rows, columns] ** 2).sum((2, 3))
    divided: Doubles = x / (1 + alpha / n**2 * energy) ** beta
    return divided


def normalised(x: Doubles, mean: Doubles, variance: Doubles, eps: float) -> Doubles:
    """Each channel less its mean, over its deviation."""
    found: Doubles = (x - mean) / np.sqrt(variance + eps)
    return found


def by(channels: Doubles) -> Doubles:
    """A number for each channel, along the axes of an image."""
    return channels[:, None, None]


def affine(x: Doubles, scale: Doubles, bias: Doubles) -> Doubles:
    """Each channel scaled and shifted."""
    return by(scale) * x + by(bias)


def batch(x: Doubles) -> tuple[Doubles, Doubles]:
    """Each channel's mean and biased variance."""
    return x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)


class TestNormalization(Family):
    cases = (
        *caffe("lrn_across", "lrn_strong", "lrn_within", "bn_train", "bn_test", "bn_test_scale_factor"),
        *caffe("mvn", "mvn_across_novar"),
        *(
            Case(
                f"BatchNorm with a fork's scale and bias, {phase}",
                'input "x" [2, 3, 4, 5] layer "y" BatchNorm { scale_bias: true eps: 0.5 top: "y" }',
                layer=BatchNorm(scale_bias=True, eps=0.5),
                shapes={"y": (2, 3, 4, 5)},
                weights={"mean": (3,), "variance": (3,), "factor": (1,), "scale": (3,), "bias": (3,)},
                phase=phase,
                stored=[*STORED, [2, 3, 4], [5, 6, 7]],
                formula=formula,
            )
            for phase, formula in (
                ("TEST", lambda x, m, v, f, s, b: affine(normalised(x, by(m / f), by(v / f), 0.5), s, b)),
                ("TRAIN", lambda x, m, v, f, s, b: affine(normalised(x, *batch(x), 0.5), s, b)),
            )
        ),
        Case(
            "LRN across channels",
            'input "x" [2, 7, 3, 4] layer "y" LRN { local_size: 3 alpha: 2 beta: 0.5 k: 2 }',
            layer=LRN(local_size=3, alpha=2.0, beta=0.5, k=2.0),
            shapes={"y": (2, 7, 3, 4)},
            formula=lambda x: across(x, 3, 2, 0.5, 2),
        ),
        Case(
            "LRN within a channel",
            'input "x" [2, 3, 6, 5] layer "y" LRN { local_size: 3 norm_region: WITHIN_CHANNEL }',
            layer=LRN(local_size=3, norm_region=Region.WITHIN_CHANNEL),
            shapes={"y": (2, 3, 6, 5)},
            formula=lambda x: within(x, 3, 1, 0.75),
        ),
        Case(
            "LRN of energy that makes values greater",
            'input "x" [2, 7, 3, 4] layer "y" LRN { local_size: 3 alpha: 2 beta: -0.5 k: 2 }',
            layer=LRN(local_size=3, alpha=2.0, beta=-0.5, k=2.0),
            shapes={"y": (2, 7, 3, 4)},
            formula=lambda x: across(x, 3, 2, -0.5, 2),
        ),
        Case(
            "LRN without energy",
            'input "x" [2, 7, 3, 4] layer "y" LRN { local_size: 3 alpha: 0 beta: 0.5 k: 2 }',
            layer=LRN(local_size=3, alpha=0.0, beta=0.5, k=2.0),
            shapes={"y": (2, 7, 3, 4)},
            formula=lambda x: x / 2**0.5,
        ),
        Case(
            "LRN over more channels than there can be",
            'input "x" [2, 7, 3, 4] layer "y" LRN { local_size: 2147483647 alpha: 2147483647 beta: 0.5 }',
            layer=LRN(local_size=2**31 - 1, alpha=2.0**31 - 1, beta=0.5),
            shapes={"y": (2, 7, 3, 4)},
            formula=lambda x: x / (1 + (x**2).sum(1, keepdims=True)) ** 0.5,
        ),
        Case(
            "LRN within a channel over more pixels than there can be",
            'input "x" [2, 3, 6, 5] layer "y" LRN { local_size: 999 alpha: 1e6 beta: 0.5 norm_region: WITHIN_CHANNEL }',
            layer=LRN(local_size=999, alpha=1e6, beta=0.5, norm_region=Region.WITHIN_CHANNEL),
            shapes={"y": (2, 3, 6, 5)},
            formula=lambda x: within(x, 999, 1e6, 0.5),
        ),
        Case(
            "BatchNorm in TRAIN that adds nothing to the variance",
            'input "x" [4, 3] layer "y" BatchNorm { top: "y" eps: 0 }',
            phase="TRAIN",
            layer=BatchNorm(eps=0.0),
            shapes={"y": (4, 3)},
            weights={"mean": (3,), "variance": (3,), "factor": (1,)},
            stored=STORED,
            formula=lambda x, *_: normalised(x, x.mean(0), x.var(0), 0),
        ),
        Case(
            "BatchNorm in TEST: the stored statistics",
            'input "x" [4, 3] layer "y" BatchNorm { top: "y" eps: 0.5 }',
            layer=BatchNorm(eps=0.5),
            shapes={"y": (4, 3)},
            weights={"mean": (3,), "variance": (3,), "factor": (1,)},
            stored=STORED,
            formula=lambda x, mean, variance, factor: normalised(x, mean / factor, variance / factor, 0.5),
        ),
        Case(
            "BatchNorm in TRAIN: the batch's",
            'input "x" [4, 3] layer "y" BatchNorm { top: "y" eps: 0.5 }',
            phase="TRAIN",
            layer=BatchNorm(eps=0.5),
            shapes={"y": (4, 3)},
            weights={"mean": (3,), "variance": (3,), "factor": (1,)},
            stored=STORED,
            formula=lambda x, *_: normalised(x, x.mean(0), x.var(0), 0.5),
        ),
        Case(
            "BatchNorm in TRAIN with the stored statistics",
            'input "x" [4, 3] layer "y" BatchNorm { top: "y" use_global_stats: true eps: 0.5 }',
            phase="TRAIN",
            layer=BatchNorm(use_global_stats=True, eps=0.5),
            shapes={"y": (4, 3)},
            weights={"mean": (3,), "variance": (3,), "factor": (1,)},
            stored=STORED,
            formula=lambda x, mean, variance, factor: normalised(x, mean / factor, variance / factor, 0.5),
        ),
        Case(
            "BatchNorm whose factor is 0: mean and variance are 0",
            'input "x" [2, 3, 4, 5] layer "y" BatchNorm { top: "y" }',
            layer=BatchNorm(),
            shapes={"y": (2, 3, 4, 5)},
            weights={"mean": (3,), "variance": (3,), "factor": (1,)},
            stored=[[7, 7, 7], [9, 9, 9], [0]],
            formula=lambda x, *_: x / 1e-5**0.5,
        ),
        Case(
            "MVN, each channel by itself",
            'input "x" [2, 3, 4, 5] layer "y" MVN { eps: 0.5 }',
            layer=MVN(eps=0.5),
            shapes={"y": (2, 3, 4, 5)},
            formula=lambda x: (x - x.mean((2, 3), keepdims=True)) / (x.std((2, 3), keepdims=True) + 0.5),
        ),
        Case(
            "MVN, all channels together",
            'input "x" [2, 3, 4] layer "y" MVN { across_channels: true }',
            layer=MVN(across_channels=True),
            shapes={"y": (2, 3, 4)},
            formula=lambda x: (x - x.mean((1, 2), keepdims=True)) / x.std((1, 2), keepdims=True),
        ),
        Case(
            "MVN of channels of one value, which are 0",
            'input "x" [2, 3] layer "y" MVN',
            layer=MVN(),
            shapes={"y": (2, 3)},
            formula=np.zeros_like,
        ),
    )
    refused = (
        Refused("LRN of an even number", 'input "x" [1, 3, 4, 4] layer "y" LRN { local_size: 4 }', "N202"),
        Refused("LRN of other than 4 axes", 'input "x" [1, 3, 4] layer "y" LRN', "N203"),
        Refused("BatchNorm without channels", 'input "x" [3] layer "y" BatchNorm', "N203"),
        Refused("MVN of other than 1 to 4 axes", 'input "x" [1, 1, 3, 4, 4] layer "y" MVN', "N203"),
    )


def test_batch_norm_sums_what_it_sees() -> None:
    net = lower(net_of('input "data" [4, 2] layer "bn" BatchNorm { moving_average_fraction: 0.9 }', phase="TRAIN"))
    first, second = (np.random.default_rng(seed).standard_normal((4, 2)).astype(np.float32) for seed in (0, 1))
    mean = variance = np.zeros(2)
    factor = 0.0
    for x in (first, second):
        net(data=torch.tensor(x))
        mean, variance = 0.9 * mean + x.mean(0), 0.9 * variance + x.var(0, ddof=1)
        factor = 0.9 * factor + 1
    for found, expected in zip(net.layer_params("bn"), (mean, variance, [factor]), strict=True):
        assert found.numpy() == pytest.approx(expected, rel=1e-5)
    net.eval()
    net(data=torch.tensor(first))
    assert net.layer_params("bn")[0].numpy() == pytest.approx(mean, rel=1e-5)
    test = lower(net_of('input "data" [4, 2] layer "bn" BatchNorm'), net.weights())
    expected = (first - mean / factor) / np.sqrt(variance / factor + 1e-5)
    np.testing.assert_allclose(test(data=torch.tensor(first))["data"].numpy(), expected, rtol=1e-4)


def test_batch_norm_of_one_value_has_no_variance() -> None:
    net = lower(net_of('input "data" [1, 3] layer "bn" BatchNorm', phase="TRAIN"))
    assert net(data=torch.tensor([[1.0, 2.0, 3.0]]))["data"].tolist() == [[0, 0, 0]]
    assert [tensor.tolist() for tensor in net.layer_params("bn")] == [[1, 2, 3], [0, 0, 0], [1]]


def test_batch_norm_without_statistics_divides_by_the_root_of_eps() -> None:
    net = lower(net_of('input "data" [2, 3] layer "bn" BatchNorm'))
    assert net(data=torch.ones(2, 3))["data"].numpy() == pytest.approx(316.228, rel=1e-5)


def test_a_test_net_changes_no_weight() -> None:
    net = lower(net_of('input "data" [4, 2] layer "bn" BatchNorm { use_global_stats: false }'))
    net(data=torch.randn(4, 2))
    assert all(not tensor.any() for tensor in net.layer_params("bn"))
