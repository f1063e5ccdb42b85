"""Caffe's list files, synthetic images, and images that can't be read."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from netdef.cli import main
from netdef.compiler.diagnostics import Diagnostic, Severity
from netdef.compiler.net_error import NetError
from netdef.compiler.override import override
from netdef.compiler.shape import Pair
from netdef.runtime.data.batches import TestBatches, TrainingBatches
from netdef.runtime.data.crop import ImageCrop
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.datasets.listing import Listing, read_list
from netdef.runtime.data.datasets.source import InputSpec, open_data
from netdef.runtime.data.loading import stream
from netdef.runtime.data.skipping import MOST_IN_A_ROW, Skipped
from tests.runtime.data.test_batches import PLAIN, Numbered


def test_a_list_is_read_as_caffe_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last space stands before the label; order and repetitions are the file's."""
    (tmp_path / "list.txt").write_bytes("a b.png 3\r\n\nc.png  1\né.png 0\na b.png 3".encode())
    assert list(read_list(tmp_path / "list.txt")) == [("a b.png", 3), ("c.png ", 1), ("é.png", 0), ("a b.png", 3)]


def test_where_paths_lead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").mkdir()
    for value, name in enumerate(("there/1.png", "2.png", "there/2.png", "root-1.png")):
        Image.fromarray(np.full((2, 2), value, np.uint8)).save(tmp_path / name)
    (tmp_path / "there/list.txt").write_text("1.png 0\n2.png 1\n")
    monkeypatch.chdir(tmp_path)
    data = Listing(Path("there/list.txt"))
    assert [int(data.image(i).max()) for i in range(2)] == [0, 1], "the working folder first, then the list's"
    assert (data.labels, data.classes) == ([0, 1], ("0", "1"))
    (tmp_path / "there/list.txt").write_text("1.png 0\n")
    assert Listing(Path("there/list.txt"), root=f"{tmp_path}/root-").image(0).max() == 3, "joined without a slash"


def test_every_bad_line_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("a.png 0\nb.png\nc.png -1\nd.png x\n" + "e\n" * 20)
    with pytest.raises(NetError) as caught:
        list(read_list(path))
    mistakes = list(caught.value.report)
    lines = [mistake.primary.span.line for mistake in mistakes if mistake.primary]
    assert lines == list(range(2, 12))
    assert "13 more lines" in mistakes[0].message
    assert "-1 is below 0" in str(mistakes[2].help)
    path.write_text("\n")
    with pytest.raises(NetError, match="has no images"):
        Listing(path)


def test_lists_for_training_and_test(tmp_path: Path) -> None:
    for name, num in (("train", 6), ("val", 4)):
        lines = []
        for number in range(num):
            Image.fromarray(np.full((4, 4), number, np.uint8)).save(tmp_path / f"{name}{number}.png")
            lines.append(f"{name}{number}.png {number % 2}")
        (tmp_path / f"{name}.txt").write_text("\n".join(lines))
    for data in (open_data(str(tmp_path)), open_data(str(tmp_path / "train.txt"), str(tmp_path / "val.txt"))):
        assert (len(data.train), len(data.test)) == (6, 4)


# ---- made up
def test_synthetic_images_depend_on_their_number_alone() -> None:
    wanted = InputSpec(Pair(9, 7), 3, 4)
    first, second = open_data("synthetic", wanted=wanted), open_data("synthetic", wanted=wanted)
    image = first.train.image(17)
    assert image.shape == (9, 7, 3)
    assert np.array_equal(image, second.train.image(17))
    assert not np.array_equal(image, first.train.image(21))
    assert first.train.labels[:6] == [0, 1, 2, 3, 0, 1]
    assert not np.array_equal(first.train.image(0), first.test.image(0))


def test_a_net_learns_them(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "net.net").write_text("""
    input "data" [1, 3, 9, 7]
    input "label" [1]
    layer "fc" InnerProduct { bottom: "data" num_output: 4 weight_filler { type: "xavier" } }
    layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] include { phase: TRAIN } }
    preprocess { scale: 0.01 mean: 127 }
    """)
    command = ["train", str(tmp_path / "net.net"), "--data", "synthetic", "--epochs", "2", "-o", str(tmp_path / "run")]
    assert main(command) == 0
    assert "top-1 error 0.00 %" in capfd.readouterr().out


# ---- what can't be read
class Holes(Numbered):
    """Images of which some can't be read."""

    def __init__(self, num: int, holes: set[int]) -> None:
        super().__init__(num)
        self.holes = holes

    @override
    def image(self, index: int) -> ImageArray:
        if index in self.holes:
            raise NetError(Diagnostic("N712", f"{index}.jpg cannot be read"))
        return super().image(index)


