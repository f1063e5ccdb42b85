"""What DOT says of a net."""

from pathlib import Path

import netdef
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
