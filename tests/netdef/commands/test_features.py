"""netdef features from end to end: what a plain loop over the net makes, in a file."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from netdef import NetError, dense, load, module, read_weights, write_weights
from netdef.cli import main
from netdef.runtime import lower
from netdef.runtime.transfer.describing import blob_of
from netdef.runtime.transfer.descriptors import DESCRIPTORS, Descriptors

NET = """
name: "tiny"
input "data" [1, 3, 8, 8]
layer "conv" Convolution { num_output: 4 kernel_size: 3 stride: 2 weight_filler { type: "xavier" } }
layer "fc7" InnerProduct { num_output: 6 weight_filler { type: "xavier" } }
layer "tanh7" TanH
layer "fc8" InnerProduct { num_output: 3 weight_filler { type: "xavier" } }
preprocess { channels: RGB mean: [100, 100, 100] scale: 0.02 }
"""
SIZES = [(12, 16), (12, 16), (16, 12), (20, 11), (12, 16)]
Rows = NDArray[np.float32]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five images of two classes, with a box on each, and a net with weights."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    lines = []
    for number, size in enumerate(SIZES):
        path = Path("data") / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (*size, 3), np.uint8)).save(path)
        lines.append(f"{path},{'ab'[number % 2]},1.2,2,10,10.5")
    Path("boxes.csv").write_text("\n".join(lines))
    Path("tiny.net").write_text(NET)
    write_weights("w.npz", lower(load("tiny.net"), seed=1).weights())
    return tmp_path


def described(*words: str, data: str = "data", out: str = "out.npz") -> Descriptors:
    assert main(["features", "tiny.net", "--weights", "w.npz", "--data", data, "-o", out, *words]) == 0
    return DESCRIPTORS.read(Path(out))


def expected(image: Image.Image, side: int, *, flip: bool = True, blob: str = "fc7") -> Rows:
    """A dense net's blob, averaged over positions and mirror."""
    scale = side / min(image.size)
    scaled = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BILINEAR)
    net = dense(load("tiny.net"))
    found = []
    for each in (scaled, scaled.transpose(Image.Transpose.FLIP_LEFT_RIGHT))[: 1 + flip]:
        x = ((np.asarray(each, np.float32) - 100) * 0.02).transpose(2, 0, 1)[None]
        blobs = module(net, read_weights("w.npz")).blobs([blob], data=torch.from_numpy(np.ascontiguousarray(x)))
        found.append(blobs[blob].detach().numpy()[0].mean((1, 2)))
    row: Rows = np.mean(found, axis=0)
    return row


def unit(rows: Rows) -> Rows:
    lengths: Rows = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    return lengths


@pytest.mark.parametrize("out", ["out.npz", "out.safetensors"])
def test_scales_are_averaged_or_stacked_and_rows_have_length_one(folder: Path, out: str) -> None:
    words = ["--dense", "--scales", "9,13", "--flip"]
    mean, stack = described(*words, out=out), described(*words, "--stack", out=out)
    plain = described(*words, "--no-normalise", out=out)
    assert mean.classes == ("a", "b")
    assert mean.labels.tolist() == [0, 0, 0, 1, 1]
    for row, path in enumerate(mean.paths):
        image = Image.open(path)
        scales = np.array([expected(image, 9), expected(image, 13)])
        np.testing.assert_allclose(plain.values[row], scales.mean(0), atol=1e-6)
        np.testing.assert_allclose(mean.values[row], unit(scales.mean(0)), atol=1e-6)
        np.testing.assert_allclose(stack.values[row], unit(scales.ravel()), atol=1e-6)
    assert mean.made["blob"] == "fc7"
    assert mean.made["protocol"]["scales"] == [9, 13]


def test_a_box_is_described_beside_its_image(folder: Path) -> None:
    words = ["--dense", "--scales", "9"]
    both = described(*words, "--box", data="boxes.csv")
    for row, path in enumerate(both.paths):
        image = Image.open(path)
        parts = [expected(each, 9, flip=False) for each in (image, image.crop((1, 2, 10, 11)))]
        np.testing.assert_allclose(both.values[row], np.hstack(list(map(unit, parts))) / np.sqrt(2), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(both.values, axis=1), 1, rtol=1e-6)


