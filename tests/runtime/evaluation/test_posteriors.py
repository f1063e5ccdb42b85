"""Posteriors: averaged as the paper says, fused, kept in files, and refused where they don't go together."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from netdef import NetError
from netdef.runtime.evaluation.posteriors import Posteriors, averaged, fused, posterior
from netdef.runtime.evaluation.posteriors_file import POSTERIORS
from netdef.runtime.evaluation.protocol import Pool
from netdef.runtime.evaluation.views import ViewValues


def softmax(scores: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    powers = np.exp(scores - scores.max(axis, keepdims=True))
    found: NDArray[np.float64] = powers / powers.sum(axis, keepdims=True)
    return found


PROTOCOL = {"dense": False, "scales": [256], "crops": 10, "flip": True, "pool": "logits"}


def some(classes: tuple[str, ...] = ("cat", "dog", "owl"), seed: int = 0) -> Posteriors:
    values = softmax(np.random.default_rng(seed).normal(size=(6, 4)), 1)
    made = {"net": f"{seed}.net", "name": "small", "protocol": PROTOCOL}
    return Posteriors(values, np.array([0, 1, 2, 0, 1, 2]), np.arange(6), classes, made)


PATHS = tuple(f"here/{number}.png" for number in range(6))

MAPS = np.random.default_rng(1).normal(size=(3, 2, 5, 4, 3)).astype(np.float32)
"""Scores of 3 samples, 2 windows, 5 classes, 4 x 3 positions."""


def test_a_map_is_averaged_before_or_after_the_soft_max() -> None:
    scores = torch.from_numpy(MAPS)
    wide = MAPS.astype(np.float64)
    before = softmax(wide.mean((3, 4)), 2).mean(1)
    after = softmax(wide, 2).mean((1, 3, 4))
    np.testing.assert_allclose(posterior(scores, Pool.LOGITS, softmaxed=False), before)
    np.testing.assert_allclose(posterior(scores, Pool.PROB, softmaxed=False), after)
    assert np.abs(before - after).max() > 0.01
    np.testing.assert_allclose(posterior(scores, Pool.LOGITS, softmaxed=True), wide.mean((1, 3, 4)))
    flat = wide[..., 0, 0]
    np.testing.assert_allclose(
        posterior(torch.from_numpy(flat), Pool.LOGITS, softmaxed=False), softmax(flat, 2).mean(1)
    )


def test_scales_are_averaged_whatever_their_order_and_a_sample_must_have_them_all() -> None:
    first, second = torch.from_numpy(MAPS), torch.from_numpy(2 * MAPS)
    pieces = [
        ViewValues([4, 0], 1, 0, first[:2]),
        ViewValues([0], 0, 0, second[1:2]),
        ViewValues([2], 0, 0, first[2:]),
        ViewValues([4], 0, 0, second[:1]),
    ]
    values, numbers = averaged(pieces, 2, (5, 5), Pool.LOGITS, softmaxed=False)
    assert numbers.tolist() == [0, 4], "2 was seen once"
    expected = [
        (softmax(MAPS[i].mean((2, 3)), 1).mean(0) + softmax(2 * MAPS[i].mean((2, 3)), 1).mean(0)) / 2 for i in (1, 0)
    ]
    np.testing.assert_allclose(values, expected, rtol=1e-5)


def test_nets_are_fused_by_the_mean_whatever_the_order_of_their_classes() -> None:
    a, b = some(), some(seed=2)
    np.testing.assert_array_equal(fused([a, b]).values, (a.values + b.values) / 2)
    order = [2, 0, 1, 3]  # the last score is no class's
    turned = b._replace(values=b.values[:, order], labels=np.array([1, 2, 0, 1, 2, 0]), classes=("owl", "cat", "dog"))
    np.testing.assert_array_equal(fused([a, turned]).values, fused([a, b]).values)
    assert fused([a, b]).made == {"fused": [a.made, b.made]}


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (some(("cat", "dog", "cow")), "only one of them has the class cow"),
        (some()._replace(values=np.zeros((6, 5))), "4 and 5 scores"),
        (some()._replace(labels=np.array([1, 1, 2, 0, 1, 2])), "different images"),
        (some()._replace(numbers=np.arange(1, 7)), "different images"),
        (some()._replace(paths=("there/1.png", *PATHS[1:])), "different images"),
    ],
)
def test_what_is_no_fusion_is_refused(other: Posteriors, why: str) -> None:
    with pytest.raises(NetError, match=why):
        fused([some()._replace(paths=PATHS), other])


def test_data_may_have_been_moved() -> None:
    moved = tuple(path.replace("here", "there") for path in PATHS)
    assert fused([some()._replace(paths=PATHS), some()._replace(paths=moved)]).paths == PATHS


def test_ties_count_against() -> None:
    flat = some()._replace(values=np.full((6, 4), 0.25))
    assert flat.errors().top1 == 6
    assert flat.errors().top5 == 0, "only three others are as high"
    with pytest.raises(NetError, match="no image"):
        Posteriors(np.zeros((0, 3)), np.zeros(0, np.int64), np.zeros(0, np.int64), ("a",), {}).errors()


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_a_file_gives_back_what_was_saved(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"saved.{suffix}"
    POSTERIORS.write(path, some()._replace(paths=PATHS))
    found = POSTERIORS.read(path)
    assert found.paths == PATHS
    np.testing.assert_array_equal(found.values, some().values)
    np.testing.assert_array_equal(fused([found, some(seed=2)]).values, fused([some(), some(seed=2)]).values)
    assert (found.classes, found.made) == (some().classes, some().made)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(NetError, match="can't be read as posteriors"):
        POSTERIORS.read(path)


def test_files_that_are_not_sound_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "saved.npz"
    POSTERIORS.write(path, some()._replace(labels=np.full(6, 3)))
    with pytest.raises(NetError, match="its labels go from 3 to 3, and there are 3 classes"):
        POSTERIORS.read(path)
    POSTERIORS.write(path, some()._replace(paths=PATHS[1:]))
    with pytest.raises(NetError, match="6 images and has 5 paths"):
        POSTERIORS.read(path)
    POSTERIORS.write(path, some()._replace(labels=np.zeros(5, np.int64)))
    with pytest.raises(NetError, match="don't fit each other"):
        POSTERIORS.read(path)
    with pytest.raises(NetError, match=r"end it in \.npz or \.safetensors"):
        POSTERIORS.read(tmp_path / "saved.txt")


OTHER_KINDS: list[Any] = [{}, [], 3, {"net": "x"}, {"net": 1, "name": [], "protocol": 3}, {"fused": 3}]


@pytest.mark.parametrize(
    "change", [*({"made": made} for made in OTHER_KINDS), {"classes": ([1], {}, 3)}, {"paths": 3}], ids=str
)
def test_facts_of_other_kinds_are_refused_where_they_are_read(change: dict[str, Any], tmp_path: Path) -> None:
    """Not where they are told, much later: a report would end as our fault."""
    POSTERIORS.write(tmp_path / "p.npz", some()._replace(**change))
    with pytest.raises(NetError, match=r"p.npz can't be read as posteriors: (what it says|its \w+ are no list)"):
        POSTERIORS.read(tmp_path / "p.npz")