@pytest.mark.parametrize("num_workers", [0, 2])
def test_in_training_the_next_takes_its_place(num_workers: int) -> None:
    told: list[Diagnostic] = []
    data = Holes(6, {2, 3, 5})
    skipped = Skipped(data, told.append)
    batches = TrainingBatches(data, PLAIN, 4, seed=1, shuffled=False, skip=True)
    found = list(skipped.readable(stream(batches, range(3), num_workers)))
    values = [batch["data"][:, 0, 0, 0].tolist() for batch in found]
    assert values == [[0, 1, 4, 4], [4, 0, 0, 1], [4, 4, 4, 0]]
    assert [batch["label"].tolist() for batch in found] == [[v % 2 for v in row] for row in values]
    assert sorted(skipped.numbers) == [2, 3, 5]
    assert sorted((mistake.message, mistake.severity) for mistake in told) == [
        (f"{number}.jpg cannot be read", Severity.WARNING) for number in (2, 3, 5)
    ]


@pytest.mark.parametrize("num_workers", [0, 2])
def test_in_the_test_it_is_left_out(num_workers: int) -> None:
    data = Holes(7, {0, 1, 2, 5})
    skipped = Skipped(data, lambda _: None)
    batches = TestBatches(data, PLAIN, 3, skip=True)
    found = skipped.readable(stream(batches, range(len(batches)), num_workers))
    assert torch.cat([batch["data"][:, 0, 0, 0] for batch in found]).tolist() == [3, 4, 6]
    assert skipped.numbers == {0, 1, 2, 5}


@pytest.mark.parametrize("num_workers", [0, 2])
def test_without_leave_it_is_a_mistake(num_workers: int) -> None:
    batches = TrainingBatches(Holes(6, {2}), PLAIN, 4, seed=1, shuffled=False)
    coming = stream(batches, range(3), num_workers)
    with pytest.raises(NetError, match=r"2\.jpg cannot be read"):
        next(coming)


def test_too_many_are_a_mistake_and_never_a_hang() -> None:
    data = Holes(1000, set(range(1, 1000)))
    batches = TrainingBatches(data, PLAIN, 2, seed=1, shuffled=False, skip=True)
    with pytest.raises(NetError, match=f"more than {MOST_IN_A_ROW} images in a row") as caught:
        batches[0]
    assert [mistake.code for mistake in caught.value.report] == ["N712", "N776"]


def test_training_and_evaluation_skip_what_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = []
    for number in range(12):
        Image.fromarray(np.full((8, 8), 20 * number, np.uint8)).save(f"{number}.png")
        lines.append(f"{number}.png {number % 2}")
    Path("5.png").write_bytes(Path("5.png").read_bytes()[:40])
    Path("list.txt").write_text("\n".join(lines))
    Path("net.net").write_text("""
    input "data" [1, 1, 8, 8]
    input "label" [1]
    layer "fc" InnerProduct { bottom: "data" num_output: 2 }
    layer "loss" SoftmaxWithLoss { bottom: ["fc", "label"] include { phase: TRAIN } }
    preprocess { channels: GREY }
    """)
    command = ["train", "net.net", "--data", "list.txt", "--test-data", "list.txt", "--epochs", "1", "--batch", "4"]
    assert main([*command, "-o", "one"]) == 1
    assert "5.png cannot be read" in capfd.readouterr().err
    assert main([*command, "-o", "two", "--corrupt", "skip"]) == 0
    said = capfd.readouterr().err
    assert said.count("warning[N712]: 5.png cannot be read") == 2, "once in training, once in the test"
    assert "2 images could not be read, and were skipped" in said
    command = ["evaluate", "net.net", "--weights", "two", "--data", "list.txt", "--corrupt", "skip"]
    assert main(command) == 0
    done = capfd.readouterr()
    assert "(11 images)" in done.out
    assert "images left out: 1" in done.err


def test_a_view_needs_no_chance_in_the_test() -> None:
    batch = TestBatches(Numbered(3), ImageCrop(Pair(2, 2), 1), 3)[0]
    assert batch["data"].shape == (3, 2, 2, 1)
    assert "skipped" not in batch


@pytest.mark.parametrize("label", ["999999999", "5000000", "9" * 18, "9" * 5000])
def test_a_label_that_can_be_no_class_is_refused(label: str, tmp_path: Path) -> None:
    """Names for a billion classes would take gigabytes."""
    (tmp_path / "list.txt").write_text(f"a.png 0\nb.png {label}\n")
    with pytest.raises(NetError, match="N770"):
        Listing(tmp_path / "list.txt")


def test_an_image_that_is_absent_is_said_with_its_line(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / "list.txt").write_text("\n\na.png 0\n\ngone.png 1\n")
    with pytest.raises(NetError) as caught:
        Listing(tmp_path / "list.txt").image(1)
    (said,) = caught.value.report
    assert said.notes == (f"{tmp_path}/list.txt names it in line 5",)
