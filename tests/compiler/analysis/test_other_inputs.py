"""Weights that were trained on images of another size, or with other channels, are told for what they are."""

from pathlib import Path

import numpy as np
import pytest

import netdef
from netdef.compiler.net_error import NetError
from netdef.compiler.weights.match import match

LENET = """
name: "LeNet"
input "data" [N, 1, 28, 28]
layer "conv1" Convolution { num_output: 20 kernel_size: 5 }
layer "pool1" Pooling { pool: MAX kernel_size: 2 stride: 2 }
layer "conv2" Convolution { num_output: 50 kernel_size: 5 }
layer "pool2" Pooling { pool: MAX kernel_size: 2 stride: 2 }
layer "ip1" InnerProduct { num_output: 500 }
layer "relu1" ReLU
layer "ip2" InnerProduct { num_output: 10 }
layer "prob" Softmax
"""
FED = """
layer {
  name: "data" type: "ImageData" top: "data" top: "label"
  transform_param { crop_size: 32 } image_data_param { source: "absent.txt" batch_size: 4 is_color: IS_COLOR }
}
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 10 } }
"""


def of_shapes(**shapes: tuple[int, ...]) -> dict[str, list[np.ndarray]]:
    return {name: [np.zeros(shape, np.float32), np.zeros(shape[0], np.float32)] for name, shape in shapes.items()}


def told(net: netdef.Net, **shapes: tuple[int, ...]) -> tuple[list[str], str | None]:
    with pytest.raises(NetError) as caught:
        match(net, of_shapes(**shapes))
    error = caught.value.report.errors[0]
    assert error.code == "N902"
    return [*map(str, error.notes)], error.help


@pytest.fixture
def lenet(tmp_path: Path) -> Path:
    path = tmp_path / "lenet.net"
    path.write_text(LENET.replace("[N,", "[1,"))
    return path


def test_38_other_input_size(lenet: Path) -> None:
    """Caffe rounds pooled sizes up: images of 25 to 28 pixels have the same weights, and 28 is what the file says."""
    net = netdef.load(lenet, sizes={"data": (1, 1, 32, 32)})
    notes, help = told(net, ip1=(500, 800))
    trained = "the weights are for images of 28x28 (25x25 to 28x28), and data has 32x32"
    assert notes == ["ip1 was made for 4x4, and gets 5x5 here", trained]
    assert help == "--size data=1x1x28x28; or --dense, for images of any size"
    for side in (25, 28):
        match(netdef.load(lenet, sizes={"data": (1, 1, side, side)}), of_shapes(ip1=(500, 800)))
    match(netdef.load(lenet, sizes={"data": (1, 1, 32, 32)}, dense=True), of_shapes(ip1=(500, 800)))


def test_38_other_number_of_channels(lenet: Path) -> None:
    net = netdef.load(lenet, sizes={"data": (1, 3, 28, 28)})
    notes, help = told(net, conv1=(20, 1, 5, 5))
    assert notes == ["the weights are for 1 channel, and data has 3"]
    assert help == "--size data=1x1x28x28"


def test_a_file_of_another_size_than_its_weights_is_not_helped_by_dense(tmp_path: Path) -> None:
    """Its kernel would be as large as the file says."""
    path = tmp_path / "lenet.net"
    path.write_text(LENET.replace("[N, 1, 28, 28]", "[2, 1, 40, 20]"))
    notes, help = told(netdef.load(path), ip1=(500, 50 * 5 * 2))
    assert notes == []
    notes, help = told(netdef.load(path), ip1=(500, 50 * 10 * 4))
    assert notes == ["the weights are for images of 52x26 (50x25 to 52x26), and data has 40x20"]
    assert help == "--size data=2x1x52x26"


@pytest.mark.parametrize(
    ("is_color", "given", "note", "help"),
    [
        ("true", 1024, "the weights are for 1 channel, and data has 3", "1x32x32"),
        ("false", 3072, "the weights are for 3 channels, and data has 1", "3x32x32"),
        ("true", 3 * 28 * 28, "the weights are for images of 28x28, and data has 32x32", "3x28x28"),
    ],
)
def test_a_data_layer_gives_other_images(tmp_path: Path, is_color: str, given: int, note: str, help: str) -> None:
    path = tmp_path / "fed.prototxt"
    path.write_text(FED.replace("IS_COLOR", is_color))
    net = netdef.load(path, data_size=(3 if is_color == "true" else 1, 40, 40))
    assert told(net, fc=(10, given)) == ([note], f"let the data layer of data give images of {help}")


def test_what_no_image_explains_is_a_layer_of_another_name(lenet: Path) -> None:
    notes, help = told(netdef.load(lenet), ip2=(1000, 500))
    assert notes == []
    assert help == "weights go by the layer's name: another name makes it start from its fillers"
