"""What netdef says of single images: classes by name, boxes, and images that can't be read."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netdef import load, write_weights
from netdef.cli import main
from netdef.runtime import lower
from netdef.runtime.data.datasets.decoding import decode

NET = """
name: "rows"
input "data" [1, 1, {size}]
layer "fc" InnerProduct {{ num_output: {num} }}
{end}
preprocess {{ channels: GREY {labels} }}
"""
LEARNS = """
layer "box" Input { shape { dim: [1, 12] } include { phase: TRAIN } }
layer "loss" EuclideanLoss { bottom: ["fc", "box"] include { phase: TRAIN } }
"""
NAMES = ["upper", "middle", "lower"]


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A net that scores an image's thirds by their brightness, another with a box, and images."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "names.txt").write_text("\n".join(NAMES) + "\n")
    classifier = NET.format(size="12, 16", num=3, end='layer "prob" Softmax', labels='labels: "names.txt"')
    (tmp_path / "n.net").write_text(classifier)
    thirds = np.zeros((3, 12, 16))
    for row in range(3):
        thirds[row, 4 * row : 4 * row + 4] = 0.0001
    write_weights(tmp_path / "n.npz", {"fc": [thirds.reshape(3, 192), np.zeros(3)]})
    for name, classes in (("one", 1), ("each", 3)):
        (tmp_path / f"{name}.net").write_text(NET.format(size="6, 8", num=4 * classes, end="", labels=""))
        boxes = [[0.5, (2 * row + 1) / 6, 0.5, 1 / 3] for row in range(classes)]
        write_weights(tmp_path / f"{name}.npz", {"fc": [np.zeros((4 * classes, 48)), np.ravel(boxes)]})
    (tmp_path / "images").mkdir()
    for row, name in enumerate(NAMES):
        image = np.zeros((12, 16), np.uint8)
        image[4 * row : 4 * row + 4] = 200
        Image.fromarray(image).save(tmp_path / f"images/{name}.png")
    return tmp_path


def predicted(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> list[dict[str, object]]:
    assert main(["predict", *words, "--json"]) == status
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)["results"]
    return found


@pytest.mark.parametrize("images", [["images"], ["images/*.png"], [f"images/{name}.png" for name in sorted(NAMES)]])
def test_classes_are_named_and_their_shares_sum_to_1(
    rows: Path, images: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    results = predicted(capsys, "n.net", "--weights", "n.npz", *images)
    assert [result["image"] for result in results] == [f"images/{name}.png" for name in sorted(NAMES)]
    for result, name in zip(results, sorted(NAMES), strict=True):
        classes = result["classes"]
        assert isinstance(classes, list)
        assert (classes[0]["class"], NAMES[classes[0]["label"]]) == (name, name)
        shares = np.exp([0.0001 * 200 * 64, 0, 0])
        assert [each["probability"] for each in classes] == pytest.approx((shares / shares.sum()).tolist(), rel=1e-5)


def test_the_best_are_printed_and_a_file_may_name_them(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (rows / "mine.txt").write_text("a\nb\nc\n")
    words = ["predict", "n.net", "--weights", "n.npz", "images/middle.png", "--classes", "mine.txt", "--top", "1"]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "images/middle.png"
    assert lines[1].split()[1:] == ["%", "b"]
    assert len(lines) == 2
    (rows / "mine.txt").write_text("a\nb\n")
    assert main(words) == 1
    assert "names 2 classes, and the net scores 3" in capsys.readouterr().err


def test_bad_images_are_named_and_the_others_done(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "n.net", "--weights", "n.npz", "n.net", "images/lower.png", "gone.png"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("images/lower.png\n")
    assert "n.net cannot be read as an image" in err
    assert "there is no image at gone.png" in err


def test_a_box_is_drawn_on_a_copy(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (rows / "images/upper.png").read_bytes()
    words = ["one.net", "--weights", "one.npz", "--boxes", "-o", "images", "images/upper.png"]
    (result,) = predicted(capsys, *words)
    assert result["box"] == pytest.approx([4, 0, 12, 4], abs=1e-4)
    assert (rows / "images/upper.png").read_bytes() == before
    copy = decode(str(result["drawn"]))
    coloured = (copy[:, :, 0] != copy[:, :, 2]).nonzero()
    assert {(int(rows_.min()), int(rows_.max())) for rows_ in coloured} == {(0, 4), (4, 12)}


def test_a_classifier_chooses_the_box(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["each.net", "--weights", "each.npz", "--boxes", "images"]
    results = predicted(capsys, *words, "--class-net", "n.net", "--class-weights", "n.npz")
    tops = {str(result["image"]): result["box"] for result in results}
    for row, name in enumerate(NAMES):
        assert tops[f"images/{name}.png"] == pytest.approx([4, 4 * row, 12, 4 * row + 4], abs=1e-4)
    assert main(["predict", *words]) == 2
    assert "--class-net chooses" in capsys.readouterr().err


def test_a_classifier_of_other_classes_chooses_no_box(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (rows / "four.net").write_text(NET.format(size="12, 16", num=4, end='layer "prob" Softmax', labels=""))
    write_weights(rows / "four.npz", {"fc": [np.zeros((4, 192)), np.zeros(4)]})
    words = ["--boxes", "images", "--class-net", "four.net", "--class-weights", "four.npz"]
    assert main(["predict", "each.net", "--weights", "each.npz", *words]) == 1
    assert "each.net has boxes for 3 classes, and four.net scores 4" in capsys.readouterr().err
    assert main(["predict", "one.net", "--weights", "one.npz", *words]) == 0


def test_copies_of_one_name_do_not_meet(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (rows / "other").mkdir()
    Image.new("L", (16, 12)).save(rows / "other/upper.png")
    words = ["one.net", "--weights", "one.npz", "--boxes", "images/upper.png", "other/upper.png"]
    drawn = [result["drawn"] for result in predicted(capsys, *words)]
    assert drawn == ["boxes/upper-box.png", "boxes/upper-box-2.png"]


def test_copies_need_a_folder(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "one.net", "--weights", "one.npz", "--boxes", "images", "-o", "names.txt"]) == 1
    assert "[N006]: names.txt/lower-box.png can't be written" in capsys.readouterr().err


def test_boxes_are_not_taken_for_classes(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (rows / "each.net").write_text(NET.format(size="6, 8", num=12, end=LEARNS, labels=""))
    assert main(["predict", "each.net", "--weights", "each.npz", "images"]) == 1
    assert "add --boxes" in capsys.readouterr().err
    words = ["--boxes", "images", "--class-net", "each.net", "--class-weights", "each.npz"]
    assert main(["predict", "each.net", "--weights", "each.npz", *words]) == 1
    assert "--class-net takes a net that scores classes" in capsys.readouterr().err


def test_classes_are_not_taken_for_boxes(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = 'input "data" [1, 1, 4, 4] layer "fc" Convolution { num_output: 8 kernel_size: 1 } '
    (rows / "p.net").write_text(layers + 'layer "pool" Pooling { pool: AVE global_pooling: true }')
    write_weights(rows / "p.npz", {"fc": [np.zeros((8, 1, 1, 1)), np.zeros(8)]})
    assert main(["predict", "p.net", "--weights", "p.npz", "--boxes", "images"]) == 1
    assert "scores classes, and gives no boxes" in capsys.readouterr().err


def test_weights_must_be_whole(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_weights(rows / "none.npz", {"other": [np.zeros(3)]})
    assert main(["predict", "n.net", "--weights", "none.npz", "images"]) == 1
    assert "no weights for fc" in capsys.readouterr().err
    assert load(rows / "n.net").scores == "fc"


def test_a_real_net_knows_a_real_image(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """SqueezeNet's published weights."""
    home = shared / "corpus/caffemodel/squeezenet_v1.0_dc"
    (result,) = predicted(
        capsys,
        *(str(home / "net.prototxt"), "--weights", str(home / "weights.caffemodel")),
        *("--top", "1"),
        *("--classes", str(shared / "corpus/images/synset_words.txt")),
        str(shared / "corpus/images/cat.jpg"),
    )
    classes = result["classes"]
    assert isinstance(classes, list)
    assert "cat" in classes[0]["class"]


