"""How an image becomes the input: one value, whoever says it."""

import json
from pathlib import Path

import netdef
from netdef.compiler.layers.data import Data, ImageData, transform_of
from netdef.compiler.preprocess import Preprocessing, of_transform
from netdef.compiler.schema.caffe import Channels, Transform
from netdef.compiler.shape import Pair

SAID = """input "data" [1, 3, 8, 8] layer "fc" InnerProduct { num_output: 2 }
preprocess { channels: RGB mean: [1, 2, 3] scale: 0.5 resize: 9 crop: 8 labels: "classes.txt" }"""


def test_a_net_says_it(tmp_path: Path) -> None:
    (tmp_path / "n.net").write_text(SAID)
    found = netdef.load(tmp_path / "n.net").preprocess
    assert found == Preprocessing(Channels.RGB, (1, 2, 3), 0.5, 9, 8, "classes.txt")
    assert found.text == "preprocess { channels: RGB mean: [1, 2, 3] scale: 0.5 }"


def test_a_net_may_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "n.net").write_text(SAID[: SAID.index("preprocess")])
    assert netdef.load(tmp_path / "n.net").preprocess is None


def test_a_data_layer_says_it() -> None:
    """Caffe's data_transformer.cpp: blue first, the mean before the scale, the old places where the new say nothing."""
    layer = Data(batch_size=1, scale=0.5, crop_size=7, transform=Transform(mean_value=(104, 117, 123), mirror=True))
    colour = of_transform(transform_of(layer), 3)
    assert colour == Preprocessing(Channels.BGR, (104, 117, 123), 0.5, crop=7, mirror=True)
    listed = ImageData(transform=Transform(scale=0.25, mean_file="mean.binaryproto"), scale=0.5)
    grey = of_transform(transform_of(listed), 1, Pair(5, 6))
    assert grey == Preprocessing(Channels.GREY, (), 0.25, mean_file="mean.binaryproto", resize_to=Pair(5, 6))
    assert grey.text == 'transform_param { mean_file: "mean.binaryproto" scale: 0.25 }'


def test_json_holds_all_of_it() -> None:
    whole = Preprocessing(Channels.RGB, (1.5,), 0.5, 256, 224, "c.txt", "m.binaryproto", Pair(5, 6), mirror=True)
    for value in (Preprocessing(), whole):
        assert Preprocessing.from_data(json.loads(json.dumps(value.as_data))) == value
    assert "resize_to" not in Preprocessing().as_data  # which no preprocess { } can say
    assert Preprocessing.from_data({"channels": "GREY", "mean": [], "scale": 1.0}) == Preprocessing(Channels.GREY)
