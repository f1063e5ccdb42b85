"""Nets of all kinds of labels, trained and tested: what is learned by heart is found right, and said by its name."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from netdef.cli import main
from tests.caffe_data import write_database, write_table

Captured = pytest.CaptureFixture[str]

DATA = """layer { name: "data" type: "Data" top: "data" data_param { source: "img" batch_size: 4 backend: LMDB }
  transform_param { scale: 0.01 mean_value: 80 } }
layer { name: "own" type: "Data" top: "%s" data_param { source: "labels" batch_size: 4 backend: LMDB } }
"""
SOLVER = "base_lr: 0.5\nlr_policy: 'fixed'\nmomentum: 0.9\nmax_iter: 24\ntest_iter: 4\ntest_interval: 8\n"
FC = 'layer "%s" InnerProduct { bottom: "data" num_output: %d weight_filler { type: "xavier" } }\n'
CONV = 'layer "score" Convolution { bottom: "data" num_output: 3 kernel_size: 1 weight_filler { type: "xavier" } }\n'
LOSS = 'layer "%s" SoftmaxWithLoss { bottom: ["%s", "%s"] %s }\n'
ACCURACY = 'layer "%s" Accuracy { bottom: ["%s", "%s"] %s include { phase: TEST } }\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("solver.prototxt").write_text(SOLVER)
    return tmp_path


def colours(num: int = 16) -> tuple[list[NDArray[np.uint8]], list[NDArray[np.uint8]]]:
    """Images whose pixels have three levels, and maps of which they have; the first pixel is marked with 255."""
    chance = np.random.default_rng(0)
    maps = [chance.integers(0, 3, (1, 6, 8)) for _ in range(num)]
    images = [(np.repeat(each, 3, 0) * 80 + chance.integers(0, 20, (3, 6, 8))).astype(np.uint8) for each in maps]
    for each in maps:
        each[0, 0, 0] = 255
    return images, [each.astype(np.uint8) for each in maps]


def train(net: str, *words: str, recipe: str = "solver.prototxt", run: str = "run") -> list[dict[str, Any]]:
    """Train; the lines of the tests."""
    Path("a.prototxt").write_text(net)
    assert main(["train", "a.prototxt", "--recipe", recipe, "--device", "cpu", "-o", run, *words]) == 0
    lines = [json.loads(line) for line in Path(run, "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if "test_loss" in line]


@pytest.mark.parametrize("top", ["label", "target"])
def test_53_label_of_second_layer(home: Path, capsys: Captured, top: str) -> None:
    """The images' own Datums all say 0, and are no top of the net; what the second layer holds is learned by heart."""
    write_database(home / "img", colours()[0])
    write_database(home / "labels", [np.full((1, 1, 1), n % 2, np.uint8) for n in range(16)])
    net = DATA % top + FC % ("fc", 2) + LOSS % ("loss0", "fc", top, "") + ACCURACY % ("acc", "fc", top, "")
    first, *_, last = train(net)
    assert first["top1_error"] == pytest.approx(1 - first["acc"])
    assert (last["top1_error"], last["acc"], last["loss0"]) == (0, 1, pytest.approx(last["test_loss"]))
    out, err = capsys.readouterr()
    assert "best: top-1 error 0.00 %, top-5 error 0.00 % after epoch 2" in out
    assert "; acc 1.0000, loss0 0.0" in err
    assert main(["train", "a.prototxt", "--recipe", "solver.prototxt", "--dry-run"]) == 0
    assert main(["train", "a.prototxt", "--recipe", "solver.prototxt", "--overfit-one-batch"]) == 0


