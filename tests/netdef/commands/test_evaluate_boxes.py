"""What the command line asks of nets that give boxes, and what it is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netdef import write_weights
from netdef.cli import main

HEAD = 'input "data" [1, 1, 4, 4] layer "fc" InnerProduct {{ num_output: {} }} {} preprocess {{ channels: GREY }}'
CLASSES = ("cat", "dog")
BOXES = ["evaluate", "where.net", "--weights", "where.npz", "--data", "pets.csv", "--boxes"]
BOTH = ["evaluate", "where.net", "what.net", "--data", "pets.csv", "--boxes", "--weights"]


@pytest.fixture
def pets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two cats' boxes that a net knows, a dog's that it doesn't, and a classifier."""
    monkeypatch.chdir(tmp_path)
    rows = []
    for number, label in enumerate(["cat", "dog", "cat"]):
        Image.new("L", (4, 4)).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,{label},0,0,{2 if label == 'cat' else 4},4")
    (tmp_path / "pets.csv").write_text("\n".join(rows))
    (tmp_path / "where.net").write_text(HEAD.format(8, ""))
    (tmp_path / "what.net").write_text(HEAD.format(2, 'layer "prob" Softmax'))
    write_weights("where.npz", {"fc": [np.zeros((8, 16)), np.array([0.25, 0.5, 0.5, 1] * 2)]})
    write_weights("what.npz", {"fc": [np.zeros((2, 16)), np.zeros(2)]})
    return tmp_path


def run_of(weights: str, *classes: str) -> str:
    """A run's folder with weights, and the classes that it learned."""
    folder = Path("-".join(["run", Path(weights).stem, *classes]))
    folder.mkdir()
    manifest = {"classes": classes, "preprocess": {"channels": "GREY"}, "identity": {"recipe": {"augment": {}}}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with np.load(weights) as arrays:
        write_weights(folder / "best.safetensors", {"fc": list(arrays.values())})
    return str(folder)


def result(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, float]:
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["results"]
    return found["num"], found["box_error"]


@pytest.mark.parametrize(
    "option",
    [
        ["--crops", "10"],
        ["--flip"],
        ["--scales", "8"],
        ["--report"],
        ["--save-posteriors", "p.npz"],
        ["--posteriors", "p.npz"],
        ["--pool", "prob"],
        ["--input", "data=data"],
    ],
)
def test_an_option_that_means_nothing_is_named(
    pets: Path, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*BOXES, *option]) == 2
    assert f"without {option[0]}" in capsys.readouterr().err


def test_a_classifier_is_of_use_only_densely(pets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*BOTH, "where.npz", "what.npz"]) == 2
    assert "what.net scores classes" in capsys.readouterr().err
    assert result(capsys, *BOTH, "where.npz", "what.npz", "--dense") == pytest.approx((3, 1 / 3))


def test_each_run_knows_the_datas_classes(pets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = run_of("where.npz", *CLASSES)
    assert main([*BOTH, where, run_of("what.npz", *reversed(CLASSES)), "--dense"]) == 1
    assert "class 0 is cat for the data, and dog for what.net" in capsys.readouterr().err
    assert result(capsys, *BOTH, where, run_of("what.npz", *CLASSES), "--dense")[0] == 3
    (pets / "what.net").write_text(HEAD.format(1, 'layer "prob" Softmax'))
    write_weights("what.npz", {"fc": [np.zeros((1, 16)), np.zeros(1)]})
    assert main([*BOTH, where, "what.npz", "--dense"]) == 1
    assert "the net scores for 1" in capsys.readouterr().err


@pytest.mark.parametrize("protocol", [[], ["--dense"]])
def test_bad_images_are_skipped_if_that_is_asked_for(
    pets: Path, protocol: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (pets / "1.png").write_text("no image")
    words = [*BOTH, "where.npz", "what.npz", "--dense"] if protocol else BOXES
    assert main(words) == 1
    assert "[N712]" in capsys.readouterr().err
    assert result(capsys, *words, "--corrupt", "skip") == (2, 0)


def test_only_the_objects_that_are_asked_for_count_for_a_run_too(
    pets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", "where.net", "--weights", run_of("where.npz", *reversed(CLASSES)), *BOXES[4:]]
    assert result(capsys, *words) == pytest.approx((3, 1 / 3))
    assert result(capsys, *words, "--object", "dog") == (1, 1)
    assert result(capsys, *words, "--object", "cat") == (2, 0)
    (pets / "pets.csv").write_text("0.png,cow,0,0,2,4\n")
    assert main([*words, "--object", "cow"]) == 1
    assert "training knows no class cow" in capsys.readouterr().err


def test_a_classifier_counts_only_the_objects_that_are_asked_for(
    pets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = run_of("what.npz", *CLASSES)
    words = ["evaluate", "what.net", "--weights", weights, "--data", "pets.csv", "--json"]
    nums = []
    for asked in ([], ["--object", "dog"], ["--object", "cat"]):
        assert main([*words, *asked]) == 0
        nums.append(json.loads(capsys.readouterr().out)["results"][0]["num"])
    assert nums == [3, 1, 2]


def test_one_net_with_several_weights_is_counted_with_each(pets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_weights("wide.npz", {"fc": [np.zeros((8, 16)), np.array([0.5, 0.5, 1, 1] * 2)]})
    words = ["evaluate", "where.net", "where.net", "--weights", "where.npz", "wide.npz", *BOXES[4:], "--json"]
    assert main(words) == 0
    found = [each["box_error"] for each in json.loads(capsys.readouterr().out)["results"]]
    assert found == pytest.approx([1 / 3, 2 / 3])
