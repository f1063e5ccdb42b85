"""netdef expand: prototxt that Caffe reads."""

from pathlib import Path

import pytest

import netdef
from netdef.cli import main

NETS = Path(__file__).parents[3] / "nets"


def test_what_caffe_does_not_know_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["expand", str(NETS / "vgg16.net"), "--set", "classes=7"]) == 0
    text = capsys.readouterr().out
    assert "expect" not in text
    assert "preprocess" not in text
    assert "num_output: 7\n" in text
    assert text.count("layer {") == 42  # both phases: 39 layers in both, prob in TEST, label and loss in TRAIN


def test_what_an_option_asks_for_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["expand", str(NETS / "lenet.net"), "--dense", "--size", "data=2x1x40x36"]
    assert main(words) == 0
    plain = tmp_path / "dense.prototxt"
    plain.write_text(capsys.readouterr().out)
    net = netdef.load(plain)
    assert net.blobs["ip2"] == (2, 10, 4, 3)
    assert net.params["ip1"] == [(500, 50, 4, 4), (500,)]
    assert not any(node.type == "InnerProduct" for node in net.nodes)
