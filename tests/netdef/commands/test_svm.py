"""netdef svm: figures of descriptors in files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netdef import load, write_weights
from netdef.cli import main
from netdef.runtime import lower
from netdef.runtime.transfer.descriptors import DESCRIPTORS
from tests.runtime.transfer.test_svm import CLASSES, some


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["svm", *words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


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