@pytest.mark.parametrize("has_accuracy", [True, False])
def test_49_label_lmdb_of_pixels(home: Path, capsys: Captured, has_accuracy: bool) -> None:
    """A map of labels is scored by pixel; what the loss ignores doesn't count."""
    images, maps = colours()
    write_database(home / "img", images)
    write_database(home / "labels", maps)
    net = DATA % "label" + CONV + LOSS % ("loss", "score", "label", "loss_param { ignore_label: 255 normalize: true }")
    net += ACCURACY % ("accuracy", "score", "label", "ignore_label: 255") if has_accuracy else ""
    first, *_, last = train(net)
    assert first["pixel_error"] > 0.5
    assert (last["pixel_error"], last["mean_class_accuracy"], last["mean_iou"]) == (0, 1, 1)
    assert last["loss@test"] == last["test_loss"]
    if has_accuracy:
        assert first["accuracy"] == pytest.approx(1 - first["pixel_error"])
    out, err = capsys.readouterr()
    assert "tests: score against label, position by position" in err
    assert "best: pixel error 0.00 %, mean class accuracy 100.00 %, mean IoU 100.00 %" in out
    for trial in ("--dry-run", "--overfit-one-batch"):
        assert main(["train", "a.prototxt", "--recipe", "solver.prototxt", trial]) == 0


