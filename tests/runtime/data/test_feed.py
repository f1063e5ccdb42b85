"""Data meets a net."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from netdef import load
from netdef.compiler.net.net import Net
from netdef.compiler.net_error import NetError
from netdef.compiler.preprocess import Preprocessing
from netdef.compiler.schema.caffe import Channels
from netdef.compiler.shape import Pair
from netdef.runtime.data.augment import Augment, CropPosition
from netdef.runtime.data.crop import ImageCrop
from netdef.runtime.data.datasets.dataset import ImageArray
from netdef.runtime.data.datasets.listing import Listing
from netdef.runtime.data.feed import Feed, augmented, bind, check_classes, crop_of
from netdef.runtime.data.normalise import Normalise

REST = ' layer "fc" InnerProduct { bottom: "%s" num_output: 3 } preprocess { resize: 9 %s }'


def net(folder: Path, text: str) -> Net:
    (folder / "n.net").write_text(text)
    return load(folder / "n.net")


def test_names_say_what_is_what(tmp_path: Path) -> None:
    found = net(tmp_path, 'input "label" [1] input "data" [1, 3, 8, 8]' + REST % ("data", ""))
    assert bind(found, {}) == {"data": "data", "label": "label"}


def test_else_the_order_does(tmp_path: Path) -> None:
    text = 'layer { name: "d" type: "Data" top: "image" top: "class" data_param { batch_size: 2 } }'
    found = net(tmp_path, text + REST % ("image", ""))
    assert bind(found, {}) == {"data": "image", "label": "class"}
    assert bind(found, {"image": "label"}) == {"label": "image", "data": "class"}


def test_what_a_loss_reads_is_the_label_whatever_its_name_and_place(tmp_path: Path) -> None:
    head = 'input "target" [2, 1] input "image" [2, 3, 8, 8] layer "flat" Flatten { bottom: "target" axis: 0 } '
    loss = ' layer "loss" SoftmaxWithLoss { bottom: ["fc", "flat"] }'
    found = net(tmp_path, head + REST % ("image", "") + loss)
    assert bind(found, {}) == {"label": "target", "data": "image"}


def test_a_net_without_a_label_takes_none(tmp_path: Path) -> None:
    assert bind(net(tmp_path, 'input "x" [1, 3, 8, 8]' + REST % ("x", "")), {}) == {"data": "x"}


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ('input "data" [1, 3, 8, 8] input "label" [1] input "info" [1, 3]' + REST % ("data", ""), {}),
        ('input "data" [1, 3, 8, 8]' + REST % ("data", ""), {"dta": "data"}),
        ('input "data" [1, 3, 8, 8]' + REST % ("data", ""), {"data": "image"}),
    ],
)
def test_inputs_that_nothing_feeds(tmp_path: Path, text: str, chosen: dict[str, str]) -> None:
    with pytest.raises(NetError, match=r"\[N715\]"):
        bind(net(tmp_path, text), chosen)


def test_the_crop_is_the_inputs_window(tmp_path: Path) -> None:
    found = net(tmp_path, 'input "data" [1, 3, 6, 8]' + REST % ("data", "crop: 6"))
    assert crop_of(found, "data") == ImageCrop(Pair(6, 8), 3, resize=9, cover=False)
    training = augmented(crop_of(found, "data"), Augment(mirror=True))
    assert training == ImageCrop(Pair(6, 8), 3, 9, cover=False, random_crop=True, mirror=True)
    jittered = augmented(crop_of(found, "data"), Augment(scale=(12, 16), crop=CropPosition.CENTRE))
    assert (jittered.resize, jittered.resize_most, jittered.random_crop) == (12, 16, False)


@pytest.mark.parametrize(
    ("channels", "augment", "words"),
    [
        (3, Augment(scale=(5, 20)), "images of side 5 do not fill the net's window of 6x8"),
        (1, Augment(rgb_shift=0.1), "the net takes grey"),
    ],
)
def test_an_augmentation_that_the_net_cannot_take(channels: int, augment: Augment, words: str) -> None:
    with pytest.raises(NetError, match=words):
        augmented(ImageCrop(Pair(6, 8), channels), augment)


@pytest.mark.parametrize("shape", ["[1, 64]", "[1, 4, 8, 8]"])
def test_an_input_that_takes_no_images(tmp_path: Path, shape: str) -> None:
    with pytest.raises(NetError, match=r"\[N716\]"):
        crop_of(net(tmp_path, f'input "data" {shape}' + REST % ("data", "")), "data")


def test_more_classes_than_scores() -> None:
    class Ten:
        classes = tuple("0123456789")
        labels = ()
        num_bytes = 0

        def image(self, index: int) -> ImageArray:
            raise IndexError(index)

        def __len__(self) -> int:
            return 0

    check_classes((1, 10), Ten())
    check_classes((1, 1000, 2, 2), Ten())
    for shape in ((1, 9), (1,)):
        with pytest.raises(NetError, match=r"\[N714\]"):
            check_classes(shape, Ten())


def test_a_batch_becomes_the_inputs() -> None:
    feed = Feed(
        ImageCrop(Pair(4, 4), 1), {"data": "image", "label": "class"}, Normalise(Preprocessing(Channels.GREY, (10.0,)))
    )
    batch = {"data": torch.full((2, 4, 4, 1), 12, dtype=torch.uint8), "label": torch.tensor([1, 0])}
    fed = feed.inputs(batch, torch.device("cpu"))
    assert fed["image"].shape == (2, 1, 4, 4)
    assert (fed["image"] == 2).all()
    assert fed["class"].tolist() == [1, 0]


def test_a_label_out_of_range_is_named(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("a.png 0\nb.png 9\nc.png 12\n")
    Image.fromarray(np.zeros((2, 2), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(NetError, match=r"13 classes, and the net scores for 10") as error:
        check_classes((1, 10), Listing(tmp_path / "list.txt"))
    (mistake,) = error.value.report
    assert mistake.notes == ("the first beyond it is sample 2, of class 12",)
