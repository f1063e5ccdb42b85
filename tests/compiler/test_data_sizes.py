"""Sizes from the data that are there, against what h5py and OpenCV wrote; and what stands in where they are absent."""

import math
import os
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import netdef
from netdef.cli import main
from netdef.compiler.files import Files
from netdef.compiler.load import Analysis
from netdef.compiler.shape import Shape
from tests.compiler.caffe_proto import PROTO
from tests.compiler.data_files.test_first_datum import lmdb as database
from tests.compiler.data_files.test_first_datum import raw

h5py = pytest.importorskip("h5py")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def hdf5(name: str, **rows: tuple[int, ...]) -> None:
    """``NAME.h5`` with rows of zeros, and ``NAME.txt`` that names it."""
    with h5py.File(f"{name}.h5", "w") as file:
        for blob, shape in rows.items():
            file[blob] = np.zeros(shape, np.float32)
    Path(f"{name}.txt").write_text(f"{name}.h5\n")


def hdf5_layer(name: str, tops: str = 'top: "data" top: "label"', more: str = "") -> str:
    fields = f'hdf5_data_param {{ source: "{name}.txt" batch_size: 4 }}'
    return f'layer {{ name: "data" type: "HDF5Data" {tops} {fields} {more} }}'


def image_layer(fields: str = "", more: str = "") -> str:
    return (
        'layer { name: "data" type: "ImageData" top: "data" top: "label"'
        f' image_data_param {{ source: "list.txt" batch_size: 4 {fields} }} {more} }}'
    )


def images(height: int, width: int, *, grey: bool = False) -> None:
    shape = (height, width) if grey else (height, width, 3)
    cv2.imwrite("a b.png", np.zeros(shape, np.uint8))
    Path("list.txt").write_text("a b.png 3\n")


def analysed(text: str, **state: Any) -> Analysis:
    return netdef.analyse(text, path="net.prototxt", **state)


def shapes(text: str, **state: Any) -> dict[str, Shape]:
    """The blobs of a net about which nothing is to be said."""
    found = analysed(text, **state)
    assert not list(found.report)
    assert found.net is not None
    return found.net.blobs


# ---- cases that people met
MULTILABEL = """
layer {
  name: "data" type: "HDF5Data" top: "data" top: "label" include { phase: TRAIN }
  hdf5_data_param { source: "train.txt" batch_size: 10 }
}
layer {
  name: "data" type: "HDF5Data" top: "data" top: "label" include { phase: TEST }
  hdf5_data_param { source: "test.txt" batch_size: 5 }
}
layer { name: "cut" type: "Slice" bottom: "label" top: "sex" top: "age" slice_param { axis: 1 slice_point: 1 } }
layer {
  name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 16 weight_filler { type: "xavier" } }
}
layer { name: "a" type: "SoftmaxWithLoss" bottom: "fc" bottom: "sex" top: "a" }
layer { name: "b" type: "SoftmaxWithLoss" bottom: "fc" bottom: "age" top: "b" }
"""


def test_20_hdf5_multilabel(capsys: pytest.CaptureFixture[str]) -> None:
    hdf5("train", data=(20, 1, 4, 4), label=(20, 2))
    hdf5("test", data=(8, 1, 4, 4), label=(8, 2))
    for phase, num in (("TRAIN", 10), ("TEST", 5)):
        found = shapes(MULTILABEL, phase=phase)
        assert (found["data"], found["sex"], found["age"]) == ((num, 1, 4, 4), (num, 1), (num, 1))
    Path("net.prototxt").write_text(MULTILABEL)
    for command in (["check"], ["summary"], ["expand", "--phase", "TEST"]):
        assert main([*command, "net.prototxt"]) == 0
        assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("label", "top"), [((20, 1), (4, 1)), ((20,), (4,))])
