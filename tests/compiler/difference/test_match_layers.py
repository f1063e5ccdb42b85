"""Which layer is which: by name, by rows of what layers do, and by what they read."""

from pathlib import Path

import netdef
from netdef.compiler.difference.match_layers import match_layers
from netdef.compiler.views.prototxt import write_net
from tests.nets import net_of

ROOT = Path(__file__).parents[3]
BASE = """
input "data" [1, 3, 16, 16]
layer "conv1" Convolution { num_output: 8 kernel_size: 3 }
layer "relu1" ReLU
layer "conv2" Convolution { num_output: 8 kernel_size: 3 }
layer "relu2" ReLU
layer "fc" InnerProduct { num_output: 10 }
"""


def pairs_of(old: str, new: str) -> list[tuple[str, str]]:
    before, after = net_of(old), net_of(new)
    return [(before.nodes[was].name, after.nodes[now].name) for was, now in match_layers(before, after).pairs]


def test_layers_of_one_name_are_one() -> None:
    changed = BASE.replace("num_output: 8 kernel_size: 3", "num_output: 9 kernel_size: 5")
    assert pairs_of(BASE, changed) == [(name, name) for name in ("data", "conv1", "relu1", "conv2", "relu2", "fc")]


def test_a_net_whose_layers_are_all_renamed_is_matched_by_what_they_do() -> None:
    """Also where one was put in and another left out."""
    renamed = BASE.replace("conv", "c").replace("relu", "r").replace('"fc"', '"classes"').replace('"data"', '"image"')
    assert pairs_of(BASE, renamed) == [
        ("data", "image"), ("conv1", "c1"), ("relu1", "r1"), ("conv2", "c2"), ("relu2", "r2"), ("fc", "classes"),
    ]  # fmt: skip
    without = renamed.replace('layer "r1" ReLU\n', 'layer "norm" LRN\n')
    after = net_of(without)
    matching = match_layers(net_of(BASE), after)
    assert [after.nodes[number].name for number in matching.added] == ["norm"]
    assert len(matching.pairs) == 5
    assert len(matching.removed) == 1


def test_a_layer_that_is_renamed_and_changed_is_found_by_what_it_reads() -> None:
    changed = BASE.replace('"conv2" Convolution { num_output: 8', '"wide" Convolution { num_output: 99')
    assert ("conv2", "wide") in pairs_of(BASE, changed)


def test_all_of_resnet_is_matched_whatever_its_layers_are_called() -> None:
    """Its branches are alike in pairs; nothing but the order tells them apart."""
    net = netdef.load(ROOT / "nets/resnet50.net")
    text = write_net(net)
    for word in ("res", "bn", "scale", "pool", "fc", "prob", "data"):
        text = text.replace(f'"{word}', f'"my_{word}')
    renamed = net_of(text)
    matching = match_layers(net, renamed)
    assert (len(matching.pairs), matching.removed, matching.added) == (len(net.nodes), (), ())
    assert {renamed.nodes[now].name.removeprefix("my_") == net.nodes[was].name for was, now in matching.pairs} == {True}


def test_several_layers_of_one_name_are_matched_in_their_order() -> None:
    """Caffe takes such nets, and people publish them (HED's deploy.prototxt)."""
    text = BASE.replace('"conv2"', '"conv1"').replace('"relu2"', '"relu1"')
    matching = match_layers(net_of(text), net_of(text))
    assert matching.pairs == tuple((number, number) for number in range(6))