def test_a_soft_max_in_place_changes_nothing(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("n.net", "--weights", "n.npz", "images")
    apart = predicted(capsys, *words)
    text = (rows / "n.net").read_text().replace('"prob" Softmax', '"prob" Softmax { bottom: "fc" top: "fc" }')
    (rows / "n.net").write_text(text)
    assert predicted(capsys, *words) == apart


@pytest.mark.parametrize("command", [["predict", "n.net", "images"], ["evaluate", "n.net", "--data", "."]])
def test_bytes_as_they_are_are_warned_of(rows: Path, capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    words = [*command, "--weights", "n.npz"]  # to evaluate, the folder of images is a class
    assert main(words) == 0
    assert "N1106" not in capsys.readouterr().err
    text = (rows / "n.net").read_text()
    (rows / "n.net").write_text(text[: text.index("preprocess")])
    assert main(words) == 0
    said = capsys.readouterr().err
    assert said.count("warning[N1106]: n.net gets bytes as they are, 0 to 255, grey: ") == 1
    assert "scale" not in said, "none is made up"
    assert "BGR" not in said
    assert "mean: [" not in said, "a grey image has no three"


def test_a_detector_is_told_from_a_classifier(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its boxes stand beside the scores, or it has one score: 100 % of class 0 says nothing."""
    boxes = 'layer "bbox_pred" InnerProduct { bottom: "data" num_output: BOXES weight_filler { type: "xavier" } }\n'
    text = (rows / "n.net").read_text()
    (rows / "detector.net").write_text(text.replace("preprocess", boxes.replace("BOXES", "12") + "preprocess"))
    write_weights(rows / "detector.npz", lower(load(rows / "detector.net"), seed=1).weights())
    words = ["predict", "detector.net", "--weights", "detector.npz", "images"]
    assert main([*words, "--scores", "prob"]) == 0
    capsys.readouterr()
    assert main(words) == 1
    said = capsys.readouterr().err
    assert "error[N" in said
    assert "bbox_pred" in said
    (rows / "single.net").write_text(f'input "data" [1, 3, 4, 4]\n{boxes.replace("BOXES", "1")}')
    write_weights(rows / "single.npz", lower(load(rows / "single.net"), seed=1).weights())
    assert main(["predict", "single.net", "--weights", "single.npz", "images"]) == 1
    assert "one number for an image" in capsys.readouterr().err


def test_a_box_ends_where_the_image_does(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_weights(rows / "one.npz", {"fc": [np.zeros((4, 48)), np.array([0.5, 0.5, 3, 0.5])]})
    (result,) = predicted(capsys, "one.net", "--weights", "one.npz", "--boxes", "images/upper.png")
    assert result["box"] == pytest.approx([0, 3, 16, 9], abs=1e-4)


def test_weights_that_are_nowhere(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "n.net", "--weights", "nowhere", "images"]) == 1
    assert "no weights nowhere: there is no such file or folder" in capsys.readouterr().err