def test_28_hdf5_vector(label: tuple[int, ...], top: tuple[int, ...]) -> None:
    hdf5("t", data=(20, 32), label=label)
    text = hdf5_layer("t") + (
        'layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 1 '
        'weight_filler { type: "xavier" } } } layer { name: "loss" type: "EuclideanLoss" bottom: "fc" bottom: "label" }'
    )
    net = analysed(text).net
    assert net is not None
    assert (net.num_params, net.inputs) == (33, {"data": (4, 32), "label": top})
    named = hdf5_layer("t", 'top: "X" top: "y"')
    hdf5("t", X=(20, 5), y=(20,))
    assert shapes(named) == {"X": (4, 5), "y": (4,)}


def test_59_hdf5_seg() -> None:
    hdf5("f", data=(16, 3, 6, 8), label=(16, 1, 6, 8))
    text = hdf5_layer("f") + (
        'layer { name: "score" type: "Convolution" bottom: "data" top: "score" convolution_param { num_output: 3 '
        'kernel_size: 1 weight_filler { type: "xavier" } } }'
        'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "score" bottom: "label" top: "loss" }'
    )
    assert shapes(text)["label"] == (4, 1, 6, 8)
    assert shapes(text, data_size=(3, 6, 8))["score"] == (4, 3, 6, 8), "what is said of the image leaves the label"


def test_from_corpus_hdf5() -> None:
    """An absent file's sizes are a guess, and the error that rests on it says so, top by top."""
    text = hdf5_layer("t") + (
        'layer { name: "c" type: "Convolution" bottom: "data" top: "c" '
        "convolution_param { num_output: 1 kernel_size: 3 pad: 1 } }"
        'layer { name: "l" type: "EuclideanLoss" bottom: "c" bottom: "label" top: "l" }'
    )
    guess, error = analysed(text).report
    assert (guess.code, error.code) == ("N601", "N206")
    assert error.notes == (
        "the size of data is a guess: --data-size data=CxHxW gives the real one",
        "the size of label is a guess: --data-size data.label=... gives the real one",
    )
    hdf5("t", data=(8, 3, 5, 6), label=(8, 1, 5, 6))
    assert shapes(text)["l"] == ()


# ---- what is read, and what isn't
def test_paths_go_from_the_working_folder_and_then_from_the_nets(tmp_path: Path) -> None:
    hdf5("t", data=(4, 7), label=(4,))
    away = tmp_path / "away"
    away.mkdir()
    (away / "net.prototxt").write_text(hdf5_layer("t"))
    assert netdef.load("away/net.prototxt").inputs["data"] == (4, 7)
    os.chdir(away)
    hdf5("t", data=(4, 8), label=(4,))
    assert netdef.load("net.prototxt").inputs["data"] == (4, 8)
    os.chdir("/")
    assert netdef.load(away / "net.prototxt").inputs["data"] == (4, 8)


@pytest.mark.parametrize(
    ("fields", "more", "top"),
    [
        ("", "", (4, 3, 9, 7)),
        ("is_color: false", "", (4, 1, 9, 7)),
        ("new_height: 5 new_width: 6", "", (4, 3, 5, 6)),
        ("", "transform_param { crop_size: 7 }", (4, 3, 7, 7)),
        ("new_height: 5 new_width: 6", "transform_param { crop_size: 4 }", (4, 3, 4, 4)),
    ],
)
def test_images_of_a_list(fields: str, more: str, top: tuple[int, ...]) -> None:
    images(9, 7)
    assert shapes(image_layer(fields, more)) == {"data": top, "label": (4,)}


def test_what_the_file_says_itself_is_no_guess() -> None:
    """Resized or cropped images, whose channels is_color says, need no data."""
    assert shapes(image_layer("new_height: 5 new_width: 6"))["data"] == (4, 3, 5, 6)
    assert shapes(image_layer("", "transform_param { crop_size: 300 }"))["data"] == (4, 3, 300, 300)
    (guess,) = analysed(
        'layer { name: "d" type: "Data" top: "d" data_param { batch_size: 2 } transform_param { crop_size: 300 } }'
    ).report
    assert guess.message == "the images of d are taken to be 3x300x300: their size is in the data set"


