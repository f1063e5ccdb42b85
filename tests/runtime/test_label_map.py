"""Label maps of images: what a net of pixels says, as shares and as a PNG that other programs read."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import netdef
from netdef.cli import main
from netdef.runtime.label_map import regions, write_label_map

Captured = pytest.CaptureFixture[str]

SCORE = """layer "score" Convolution { bottom: "data" num_output: 3 kernel_size: 1 }
preprocess { channels: RGB mean: [0, 0, 0] }
"""


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NDArray[np.uint8]:
    """Seven rows of nine pixels; a net calls a pixel 0, 1 or 2 where red, green or blue is the brightest."""
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(2).permuted(np.tile(np.array([10, 90, 200], np.uint8), (7, 9, 1)), axis=2)
    Image.fromarray(pixels).save("photo.png")
    netdef.write_weights("w.npz", {"score": [np.eye(3, dtype=np.float32)[..., None, None], np.zeros(3, np.float32)]})
    Path("names.txt").write_text("red\ngreen\nblue\n")
    return pixels


@pytest.mark.parametrize("net", ["deploy", "labelled"])
def test_predict_tells_shares_and_writes_the_labels(image: NDArray[np.uint8], capsys: Captured, net: str) -> None:
    """Of a net as it is deployed, and of one whose data layers have labels, and numbers that nothing reads."""
    head = 'input "data" [1, 3, 7, 9]\n'
    if net == "labelled":
        Image.fromarray(np.zeros((7, 9), np.uint8)).save("zeros.png")
        for name in ("photo", "zeros"):
            Path(f"{name}.txt").write_text(f"{name}.png 0\n")
        data = 'layer "%s" ImageData { top: ["%s", "%s 2"] source: "%s.txt" batch_size: 1 %s }\n'
        head = data % ("a", "data", "a", "photo", "") + data % ("b", "label", "b", "zeros", "is_color: false")
        head += 'layer "unread" Silence { bottom: ["a 2", "b 2"] }\n'
        head += 'layer "loss" SoftmaxWithLoss { bottom: ["score", "label"] }\n'
    Path("a.net").write_text(head + SCORE if net == "deploy" else head.replace('layer "loss"', SCORE + 'layer "loss"'))
    words = ["predict", "a.net", "photo.png", "--weights", "w.npz", "--device", "cpu", "--classes", "names.txt"]
    assert main([*words, "-o", "maps"]) == 0
    counts = np.bincount(image.argmax(2).ravel(), minlength=3)
    said = capsys.readouterr().out.splitlines()
    most, named = int(counts.argmax()), ["red", "green", "blue"]
    assert said[0] == "photo.png"
    assert said[1] == f"  {100 * counts[most] / 63:6.2f} % of the pixels  {named[most]}"
    assert said[-1] == "  label map: maps/photo-map.png"
    with Image.open("maps/photo-map.png") as drawn:
        assert drawn.mode == "P"
        np.testing.assert_array_equal(np.asarray(drawn), image.argmax(2))
    assert main([*words, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["results"]
    assert {each["class"]: each["share"] for each in found["regions"]} == pytest.approx(
        dict(zip(named, counts / 63, strict=True))
    )
    assert "drawn" not in found


def test_scores_of_several_windows_are_averaged_still(image: NDArray[np.uint8], capsys: Captured) -> None:
    """A map that is smaller than the image, and has no labels, is one image's."""
    Path("a.net").write_text(
        'input "data" [1, 3, 7, 9]\n' + SCORE.replace("kernel_size: 1", "kernel_size: 1 stride: 2")
    )
    assert main(["predict", "a.net", "photo.png", "--weights", "w.npz", "--device", "cpu"]) == 0
    assert "of the pixels" not in capsys.readouterr().out


def test_the_largest_regions_come_first_and_absent_ones_not_at_all() -> None:
    labels = np.array([[2, 2, 0], [2, 1, 0]])
    found = regions(labels, ["a", "b", "c", "d"], 9)
    assert [(each.name, each.label, each.share) for each in found] == [("c", 2, 0.5), ("a", 0, 2 / 6), ("b", 1, 1 / 6)]
    assert len(regions(labels, ["a", "b", "c", "d"], 2)) == 2


def test_colours_are_pascal_vocs(tmp_path: Path) -> None:
    """As the set's own development kit has them: aeroplane, bicycle, bird, a person, a television, and what is void."""
    write_label_map(np.array([[0, 1, 2, 3, 15, 20, 255]]), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as drawn:
        colours = np.asarray(drawn.convert("RGB"))[0].tolist()
    black, person, television, void = [0, 0, 0], [192, 128, 128], [0, 64, 128], [224, 224, 192]
    assert colours == [black, [128, 0, 0], [0, 128, 0], [128, 128, 0], person, television, void]


def test_more_classes_than_a_byte_holds(tmp_path: Path) -> None:
    labels = np.array([[0, 255, 256, 999]])
    write_label_map(labels, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as drawn:
        np.testing.assert_array_equal(np.asarray(drawn), labels)
