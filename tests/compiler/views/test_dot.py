"""What DOT says of a net."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

import netdef
from netdef.cli import main
from netdef.compiler.views.dot import dot

NETS = Path(__file__).parents[3] / "nets"


def test_every_layer_and_every_blob_is_drawn() -> None:
    net = netdef.load(NETS / "resnet50.net")
    graph = dot(net)
    assert all(f"<b>{node.name}</b>" in graph for node in net.nodes)
    assert graph.count(" -> ") == sum(len(node.bottoms) for node in net.nodes)
    assert 'label="1x2048x7x7"' in graph


def test_blocks_are_clusters() -> None:
    graph = dot(netdef.load(NETS / "vgg16.net"))
    assert graph.count("subgraph cluster_") == 6
    assert 'label="stage(1, depth: 2, channels: 64)"' in graph


NAMES = ("", " ", r"a\nb", r"a\001b", r"a\\", "<b>", "a|{b}", r"R-CNN \"fine\" &amp;", "graph", "漢字")
"""As prototxt writes them, escapes and all."""


@pytest.mark.parametrize("name", NAMES)
def test_22_draw_names(tmp_path: Path, name: str) -> None:
    """BVLC/caffe#1763, #3924: whatever a layer, a blob or the net is called, Graphviz draws it, and it is XML."""
    pytest.importorskip("graphviz")
    path, drawn = tmp_path / "net.prototxt", tmp_path / "net.svg"
    path.write_text(
        f'name: "{name}" layer {{ name: "in" type: "Input" top: "d{name}" input_param {{ shape {{ dim: 3 }} }} }}'
        f' layer {{ name: "{name}" type: "ReLU" bottom: "d{name}" top: "r{name}" }}',
        "utf-8",
    )
    assert main(["draw", str(path), "-o", str(drawn)]) == 0
    assert "ReLU" in "".join(ElementTree.parse(drawn).getroot().itertext())