def test_a_crop_that_does_not_fit_is_said_before_training() -> None:
    images(9, 7)
    (error,) = analysed(image_layer("", "transform_param { crop_size: 8 }")).report
    assert (error.code, error.message) == ("N775", "a crop of 8x8 does not fit an image of 9x7")
    small = image_layer("root_folder: 'nowhere/'", "transform_param { crop_size: 8 }")
    (error,) = analysed(small, data_size={"data": (3, 7, 9)}).report
    assert error.code == "N775"


def test_an_absent_images_size_is_its_means() -> None:
    mean = PROTO["BlobProto"](num=1, channels=1, height=6, width=5, data=[0.0] * 30)
    Path("mean.binaryproto").write_bytes(mean.SerializeToString())
    layer = (
        'layer { name: "d" type: "Data" top: "d" data_param { source: "gone" batch_size: 2 } '
        'transform_param { mean_file: "mean.binaryproto" } }'
    )
    assert shapes(layer) == {"d": (2, 1, 6, 5)}


def test_what_is_said_stands_in_for_what_is_absent() -> None:
    layer = hdf5_layer("t")
    assert shapes(layer, data_size={"data": (16,)}) == {"data": (4, 16), "label": (4,)}
    assert shapes(layer, data_size={"data.data": (16,), "data.label": (2,)}) == {"data": (4, 16), "label": (4, 2)}
    whole = {"data.data": (4, 3, 5, 6), "data.label": (4, 1, 5, 6)}
    assert shapes(layer, data_size=whole) == {"data": (4, 3, 5, 6), "label": (4, 1, 5, 6)}, (
        "N x C x H x W is taken, too"
    )


def test_what_is_said_of_data_that_are_there_has_no_effect() -> None:
    hdf5("t", data=(4, 7), label=(4,))
    assert shapes(hdf5_layer("t"), data_size={"data": (7,)})["data"] == (4, 7)
    (warning,) = analysed(hdf5_layer("t"), data_size={"data": (8,)}).report
    assert (warning.code, warning.message) == ("N607", "--data-size of data has no effect: samples of data are 7")


@pytest.mark.parametrize(
    ("name", "help"), [("dta", 'did you mean "data"?'), ("data.lable", 'did you mean "data.label"?')]
)
def test_a_layer_that_is_not_there(name: str, help: str) -> None:
    errors = analysed(hdf5_layer("t"), data_size={name: (7,)}).report.errors
    assert [(error.code, error.help) for error in errors] == [("N512", help)]


def test_an_editors_texts_alone_do_not_reach_the_disk() -> None:
    hdf5("t", data=(4, 7), label=(4,))
    found = netdef.analyse(path="net.prototxt", files=Files({"net.prototxt": hdf5_layer("t")}, disk=False))
    assert [said.code for said in found.report] == ["N601"]


# ---- data that can't be believed
def test_without_h5py_the_size_is_a_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    hdf5("t", data=(4, 7), label=(4,))
    monkeypatch.setattr("netdef.compiler.extras.find_spec", lambda name: None)
    (guess,) = analysed(hdf5_layer("t")).report
    assert guess.message == (
        "the images of data are taken to be 3x256x256: the HDF5 file t.h5 needs h5py, which is not installed "
        "(pip install 'netdef-compiler[h5py]')"
    )


@pytest.mark.parametrize("keep", [0, 5, 100, 700, 1500])
def test_a_damaged_hdf5_is_a_guess_with_its_reason(keep: int) -> None:
    hdf5("t", data=(40, 7), label=(40,))
    Path("t.h5").write_bytes(Path("t.h5").read_bytes()[:keep])
    (guess,) = analysed(hdf5_layer("t")).report
    assert guess.code == "N601"
    assert "t.h5 can't be read as HDF5" in guess.message


