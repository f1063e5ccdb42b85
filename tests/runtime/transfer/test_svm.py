"""SVMs on descriptors: splits, the choice of C, stacked descriptors and figures, against scikit-learn."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.svm import LinearSVC

from netdef import NetError
from netdef.runtime.evaluation.posteriors import Posteriors
from netdef.runtime.evaluation.posteriors_file import POSTERIORS
from netdef.runtime.transfer.descriptors import (
    DESCRIPTORS,
    Descriptors,
    normalised,
    side_by_side,
    stacked,
)
from netdef.runtime.transfer.svm import COSTS, Measure, Split, chosen_cost, decisions, measured, splits

CLASSES = ("cat", "dog", "owl")


def some(num: int = 20, *, seed: int = 0, several: bool = False, noise: float = 0.7) -> Descriptors:
    """``num`` images of each class about the class's corner, in length 1; ``several``: some show two classes."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(3), num)
    shown = np.eye(3, dtype=np.int64)[labels]
    if several:
        shown[::4, 1] = 1
    values = normalised((np.eye(3, 8)[labels] + noise * random.normal(size=(3 * num, 8))).astype(np.float32))
    paths = tuple(f"{seed}/{number}.png" for number in range(3 * num))
    return Descriptors(values, shown if several else labels, np.arange(3 * num), CLASSES, paths, {"net": f"{seed}.net"})


def test_an_svm_for_each_class_is_scikit_learns_one_against_the_rest() -> None:
    train, test = some(), some(seed=1)
    expected = LinearSVC(C=10, dual=False).fit(train.values, train.labels).decision_function(test.values)
    np.testing.assert_allclose(decisions(train, test, 10), expected, atol=1e-6)


@pytest.mark.parametrize("several", [False, True])
def test_c_is_chosen_on_a_fifth_that_is_not_trained_on(several: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    train = some(several=several)
    seen = []

    def spied(most: Descriptors, few: Descriptors, cost: float) -> NDArray[np.float64]:
        seen.append((set(most.numbers.tolist()), set(few.numbers.tolist()), cost))
        return (few.shown if cost == 10 else ~few.shown).astype(np.float64)

    monkeypatch.setattr("netdef.runtime.transfer.svm.decisions", spied)
    assert chosen_cost(train, Measure.MAP if several else Measure.RECALL) == 10
    assert [cost for *_, cost in seen] == [*COSTS]
    for most, few, _ in seen:
        assert most | few == set(range(60))
        assert len(few) == 12
        assert not most & few


def test_splits_deal_each_class_and_depend_on_the_seed_alone() -> None:
    whole = some()
    found = list(splits(whole, [3, 4], 12, 5))
    for split in found:
        assert np.bincount(split.train.labels).tolist() == [12, 12, 12]
        assert np.bincount(split.test.labels).tolist() == [5, 5, 5]
        assert not set(split.train.numbers) & set(split.test.numbers)
        np.testing.assert_array_equal(split.test.values, whole.values[split.test.numbers])
        assert split.test.paths == tuple(f"0/{number}.png" for number in split.test.numbers)
    assert found[0].train.numbers.tolist() != found[1].train.numbers.tolist()
    (again,) = splits(whole, [4], 12, 500)
    assert again.train.numbers.tolist() == found[1].train.numbers.tolist()
    assert len(again.test.numbers) == 24, "all others, where there are fewer"


def test_two_nets_descriptors_are_side_by_side_and_must_be_of_the_same_images() -> None:
    one, two = some(), some(seed=1)
    two = two._replace(paths=tuple(path.replace("1/", "moved/") for path in two.paths))
    both = stacked([one, two])
    np.testing.assert_allclose(both.values, np.hstack([one.values, two.values]) / np.sqrt(2))
    np.testing.assert_allclose(np.linalg.norm(side_by_side([one.values] * 3), axis=1), 1, rtol=1e-6)
    others = {
        "numbers": two.part(np.arange(40)),
        "labels": two._replace(labels=two.labels[::-1].copy()),
        "classes": two._replace(classes=("cat", "dog", "cow")),
        "files' names": two._replace(paths=two.paths[::-1]),
    }
    for what, other in others.items():
        with pytest.raises(NetError, match=f"0.net's and 1.net's descriptors don't go together.*{what} differ"):
            stacked([one, other])
    with pytest.raises(NetError, match="nothing is trained for the class cow"):
        others["classes"].of_classes(one.classes)


def test_descriptors_of_other_lengths_are_refused() -> None:
    train = some()
    with pytest.raises(NetError, match="8 numbers, and those to test on 16"):
        measured(Split(train, stacked([train, train])), Measure.RECALL)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"labels": np.full(60, 3)}, "from 3 to 3, and may go from 0 to 2"),
        ({"labels": np.zeros((60, 2), np.int64)}, "don't fit each other"),
        ({"numbers": np.arange(59)}, "don't fit each other"),
        ({"values": np.full((60, 8), np.nan, np.float32)}, "not finite"),
        ({"paths": ("a.png",)}, "60 descriptors and 1 paths"),
    ],
)
@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_file_gives_back_what_was_written_and_an_unsound_one_is_refused(
    tmp_path: Path, change: dict[str, Any], said: str, suffix: str
) -> None:
    path = tmp_path / f"rows{suffix}"
    DESCRIPTORS.write(path, some())
    for name, value in some()._asdict().items():
        np.testing.assert_array_equal(getattr(DESCRIPTORS.read(path), name), value)
    DESCRIPTORS.write(path, some()._replace(**change))
    with pytest.raises(NetError, match=said):
        DESCRIPTORS.read(path)


@pytest.mark.parametrize("made", [[], 3, {"stacked": 3}, {"stacked": [3]}, {"protocol": 3}], ids=str)
def test_what_made_them_is_told_in_other_kinds_of_words(made: Any, tmp_path: Path) -> None:
    DESCRIPTORS.write(tmp_path / "d.npz", some()._replace(made=made))
    with pytest.raises(NetError, match="what it says of how it was made is damaged"):
        DESCRIPTORS.read(tmp_path / "d.npz")


def test_a_file_that_holds_other_arrays_is_refused_in_words(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", rows=np.zeros(3))
    with pytest.raises(NetError, match="as descriptors: it has no values\n"):
        DESCRIPTORS.read(tmp_path / "other.npz")
    few = some()
    POSTERIORS.write(tmp_path / "p.npz", Posteriors(np.ones((60, 3)), few.labels, few.numbers, CLASSES, {}, few.paths))
    with pytest.raises(NetError, match="as descriptors: it holds posteriors"):
        DESCRIPTORS.read(tmp_path / "p.npz")


def test_too_few_images_are_refused() -> None:
    few = some(2)
    with pytest.raises(NetError, match="cat has 2 images"):
        next(splits(few, [0], 2, 1))
    with pytest.raises(NetError, match="too few training images to choose C"):
        measured(Split(few, few), Measure.RECALL)
    with pytest.raises(NetError, match="for owl there are none"):
        measured(Split(some().part(np.arange(40)), few), Measure.RECALL)