def test_49_label_lmdb_cut_by_slice(home: Path, capsys: Captured) -> None:
    """Four labels in one database; ``--scores`` chooses the classifier, and each is told by name."""
    write_database(home / "img", colours()[0])
    rows = [np.array([n % 2, n // 2 % 2, n % 3, 1], np.uint8).reshape(4, 1, 1) for n in range(16)]
    write_database(home / "labels", rows)
    cut = 'layer "cut" Slice { bottom: "labels" top: ["l0", "l1", "l2", "l3"] axis: 1 slice_point: [1, 2, 3] }\n'
    losses = LOSS % ("loss0", "fc0", "l0", "") + LOSS % ("loss1", "fc1", "l1", "")
    net = DATA % "labels" + cut + FC % ("fc0", 2) + FC % ("fc1", 2) + losses
    for number, more in enumerate(([], ["--scores", "fc0"])):
        *_, last = train(net, *more, run=f"run{number}")
        assert last["top1_error"] == 0
        assert last["test_loss"] == pytest.approx(last["loss0"] + last["loss1"])
    err = capsys.readouterr().err
    assert "tests: fc1 against l1; --scores chooses others: fc0" in err
    assert "tests: fc0 against l0; --scores chooses others: fc1" in err
    for trial in ("--dry-run", "--overfit-one-batch"):
        assert main(["train", "a.prototxt", "--recipe", "solver.prototxt", "--scores", "fc0", trial]) == 0


def test_20_hdf5_multilabel(home: Path) -> None:
    """Two labels in a row of HDF5, cut by Slice; the one whose loss counts most is judged, both are told."""
    chance = np.random.default_rng(1)
    sex, age = chance.integers(0, 2, 40), chance.integers(0, 3, 40)
    data = np.concatenate([np.eye(2)[sex], np.eye(3)[age]], 1) + chance.normal(scale=0.05, size=(40, 5))
    write_table(home / "rows", data=data, label=np.stack([sex, age], 1))
    net = 'layer "data" HDF5Data { top: ["data", "label"] source: "rows.txt" batch_size: 10 }\n'
    net += 'layer "cut" Slice { bottom: "label" top: ["sex", "age"] axis: 1 slice_point: 1 }\n'
    net += FC % ("fc_sex", 2) + FC % ("fc_age", 3)
    net += LOSS % ("loss_sex", "fc_sex", "sex", "") + LOSS % ("loss_age", "fc_age", "age", "loss_weight: 0.5")
    net += ACCURACY % ("acc_sex", "fc_sex", "sex", "") + ACCURACY % ("acc_age", "fc_age", "age", "")
    Path("solver.prototxt").write_text(SOLVER.replace("24", "60"))
    first, *_, last = train(net)
    assert first["top1_error"] == pytest.approx(1 - first["acc_sex"])
    assert (last["top1_error"], last["acc_sex"], last["acc_age"]) == (0, 1, 1)
    assert last["test_loss"] == pytest.approx(last["loss_sex"] + 0.5 * last["loss_age"])


@pytest.mark.parametrize("shape", [(16, 6, 8), (16, 1, 6, 8)])
def test_59_hdf5_seg(home: Path, shape: tuple[int, ...]) -> None:
    """Maps of labels with three axes or four."""
    images, _ = colours()
    maps = np.stack(images)[:, 0] // 80
    write_table(home / "rows", data=np.stack(images) / 100 - 0.8, label=maps.reshape(shape))
    net = 'layer "data" HDF5Data { top: ["data", "label"] source: "rows.txt" batch_size: 4 }\n'
    first, *_, last = train(net + CONV + LOSS % ("loss", "score", "label", ""))
    assert first["pixel_error"] > last["pixel_error"] == 0


@pytest.mark.parametrize("data", ["folder", "list", "synthetic", "lmdb", "shards"])
def test_60_two_classifiers(home: Path, capsys: Captured, data: str) -> None:
    """``--scores`` holds whatever the data; every loss and accuracy of the test net is told by its name."""
    from PIL import Image

    for number in range(32):
        folder = home / "d" / ("train" if number < 24 else "val") / f"c{number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (24, 24), (200 * (number % 2), 30, 30)).save(folder / f"{number}.png")
    files = sorted(Path("d/train").rglob("*.png"))
    Path("list.txt").write_text("".join(f"{file} {file.parent.name[1:]}\n" for file in files))
    source = {"folder": "d", "list": "list.txt"}.get(data, data)
    if data == "lmdb":
        pixels = [np.asarray(Image.open(file)).transpose(2, 0, 1)[::-1].copy() for file in files]
        write_database(home / "lmdb", pixels, [int(file.parent.name[1:]) for file in files])
    elif data == "shards":
        assert main(["pack", "d", "shards"]) == 0
    net = """input "data" [1, 3, 24, 24]
    input "label" [1]
    preprocess { mean: 80 scale: 0.01 }
    layer "conv1" Convolution { bottom: "data" num_output: 4 kernel_size: 5 stride: 4 weight_filler { type: "xavier" } }
    """ + "".join(FC.replace('"data"', '"conv1"') % (name, 2) for name in ("aux", "fc"))
    net += LOSS % ("aux_loss", "aux", "label", "loss_weight: 0.3") + LOSS % ("loss", "fc", "label", "")
    net += ACCURACY % ("top1", "fc", "label", "") + ACCURACY % ("aux_top1", "aux", "label", "")
    Path("r.yaml").write_text("iterations: 12\nbatch: 4\nlr: 0.05\n")
    for scores in ("fc", "aux"):
        words = ["--data", source, "--scores", scores]
        *_, last = train(net, *words, recipe="r.yaml", run=f"run_{scores}")
        assert 1 - last["top1_error"] == pytest.approx(last["top1" if scores == "fc" else "aux_top1"])
        assert last["test_loss"] == pytest.approx(last["loss@test"] + 0.3 * last["aux_loss"])
        for trial in ("--dry-run", "--overfit-one-batch"):
            assert main(["train", "a.prototxt", "--recipe", "r.yaml", *words, trial]) == 0
        capsys.readouterr()
        assert main(["evaluate", f"run_{scores}", "--json"]) == 0
        (found,) = json.loads(capsys.readouterr().out)["results"]
        assert (found["scores"], found["top1_error"]) == (scores, pytest.approx(last["top1_error"]))
        assert main(["predict", f"run_{scores}", str(files[0])]) == 0
        found = capsys.readouterr()
        assert f"--scores {scores}" in found.err
        assert found.out.count("%") == 2
    assert "N511" not in capsys.readouterr().err


def test_hdf5_is_named_by_a_layer(home: Path, capsys: Captured) -> None:
    """Its blobs have names, and no layer says which of them an image is: ``--data`` says so, whatever the command."""
    write_table(home / "rows", data=np.zeros((4, 3, 6, 8)), label=np.zeros(4))
    Path("a.prototxt").write_text('input "data" [1, 3, 6, 8]\n' + FC % ("fc", 3) + 'layer "prob" Softmax\n')
    for data, what in (("rows.txt", "is a list of HDF5 files"), ("rows.h5", "is HDF5")):
        for command in (["train"], ["evaluate", "--weights", "w.npz"]):
            assert main([command[0], "a.prototxt", *command[1:], "--data", data]) == 1
            err = capsys.readouterr().err
            assert f"[N711]: {data} {what}: blobs, of which the net's own data layer says what they are" in err
            assert 'leave out --data: layer "data" HDF5Data { top: ["data", "label"] source: ' in err


def test_the_best_weights_are_those_of_the_least_pixel_error(home: Path) -> None:
    images, maps = colours()
    write_database(home / "img", images)
    write_database(home / "labels", maps)
    net = DATA % "label" + CONV + LOSS % ("loss", "score", "label", "loss_param { ignore_label: 255 }")
    Path("solver.prototxt").write_text(SOLVER.replace("0.5", "0.02").replace("interval: 8", "interval: 3"))
    tests = train(net)
    errors = [line["pixel_error"] for line in tests]
    assert errors[0] > min(errors)
    manifest = json.loads(Path("run/manifest.json").read_text())
    assert manifest["result"]["pixel_error"] == errors[-1]
    assert manifest["classes"] == ["0", "1", "2"]


@pytest.mark.parametrize(("mark", "code"), [(255, "N714"), (3, "N714")])
def test_a_label_in_a_map_beyond_the_scores_is_a_mistake(home: Path, capsys: Captured, mark: int, code: str) -> None:
    """In phase TRAIN or TEST, wherever it is met first; what it may be read for is said."""
    images, maps = colours()
    maps[2][0, 3, 4] = mark
    for each in maps:
        each[0, 0, 0] = 0
    write_database(home / "img", images)
    write_database(home / "labels", maps)
    Path("a.prototxt").write_text(DATA % "label" + CONV + LOSS % ("loss", "score", "label", ""))
    for more in ([], ["--overfit-one-batch"]):
        assert main(["train", "a.prototxt", "--recipe", "solver.prototxt", *more]) == 1
        err = capsys.readouterr().err
        assert f"[{code}]: sample 2 has the label {mark} in label, and the net scores for 3 classes" in err
        assert f"loss_param {{ ignore_label: {mark} }}" in err


def test_a_label_below_0_that_a_slice_cuts_out_is_a_mistake(home: Path, capsys: Captured) -> None:
    labels = np.array([[0, 1], [1, 0], [1, -1], [0, 1]])
    write_table(home / "rows", data=np.eye(4), label=labels)
    net = 'layer "data" HDF5Data { top: ["data", "label"] source: "rows.txt" batch_size: 2 }\n'
    net += 'layer "cut" Slice { bottom: "label" top: ["a", "b"] axis: 1 }\n'
    net += FC % ("fa", 2) + FC % ("fb", 2) + LOSS % ("la", "fa", "a", "") + LOSS % ("lb", "fb", "b", "")
    Path("a.prototxt").write_text(net)
    assert main(["train", "a.prototxt", "--epochs", "1"]) == 1
    assert "[N725]: sample 2 has the label -1 in b" in capsys.readouterr().err


def test_a_row_whose_first_blob_is_the_label(home: Path) -> None:
    """Tops in another order than Caffe's examples: the graph tells which is the label, not its place."""
    labels = np.arange(12) % 3
    write_table(home / "rows", label=labels, data=np.eye(3)[labels])
    net = 'layer "data" HDF5Data { top: ["label", "data"] source: "rows.txt" batch_size: 4 }\n'
    *_, last = train(net + FC % ("fc", 3) + LOSS % ("loss", "fc", "label", ""))
    assert last["top1_error"] == 0


@pytest.mark.parametrize("kind", ["one after the other", "along another axis"])
def test_labels_that_are_not_one_for_each_sample(home: Path, capsys: Captured, kind: str) -> None:
    """Two classifiers laid end to end, as if they were more samples; and classes along axis 2. Both were status 3."""
    labels = np.arange(12) % 3
    net = 'layer "data" HDF5Data { top: ["data", "both"] source: "rows.txt" batch_size: 4 }\n'
    if kind == "along another axis":
        write_table(home / "rows", data=np.eye(3)[labels], both=labels[:, None])
        net += FC % ("wide", 3) + 'layer "fc" Reshape { bottom: "wide" shape { dim: [0, 1, 3] } }\n'
        axis, scores, read = "axis: 2", "fc", "both"
    else:
        write_table(home / "rows", data=np.eye(3)[labels], both=np.stack([labels, (labels + 1) % 3], 1))
        net += 'layer "cut" Slice { bottom: "both" top: ["a", "b"] axis: 1 }\n' + FC % ("fa", 3) + FC % ("fb", 3)
        net += 'layer "labels" Concat { bottom: ["a", "b"] axis: 0 }\n'
        net += 'layer "fc" Concat { bottom: ["fa", "fb"] axis: 0 }\n'
        axis, scores, read = "", "fc", "labels"
    loss = "softmax_param { axis: 2 }" if axis else ""
    net += LOSS % ("loss", scores, read, loss) + ACCURACY % ("acc", scores, read, axis)
    told = train(net)
    assert told[0]["pixel_error"] == pytest.approx(1 - told[0]["acc"])
    assert (told[-1]["pixel_error"], told[-1]["acc"]) == (0, 1)
    found = evaluated(capsys, "--weights", "run/last.safetensors")
    assert (found["pixel_error"], found["outputs"]["acc"], found["num"]) == (0, 1, 16)


@pytest.mark.parametrize(
    "tops",
    [
        ("data", "mask", "label"),
        ("mask", "label", "data"),
        ("label", "mask", "data"),
        ("clip", "mask", "data", "label"),
    ],
)
def test_rows_of_many_blobs_in_any_order(home: Path, capsys: Captured, tops: tuple[str, ...]) -> None:
    """A mask beside data and label, as sequences and pairs have: the third blob took the label's place or lost its own.

    Labels are those of the data plus those of the mask, so that only both together can be learned by heart.
    """
    labels = np.arange(12) % 3
    shift = np.arange(12) // 6
    columns = {"data": np.eye(3)[labels], "mask": np.eye(2)[shift], "clip": np.ones(12), "label": labels + 3 * shift}
    write_table(home / "rows", **{top: columns[top] for top in tops})
    names = ", ".join(f'"{top}"' for top in tops)
    net = f'layer "data" HDF5Data {{ top: [{names}] source: "rows.txt" batch_size: 4 }}\n'
    net += 'layer "wide" InnerProduct { bottom: "mask" num_output: 6 weight_filler { type: "xavier" } }\n'
    net += FC % ("own", 6) + 'layer "fc" Eltwise { bottom: ["wide", "own"] }\n'
    net += LOSS % ("loss", "fc", "label", "") + ACCURACY % ("acc", "fc", "label", "")
    Path("solver.prototxt").write_text(SOLVER.replace("24", "60").replace("test_iter: 4", "test_iter: 3"))
    *_, last = train(net)
    assert (last["top1_error"], last["acc"]) == (0, 1)
    assert evaluated(capsys, "--weights", "run")["top1_error"] == 0
    for trial in ("--dry-run", "--overfit-one-batch"):
        assert main(["train", "a.prototxt", "--recipe", "solver.prototxt", trial]) == 0


def test_a_top_that_stands_twice_is_a_mistake(home: Path, capsys: Captured) -> None:
    """It ended training with status 3, and was said to be two layers'."""
    write_table(home / "rows", data=np.eye(3), label=np.arange(3))
    net = 'layer "rows" HDF5Data { top: ["data", "label", "data"] source: "rows.txt" batch_size: 3 }\n'
    Path("a.prototxt").write_text(net + FC % ("fc", 3) + LOSS % ("loss", "fc", "label", ""))
    assert main(["train", "a.prototxt", "--epochs", "1"]) == 1
    assert 'error[N502]: rows makes the blob "data" twice' in capsys.readouterr().err


@pytest.mark.parametrize("label", [np.nan, np.inf, -np.inf])
def test_a_label_that_is_no_number_is_said_as_it_stands(home: Path, capsys: Captured, label: float) -> None:
    """It was said to be -9223372036854775808, a class to be ignored."""
    write_table(home / "rows", data=np.eye(3), label=np.array([0, label, 1]))
    net = 'layer "rows" HDF5Data { top: ["data", "label"] source: "rows.txt" batch_size: 3 }\n'
    Path("a.prototxt").write_text(net + FC % ("fc", 3) + LOSS % ("loss", "fc", "label", ""))
    assert main(["train", "a.prototxt", "--epochs", "1"]) == 1
    said = capsys.readouterr().err
    assert f"sample 1 has the label {label} in label" in said
    assert "922" not in said


def evaluated(capsys: Captured, *words: str) -> dict[str, Any]:
    """What ``netdef evaluate --json`` says of one net."""
    capsys.readouterr()
    assert main(["evaluate", "a.prototxt", "--device", "cpu", "--json", *words]) == 0
    (found,) = json.loads(capsys.readouterr().out)["results"]
    return dict(found)


def last_of(tests: list[dict[str, Any]]) -> dict[str, float]:
    """What the last test told, as ``evaluate`` names it."""
    beside = ("iteration", "epoch", "loss", "lr", "images_per_s", "data_wait", "seconds")
    return {name.removesuffix("@test"): value for name, value in tests[-1].items() if name not in beside}


@pytest.mark.parametrize("num_batches", [4, 3, 5])
@pytest.mark.parametrize("kind", ["second layer", "cut", "pixels", "loss"])
def test_evaluate_tells_what_the_last_test_told(home: Path, capsys: Captured, kind: str, num_batches: int) -> None:
    """All of the images, or of each test another part, as ``test_iter`` says."""
    Path("solver.prototxt").write_text(SOLVER.replace("test_iter: 4", f"test_iter: {num_batches}"))
    images, maps = colours()
    labels = np.arange(16) % 2
    write_database(home / "img", images)
    if kind == "pixels":
        write_database(home / "labels", maps)
        net = DATA % "label" + CONV + LOSS % ("loss", "score", "label", "loss_param { ignore_label: 255 }")
        net += ACCURACY % ("accuracy", "score", "label", "ignore_label: 255")
    elif kind == "second layer":
        write_database(home / "labels", [np.full((1, 1, 1), label, np.uint8) for label in labels])
        net = DATA % "target" + FC % ("fc", 2) + LOSS % ("loss", "fc", "target", "")
    elif kind == "cut":
        rows = np.stack([labels, labels[::-1]], 1)
        write_table(home / "rows", data=np.stack(images) / 255, both=rows)
        net = 'layer "data" HDF5Data { top: ["data", "both"] source: "rows.txt" batch_size: 4 }\n'
        net += 'layer "cut" Slice { bottom: "both" top: ["a", "b"] axis: 1 }\n'
        net += (
            FC % ("fa", 2) + FC % ("fb", 2) + LOSS % ("la", "fa", "a", "loss_weight: 2") + LOSS % ("lb", "fb", "b", "")
        )
    else:
        write_table(home / "rows", data=np.stack(images) / 2550, wanted=np.eye(2)[labels])
        net = 'layer "data" HDF5Data { top: ["data", "wanted"] source: "rows.txt" batch_size: 4 }\n'
        net += FC % ("fc", 2) + 'layer "far" EuclideanLoss { bottom: ["fc", "wanted"] }\n'
    told = last_of(train(net, recipe="solver.prototxt"))
    found = evaluated(capsys, "--weights", "run/last.safetensors")
    both = {**found, **found["outputs"]}
    assert {name: both[name] for name in told} == pytest.approx(told, rel=1e-5)
    assert found["num"] == 4 * num_batches
    if kind != "cut" or num_batches != 4:
        return
    posteriors = ["--save-posteriors", "p.npz", "--scores", "fa"]
    assert main(["evaluate", "a.prototxt", "--weights", "run/last.safetensors", *posteriors]) == 0
    assert main(["evaluate", "--posteriors", "p.npz"]) == 0


@pytest.mark.parametrize("kind", ["pixels", "loss"])
@pytest.mark.parametrize("weights", ["best", "last"])
def test_evaluate_tells_what_a_test_of_a_part_told(home: Path, capsys: Captured, kind: str, weights: str) -> None:
    """Each test sees three of four batches, and the next goes on behind them."""
    images, maps = colours()
    write_database(home / "img", images)
    write_database(home / "labels", maps)
    Path("solver.prototxt").write_text(SOLVER.replace("test_iter: 4", "test_iter: 3").replace("0.5", "0.1"))
    net = DATA % "label" + CONV
    if kind == "pixels":
        net += LOSS % ("loss", "score", "label", "loss_param { ignore_label: 255 }")
    else:
        net = net.replace("num_output: 3", "num_output: 1")
        net += 'layer "small" Power { bottom: "label" power_param { scale: 0.01 } }\n'
        net += 'layer "far" EuclideanLoss { bottom: ["score", "small"] loss_weight: 0.1 }\n'
    tests = train(net)
    judge = "pixel_error" if kind == "pixels" else "test_loss"
    told = last_of(tests if weights == "last" else [min(tests, key=lambda test: float(test[judge]))])
    found = evaluated(capsys, "--weights", f"run/{weights}.safetensors")
    both = {**found, **found["outputs"]}
    assert {name: both[name] for name in told} == pytest.approx(told, rel=1e-5)
    assert found["num"] == 12


def test_losses_of_training_tell_which_scores_are_tested(home: Path, capsys: Captured) -> None:
    """Where phase TEST has only measures; ``evaluate`` takes the same scores as training did."""
    labels = np.arange(12) % 3
    write_table(home / "rows", data=np.eye(3)[labels], label=labels)
    net = 'layer "data" HDF5Data { top: ["data", "label"] source: "rows.txt" batch_size: 4 }\n'
    net += FC % ("fc", 3) + FC % ("aux", 3)
    for name, weight in (("fc", 1), ("aux", 0.3)):
        net += LOSS % (f"loss_{name}", name, "label", f"loss_weight: {weight} include {{ phase: TRAIN }}")
        net += ACCURACY % (f"acc_{name}", name, "label", "")
    Path("a.prototxt").write_text(net)
    assert main(["train", "a.prototxt", "--recipe", "solver.prototxt", "-o", "run"]) == 0
    assert "tests: fc against label; --scores chooses others: aux" in capsys.readouterr().err
    assert evaluated(capsys, "--weights", "run")["scores"] == "fc"


def test_views_are_for_the_classes_of_whole_images(home: Path, capsys: Captured) -> None:
    images, maps = colours()
    write_database(home / "img", images)
    write_database(home / "labels", maps)
    train(DATA % "label" + CONV + LOSS % ("loss", "score", "label", "loss_param { ignore_label: 255 }"))
    for words, unused in ((["--crops", "10"], "--crops"), (["--flip", "--scales", "8"], "--scales and --flip")):
        assert main(["evaluate", "a.prototxt", "--weights", "run", *words]) == 2
        err = capsys.readouterr().err
        assert "a.prototxt has a label for each position, which belongs to the one view of an image" in err
        assert f"that its data give: leave out {unused}" in err


@pytest.mark.parametrize("data", ["synthetic", "digits"])
def test_a_map_of_labels_from_images_with_one_each_is_refused_before_a_run(
    home: Path, capsys: Captured, data: str
) -> None:
    net = 'input "data" [4, 3, 6, 8]\ninput "label" [4, 1, 6, 8]\n'
    Path("a.prototxt").write_text(
        net + CONV.replace("num_output: 3", "num_output: 10") + LOSS % ("loss", "score", "label", "")
    )
    assert main(["train", "a.prototxt", "--data", data, "-o", "run"]) == 1
    said = "[N715]: the input label is Nx1x6x8, and the data have one label for each image"
    assert said in capsys.readouterr().err
    assert not Path("run").exists()
    assert main(["train", "a.prototxt", "--data", data, "--dry-run"]) == 0


def test_curves_show_every_output_of_the_test_net(home: Path) -> None:
    pytest.importorskip("matplotlib")
    images, maps = colours()
    write_database(home / "img", images)
    write_database(home / "labels", maps)
    net = DATA % "label" + CONV + LOSS % ("loss", "score", "label", "loss_param { ignore_label: 255 }")
    train(net + ACCURACY % ("my_accuracy", "score", "label", "ignore_label: 255"))
    assert main(["plot", "run"]) == 0
    drawn = Path("run/curves.svg").read_text()
    for name in ("my_accuracy", "mean IoU", "mean class accuracy", "error in tests"):
        assert name in drawn
    assert drawn.index("accuracies in tests") < drawn.index("losses in tests"), "numbers of one size share a panel"
    assert "outputs in tests" not in drawn, "what each output is, the net's layers say"