def test_bytes_that_were_changed_end_in_a_size_or_a_guess() -> None:
    hdf5("t", data=(40, 7), label=(40,))
    whole = bytearray(Path("t.h5").read_bytes())
    chance = np.random.default_rng(0)
    for place in chance.integers(0, min(len(whole), 2500), 150):
        Path("t.h5").write_bytes(
            whole[:place] + bytes([whole[place] ^ int(chance.integers(1, 256))]) + whole[place + 1 :]
        )
        assert {said.code for said in analysed(hdf5_layer("t")).report} <= {"N601", "N202"}


def test_a_blob_that_the_file_lacks_is_said() -> None:
    hdf5("t", data=(4, 7))
    (guess,) = analysed(hdf5_layer("t")).report
    assert guess.message.endswith("t.h5 has no rows called label")


def test_a_link_to_another_file_is_not_followed(tmp_path: Path) -> None:
    hdf5("secret", data=(4, 7), label=(4,))
    with h5py.File("t.h5", "w") as file:
        file["data"] = h5py.ExternalLink("secret.h5", "/data")
        file["label"] = np.zeros(4)
    Path("t.txt").write_text("t.h5\n")
    (guess,) = analysed(hdf5_layer("t")).report
    assert guess.message.endswith("t.h5 has no rows called data")


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes by name")
@pytest.mark.parametrize("source", ["pipe", "/dev/zero", ".", "a\\0b", "x" * 5000])
def test_what_is_no_file_is_not_waited_for(source: str) -> None:
    os.mkfifo("pipe")
    for layer in (hdf5_layer(source), image_layer().replace("list", source), image_layer(f'mean_file: "{source}"')):
        found = analysed(layer.replace(f"{source}.txt", source))
        assert {said.code for said in found.report} <= {"N601"}


def test_a_list_of_a_gigabyte_is_read_no_further_than_its_head() -> None:
    images(9, 7)
    with open("list.txt", "r+b") as file:
        file.truncate(2**30)
    assert shapes(image_layer())["data"] == (4, 3, 9, 7)


def test_an_image_that_can_not_be_read_is_a_guess() -> None:
    images(9, 7)
    Path("a b.png").write_bytes(b"\x89PNG\r\n\x1a\n????")
    (guess,) = analysed(image_layer()).report
    assert guess.message.endswith("a b.png is no image that can be read")


def test_49_label_lmdb() -> None:
    """Labels of several and label maps in a database of their own, cut by Slice; and one that is absent."""
    pytest.importorskip("lmdb")
    database(Path("img"), raw(3, 6, 8))
    database(Path("lab4"), raw(4, 1, 1))
    database(Path("seg"), raw(1, 6, 8))
    layer = 'layer {{ name: "{0}" type: "Data" top: "{0}" data_param {{ source: "{1}" batch_size: 4 backend: LMDB }} }}'
    cut = 'layer { name: "cut" type: "Slice" bottom: "labels" top: "a" top: "b" slice_param { axis: 1 } }'
    found = shapes(layer.format("data", "img") + layer.format("labels", "lab4") + cut)
    assert (found["data"], found["a"]) == ((4, 3, 6, 8), (4, 2, 1, 1))
    maps = layer.format("data", "img") + layer.format("label", "seg")
    assert shapes(maps)["label"] == (4, 1, 6, 8)
    absent = layer.format("data", "img") + layer.format("label", "gone")
    assert shapes(absent, data_size={"data": (3, 6, 8), "label": (1, 6, 8)})["label"] == (4, 1, 6, 8)


def test_colours_that_a_layer_forces() -> None:
    pytest.importorskip("lmdb")
    database(Path("img"), raw(1, 6, 8))
    layer = (
        'layer { name: "d" type: "Data" top: "d" data_param { source: "img" batch_size: 4 } transform_param { %s } }'
    )
    assert shapes(layer % "")["d"] == (4, 1, 6, 8)
    assert shapes(layer % "force_color: true")["d"] == (4, 3, 6, 8)
    assert shapes(layer % "crop_size: 5")["d"] == (4, 1, 5, 5)