def test_images_may_show_several_classes(folder: Path) -> None:
    Path("objects.csv").write_text("data/a/0.png,dog,1,1,9,9\ndata/a/0.png,cat,2,2,5,5\ndata/b/1.png,dog,0,0,4,4\n")
    found = described("--several", data="objects.csv")
    assert found.classes == ("cat", "dog")
    assert found.labels.tolist() == [[1, 1], [0, 1]]
    np.testing.assert_array_equal(found.values, described().part(np.array([0, 3])).values)
    only = described("--several", "--object", "cat", data="objects.csv")
    assert only.labels.tolist() == [[1], [0]]


def test_any_blob_describes_and_a_map_is_averaged(folder: Path) -> None:
    found = described("--blob", "conv", "--dense", "--scales", "9")
    rows = [unit(expected(Image.open(path), 9, flip=False, blob="conv")) for path in found.paths]
    np.testing.assert_allclose(found.values, rows, atol=1e-6)


def test_by_default_the_net_sees_the_centre(folder: Path) -> None:
    whole = described("--dense", "--scales", "8").values
    centre = described().values
    assert centre.shape == whole.shape
    square = Image.open("data/a/0.png").resize((11, 8), Image.Resampling.BILINEAR).crop((1, 0, 9, 8))
    np.testing.assert_allclose(centre[0], unit(expected(square, 8, flip=False)), atol=0.02)


def test_broken_images_and_small_ones_are_left_out_where_asked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("data/a/2.png").write_bytes(b"nothing")
    Image.new("RGB", (5, 5)).save("data/b/9.png")
    assert main(["features", "tiny.net", "--weights", "w.npz", "--data", "data", "-o", "o.npz", "--dense"]) == 1
    assert "2.png" in capsys.readouterr().err
    found = described("--dense", "--corrupt", "skip")
    assert found.numbers.tolist() == [0, 2, 3, 4]
    assert [Path(path).name for path in found.paths] == ["0.png", "4.png", "1.png", "3.png"]
    said = capsys.readouterr().err
    assert "needs at least 7x7" in said
    assert "images left out: 2" in said


def test_the_usual_blob_is_fc7_or_what_the_last_weights_read(folder: Path) -> None:
    assert blob_of(load("tiny.net"), None) == "fc7"
    Path("other.net").write_text(NET.replace("fc7", "code").replace("tanh7", "bend"))
    assert blob_of(load("other.net"), None) == "code"
    assert blob_of(load("other.net"), "conv") == "conv"
    for chosen, said in (("cod", 'did you mean "code"'), ("scalar", "choose with --blob")):
        with pytest.raises(NetError, match=said):
            blob_of(load("other.net"), chosen)


def test_mistakes_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["features", "tiny.net", "--weights", "w.npz", "-o", "o.npz"]
    for part in ("train", "test"):
        Path("parts", part, "a").mkdir(parents=True)
        Image.new("RGB", (9, 9)).save(f"parts/{part}/a/1.png")
    cases = {
        "say --data parts/train or --data parts/test": ["--data", "parts"],
        "--box needs data with boxes": ["--data", "data", "--box"],
        "--several needs data that mark": ["--data", "data", "--several"],
        "end it in .npz or .safetensors": ["--data", "data", "-o", "rows.csv"],
        "o/o.npz can't be written: there is no folder o": ["--data", "data", "-o", "o/o.npz"],
    }
    for said, more in cases.items():
        assert main([*words, *more]) == 1
        assert said in capsys.readouterr().err
    Path("bare.net").write_text('input "data" [1, 3, 8, 8]\nlayer "flat" Flatten')
    assert main(["features", "bare.net", *words[2:], "--data", "data"]) == 1
    assert "no layers with weights" in capsys.readouterr().err


def test_a_run_stands_for_its_net_and_its_weights(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loss = 'layer "loss" SoftmaxWithLoss { bottom: ["fc8", "label"] include { phase: TRAIN } }'
    Path("tiny.net").write_text(f'{NET}\ninput "label" [1]\n{loss}')
    train = ["train", "tiny.net", "--data", "data", "--test-data", "data", "--epochs", "1", "--batch", "5", "-o", "run"]
    assert main(train) == 0
    assert main(["features", "run", "--data", "data", "-o", "one.npz"]) == 0
    assert main(["features", "tiny.net", "--weights", "run", "--data", "data", "-o", "other.npz"]) == 0
    one, other = (DESCRIPTORS.read(Path(name)) for name in ("one.npz", "other.npz"))
    np.testing.assert_array_equal(one.values, other.values)
    capsys.readouterr()
    assert main(["features", "tiny.net", "--data", "data", "-o", "no.npz"]) == 2
    assert "which weights? Add --weights W, or name the folder of a run" in capsys.readouterr().err
