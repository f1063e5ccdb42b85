"""Which layers are taken together: calls of blocks, and names that begin alike."""

from pathlib import Path

import pytest

import netdef
from netdef.compiler.views.blocks import blocks

NETS = Path(__file__).parents[3] / "nets"


def titles(net: netdef.Net) -> list[str]:
    return [block.title for block in blocks(net) if block.title]


def test_calls_of_a_file_are_blocks() -> None:
    net = netdef.load(NETS / "lenet.net")
    assert titles(net) == ["learned(1, 20)", "learned(2, 50)"]
    assert [node for block in blocks(net) for node in block.nodes] == list(net.nodes)


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (("conv1_1", "relu1_1", "conv1_2", "pool1"), "conv1"),
        (("res2a_branch1", "bn2a_branch1", "res2a", "res2a_relu"), "res2a"),
        (("inception_3a/1x1", "inception_3a/relu_1x1", "inception_3a/output"), "inception_3a"),
        (("fc6", "relu6", "drop6"), "fc6"),
        (("layer_64_1_conv1", "layer_64_1_bn2"), "layer_64"),
    ],
)
def test_names_that_begin_alike_are_a_block(names: tuple[str, ...], title: str) -> None:
    layers = " ".join(f'layer "{name}" ReLU' for name in names)
    net = netdef.analyse(f'input "data" [1, 2] {layers} layer "prob" Softmax').net
    assert net is not None
    found = blocks(net)
    assert [block.title for block in found] == ["", title, ""]
    assert [node.name for node in found[1].nodes] == list(names)


def test_what_is_written_in_place_stands_with_its_layer() -> None:
    net = netdef.analyse('input "data" [1, 2] layer "fc6" InnerProduct { num_output: 1 } layer "relu" ReLU').net
    assert net is not None
    assert [len(block.nodes) for block in blocks(net)] == [1, 2]


def test_other_names_stand_alone() -> None:
    net = netdef.analyse('input "data" [1, 2] layer "score" Sigmoid { top: "s" } layer "12" ReLU layer "_" TanH').net
    assert net is not None
    assert not any(block.is_large for block in blocks(net))


def test_googlenet_has_nine_inceptions(shared: Path) -> None:
    path = shared / "corpus/prototxt/BVLC__caffe/models/bvlc_googlenet/deploy.prototxt"
    large = [block.title for block in blocks(netdef.load(path)) if block.is_large]
    assert [title for title in large if title.startswith("inception")] == [
        f"inception_{name}" for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")
    ]
