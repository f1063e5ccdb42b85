"""netdef svm: splits, the choice of C, stacked descriptors and figures, against scikit-learn; and real images."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.svm import LinearSVC

from netdef import NetError, load, write_weights
from netdef.cli import main
from netdef.runtime import lower
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


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["svm", *words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


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


def test_figures_are_means_over_the_splits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "rows.npz")
    DESCRIPTORS.write(Path(file), some())
    words = ["--splits", "4", "--train-per-class", "12", "--seed", "7"]
    found = printed(capsys, file, *words)
    assert [each["seed"] for each in found["splits"]] == [7, 8, 9, 10]
    recalls = [each["figures"]["mean class recall"] for each in found["splits"]]
    assert found["mean class recall"]["mean"] == pytest.approx(np.mean(recalls))
    assert found["mean class recall"]["deviation"] == pytest.approx(np.std(recalls, ddof=1))
    assert 0.5 < np.mean(recalls) < 1
    assert np.mean(list(found["splits"][0]["by_class"].values())) == pytest.approx(recalls[0])
    assert main(["svm", file, *words, "--metric", "map"]) == 0
    said = capsys.readouterr().out
    assert "seed 10: mAP, all points (VOC 2010)" in said
    assert "mAP, 11 points (VOC 2007): " in said.splitlines()[-1]


def test_images_of_several_classes_are_measured_by_map_on_a_test_part(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train, test = some(several=True), some(seed=1, several=True)
    order = [2, 0, 1]
    turned = test._replace(labels=test.labels[:, order], classes=tuple(CLASSES[i] for i in order))
    for name, each in {"train": train, "test": test, "turned": turned}.items():
        DESCRIPTORS.write(tmp_path / f"{name}.safetensors", each)
    names = [str(tmp_path / f"{name}.safetensors") for name in ("train", "test", "turned")]
    found = printed(capsys, names[0], "--test", names[1])
    assert set(found) == {"made", "splits", "mAP, all points (VOC 2010)", "mAP, 11 points (VOC 2007)"}
    assert found["splits"] == printed(capsys, names[0], "--test", names[2])["splits"]
    for more, said in ((["--test", names[1], "--metric", "recall"], "--metric map"), ([], "--test FEATURES")):
        assert main(["svm", names[0], *more]) == 1
        assert said in capsys.readouterr().err


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
        ({"blob": "fc6"}, "blob is fc6, and fc7 in training"),
        ({"protocol": {"scales": [256], "flip": True}}, "flip is True, and False in training"),
        ({"normalise": {"mean": [0]}}, "normalise is {'mean': [0]}, and {'mean': [100]} in training"),
    ],
)
def test_descriptors_made_otherwise_are_no_test(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], said: str
) -> None:
    made = {"blob": "fc7", "normalise": {"mean": [100]}, "protocol": {"scales": [256], "flip": False}}
    for name, how in (("train", made), ("alike", made | {"net": "moved.net"}), ("other", made | change)):
        DESCRIPTORS.write(tmp_path / f"{name}.npz", some()._replace(made=how))
    train, alike, other = (str(tmp_path / f"{name}.npz") for name in ("train", "alike", "other"))
    printed(capsys, train, "--test", alike)
    for words in ([train, "--test", other], [alike, train, "--test", alike, other]):
        assert main(["svm", *words]) == 1
        assert said in capsys.readouterr().err


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


@pytest.mark.slow
def test_what_a_real_net_has_learned_is_worth_more_than_pixels(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """SqueezeNet's published weights on ten kinds of clothing, which it was not trained for; chance is 10 %."""
    home = shared / "corpus/caffemodel/squeezenet_v1.0_dc"
    monkeypatch.chdir(tmp_path)
    mean = "preprocess { mean: 104 mean: 117 mean: 123 }"
    Path("squeezenet.prototxt").write_text((home / "net.prototxt").read_text("utf-8") + mean)
    Path("pixels.net").write_text(
        'input "data" [1, 3, 32, 32]\nlayer "pixels" Flatten\nlayer "fc" InnerProduct { num_output: 10 }\n'
        "preprocess { mean: [128, 128, 128] }"
    )
    write_weights("pixels.npz", lower(load("pixels.net")).weights())
    recalls = []
    for net, weights in (("squeezenet.prototxt", home / "weights.caffemodel"), ("pixels.net", Path("pixels.npz"))):
        data = str(shared / "data/clothing-dev/train")
        assert main(["features", net, "--weights", str(weights), "--data", data, "-o", "rows.npz"]) == 0
        recalls.append(printed(capsys, "rows.npz", "--splits", "1")["mean class recall"]["mean"])
    learned, pixels = recalls
    assert 0.15 < pixels < 0.4
    assert learned > pixels + 0.3
