"""What DOT says of a net."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

import netdef
from netdef.cli import main
from netdef.compiler.views.dot import MISTAKEN, dot

NETS = Path(__file__).parents[3] / "nets"


def test_every_layer_and_every_blob_is_drawn() -> None:
    net = netdef.load(NETS / "resnet50.net")
    graph = dot(net, all_layers=True)
    assert all(f"<b>{node.name}</b>" in graph for node in net.nodes)
    assert graph.count(" -> ") == sum(len(node.bottoms) for node in net.nodes)
    assert 'label=" 1x2048x7x7 "' in graph


def test_blocks_are_clusters() -> None:
    graph = dot(netdef.load(NETS / "vgg16.net"))
    assert graph.count("subgraph cluster_") == 6
    assert 'label="stage(1, depth: 2, channels: 64)\\l"' in graph


def test_neighbours_whose_names_begin_alike_are_clusters(shared: Path) -> None:
    graph = dot(netdef.load(shared / "corpus/prototxt/BVLC__caffe/models/bvlc_googlenet/deploy.prototxt"))
    assert len(re.findall(r'label="inception_\d[a-e]\\l"', graph)) == 9


# ---- what stands in a box
def boxes(text: str, *, all_layers: bool = False) -> dict[str, str]:
    """Each box's words, by its number; of a net with mistakes too."""
    net = netdef.analyse(text).net
    assert net is not None
    found = re.findall(r"\b(n\d+) \[label=<(.*?)>, tooltip", dot(net, all_layers=all_layers))
    return {number: re.sub(r"<br/>", " | ", re.sub(r"</?(b|font)\b[^>]*>", "", words)) for number, words in found}


def test_what_only_changes_values_stands_in_the_box_of_its_layer() -> None:
    text = """
    input "data" [1, 3, 8, 8]
    layer "conv" Convolution { num_output: 4 kernel_size: 3 stride: 2 pad: 1 }
    layer "bn" BatchNorm layer "scale" Scale
    layer "relu" ReLU { top: "relu" }
    layer "pool" Pooling { pool: AVE kernel_size: 2 }
    layer "drop" Dropout
    """
    assert boxes(text) == {
        "n0": "data | Input",
        "n1": "conv | Convolution 4, 3x3, stride 2, pad 1 | BatchNorm, Scale, ReLU | 125 weights, 1.73 k MACs",
        "n5": "pool | Pooling AVE 2x2 | Dropout",
    }
    assert len(boxes(text, all_layers=True)) == 7


def test_what_others_read_before_it_is_changed_keeps_its_box() -> None:
    """The sum reads the convolution, not what ReLU made of it: one box for both would show another net."""
    text = """
    input "data" [1, 4, 8, 8]
    layer "conv" Convolution { num_output: 4 kernel_size: 1 }
    layer "relu" ReLU { top: "relu" }
    layer "sum" Eltwise { bottom: ["conv", "relu"] }
    """
    assert [*boxes(text)] == ["n0", "n1", "n2", "n3"]


def test_the_input_keeps_its_box() -> None:
    assert [*boxes('input "data" [1, 4] layer "scale" Scale layer "relu" ReLU')] == ["n0", "n1"]


def test_resnet50_is_a_third_as_tall_as_with_a_box_for_each_layer() -> None:
    net = netdef.load(NETS / "resnet50.net")
    folded, all_layers = (dot(net, all_layers=each).count("fillcolor=") for each in (False, True))
    assert (folded, all_layers) == (74, 229)


def test_a_layer_with_a_mistake_is_grey_and_what_depends_on_it_is_drawn() -> None:
    net = netdef.analyse(
        """
        input "data" [1, 3, 8, 8]
        layer "conv" Convolution { num_output: 4 kernel_size: 3 }
        layer "odd" Poolling
        layer "big" Convolution { bottom: "data" num_output: 4 kernel_size: 9 }
        layer "fc" InnerProduct { bottom: "odd" num_output: 2 }
        layer "relu" ReLU
        """
    ).net
    assert net is not None
    graph = dot(net)
    fills = dict(re.findall(r'<b>(\w+)</b>.*fillcolor="(#\w+)"', graph))
    assert fills["odd"] == fills["big"] == MISTAKEN
    assert MISTAKEN not in (fills["data"], fills["conv"], fills["fc"])
    assert 'n2 -> n4 [label=" ? "' in graph
    assert 'n1 -> n2 [label=" 1x4x6x6 "' in graph
    assert "(as far as it is known)" in graph
    assert "<b>relu</b>" not in graph


def test_the_title_and_a_legend_stand_on_top() -> None:
    graph = dot(netdef.load(NETS / "vgg16.net", set={"N": 8}))
    assert "labelloc=t" in graph
    assert "138,357,544 parameters, 124 G multiply-adds for a batch of 8 images; phase TEST" in graph
    legend = dict(re.findall(r'<td bgcolor="(#\w+)" border="1"><font point-size="10">(.*?)</font></td>', graph))
    assert [*legend.values()] == ["Input", "Convolution", "Pooling", "InnerProduct", "Softmax"]
    assert set(re.findall(r'fillcolor="(#\w+)"', graph)) == legend.keys()


@pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz's program dot is not installed")
@pytest.mark.parametrize("name", ["vgg16", "resnet50", "lenet"])
def test_no_arrow_strikes_through_a_title(name: str) -> None:
    """Of a frame or of the net, as graphviz lays them out: no corner of a curve lies within the text."""
    graph = dot(netdef.load(NETS / f"{name}.net"))
    made = subprocess.run(["dot", "-Tjson"], input=graph.encode(), capture_output=True, check=True)
    objects = json.loads(made.stdout)
    titles = [_area(each) for each in objects["objects"] if each["name"].startswith("t")]
    points = [
        tuple(map(float, point.split(",")))
        for edge in objects["edges"]
        for point in re.findall(r"[-\d.]+,[-\d.]+", edge["pos"])
    ]
    assert titles
    struck = [p for left, low, right, high in titles for p in points if left < p[0] < right and low < p[1] < high]
    assert struck == []


def _area(node: dict[str, str]) -> tuple[float, float, float, float]:
    x, y = map(float, node["pos"].split(","))
    w, h = (36 * float(node[side]) for side in ("width", "height"))
    return x - w, y - h, x + w, y + h


# ---- names
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