@pytest.mark.parametrize(
    ("fields", "transform", "said"),
    [
        ("", "mean_value: 104 mean_value: 117", "2 mean values for 3 channels"),
        ("is_color: false", "mean_value: [104, 117, 123]", "3 mean values for 1 channel"),
        ("", "mean_value: 104 mean_file: 'mean.binaryproto'", "mean_file and mean_value both say what is subtracted"),
        ("", "mean_value: 104", None),
        ("", "mean_value: [104, 117, 123]", None),
    ],
)
def test_19_mean_file(fields: str, transform: str, said: str | None) -> None:
    """Means are checked before training, as crops are."""
    layer = image_layer(f"new_height: 20 new_width: 20 {fields}", f"transform_param {{ crop_size: 16 {transform} }}")
    assert [mistake.message for mistake in analysed(layer).report.errors] == ([] if said is None else [said])


@pytest.mark.parametrize(
    ("fields", "sides", "said"),
    [
        ("new_height: 20 new_width: 20", (3, 20, 20), None),
        ("new_height: 20 new_width: 20", (3, 32, 32), "is 3x32x32, and images are 3x20x20"),
        ("new_height: 20 new_width: 20 is_color: false", (3, 20, 20), "is 3x20x20, and images are 1x20x20"),
        ("", (3, 32, 32), None),  # of absent images of any size
    ],
)
def test_19_mean_file_of_other_images(tmp_path: Path, fields: str, sides: tuple[int, ...], said: str | None) -> None:
    """The mean is as large as images are before the crop: data_transformer.cpp compares them."""
    mean = PROTO["BlobProto"](num=1, channels=sides[0], height=sides[1], width=sides[2])
    mean.data.extend([0] * math.prod(sides))
    path = tmp_path / "mean.binaryproto"
    path.write_bytes(mean.SerializeToString())
    found = analysed(image_layer(fields, f"transform_param {{ crop_size: 16 mean_file: '{path}' }}")).report.errors
    assert [mistake.code for mistake in found] == ([] if said is None else ["N775"])
    assert all(said in mistake.message for mistake in found if said is not None)


WINDOWS = """
    layer "data" WindowData {
        top: ["data", "label"] window_data_param { source: "w.txt" batch_size: 4 crop_size: 27 }
    }
"""


@pytest.mark.parametrize(
    ("listing", "channels", "why"),
    [
        ("# 0\na.jpg\n4\n50\n60\n1\n1 0.9 0 0 10 10\n", 4, ""),
        ("a.jpg 1\n", 3, "w.txt is no list of windows"),
        (None, 3, "their size is in the data set"),
    ],
)
def test_a_list_of_windows_tells_the_channels(listing: str | None, channels: int, why: str) -> None:
    """As R-CNN's: of each image its number, path, channels, height and width, and then its windows."""
    if listing is not None:
        Path("w.txt").write_text(listing, "utf-8")
    Path("x.net").write_text(WINDOWS, "utf-8")
    net = netdef.load("x.net")
    assert net.blobs == {"data": (4, channels, 27, 27), "label": (4,)}
    assert [why in found.message for found in net.report] == [True] * bool(why)


def test_all_files_of_a_list_have_rows_of_one_shape(tmp_path: Path) -> None:
    """Training refuses what doesn't, so check does, too."""
    for number, side in enumerate((6, 6, 5)):
        with h5py.File(f"{number}.h5", "w") as file:
            file["data"] = np.zeros((4, 3, side, 8), np.float32)
    layer = 'layer { name: "d" type: "HDF5Data" top: "data" hdf5_data_param { source: "t.txt" batch_size: 2 } }'
    Path("net.prototxt").write_text(layer + 'layer { name: "r" type: "ReLU" bottom: "data" top: "r" }')
    for names, said in (((0, 1), []), ((0, 1, 2), ["N773"]), ((0, 7), [])):  # what is absent is no mistake yet
        Path("t.txt").write_text("".join(f"{name}.h5\n" for name in names))
        report = netdef.analyse(path="net.prototxt").report
        assert [each.code for each in report] == said
        assert all("rows of data are 3x5x8 in 2.h5, and 3x6x8 in 0.h5" in each.message for each in report)
