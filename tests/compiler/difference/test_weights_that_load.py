"""Which weights load: what is said of two nets is what happens when one's are given to the other."""

import numpy as np
import pytest

from netdef.compiler.difference.match_layers import match_layers
from netdef.compiler.difference.weights_that_load import Fate, loading_of
from netdef.compiler.net_error import NetError
from netdef.compiler.views.shown_net import ShownNet
from netdef.compiler.weights.match import match
from tests.nets import net_of

OLD = """
input "data" [1, 3, 8, 8]
layer "conv" Convolution { num_output: 4 kernel_size: 3 pad: 1 }
layer "bare" Convolution { num_output: 4 kernel_size: 1 bias_term: false }
layer "full" InnerProduct { num_output: 6 }
layer "classes" InnerProduct { num_output: 10 }
layer "aside" InnerProduct { num_output: 2 }
"""
NEW = """
input "data" [1, 3, 8, 8]
layer "conv" Convolution { num_output: 4 kernel_size: 3 pad: 1 }
layer "bare" Convolution { num_output: 4 kernel_size: 1 }
layer "full" Convolution { num_output: 6 kernel_size: 8 }
layer "classes" InnerProduct { num_output: 11 }
layer "outwards" InnerProduct { num_output: 2 }
"""


def fates(old: ShownNet, new: ShownNet) -> dict[str, Fate]:
    return {each.name: each.fate for each in loading_of(old, new, match_layers(old, new)).layers}


def test_each_fate_and_its_reason() -> None:
    old, new = net_of(OLD), net_of(NEW)
    loading = loading_of(old, new, match_layers(old, new))
    assert [(each.name, each.fate.value, each.reason) for each in loading.layers] == [
        ("conv", "loads", ""),
        ("bare", "refused", "it has 2 weights, and 1 are there"),
        ("full", "reshaped", "6x256 as 6x4x8x8"),
        ("classes", "refused", "its weight is 11x6, and 10x6 is there; its bias is 11, and 10 is there"),
        ("outwards", "filled", "no layer of this name has any"),
    ]
    assert loading.unused == ("aside",)
    assert loading.names(Fate.LOADS) == ["conv"]


def test_a_layer_that_was_only_renamed_names_its_weights() -> None:
    old, new = net_of(OLD), net_of(OLD.replace('"aside"', '"beside"'))
    (renamed,) = (each for each in loading_of(old, new, match_layers(old, new)).layers if each.name == "beside")
    assert renamed.reason == "its weights are called aside"


@pytest.mark.parametrize("name", ["conv", "bare", "full", "classes", "outwards"])
def test_it_is_what_happens_when_weights_are_given(name: str) -> None:
    old, new = net_of(OLD), net_of(NEW)
    given = {layer: [np.zeros(shape, np.float32) for shape in shapes] for layer, shapes in old.params.items()}
    fate = fates(old, new)[name]
    if fate is Fate.REFUSED:
        with pytest.raises(NetError):
            match(new, {name: given[name]})
    else:
        assert (name in match(new, {name: given.get(name, [])} if name in given else {}).loaded) == (
            fate is not Fate.FILLED
        )
