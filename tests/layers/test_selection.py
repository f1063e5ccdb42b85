"""Which samples or positions of a blob go on, and how often."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import netdef
from netdef.compiler.layers.selection import BatchReindex, Crop, Filter, Tile
from netdef.compiler.size import symbol
from netdef.runtime import lower
from tests.layers.cases import Case, Family, Refused, caffe
from tests.layers.examples import at_free_sizes, properties
from tests.nets import net_of

TWO = 'input "a" [3, 4, 6, 7] input "b" [3, 2, 3, 5] '
KEPT = (
    'input "a" [4, 2] input "b" [4, 1, 3] input "s" [4, 1] layer "y" Filter { bottom: ["a", "b", "s"] top: ["p", "q"] }'
)


class TestSelection(Family):
    cases = (
        *caffe("crop", "crop_one_offset", "batch_reindex", "filter", "tile"),
        Case(
            "Crop of an image's middle",
            TWO + 'layer "y" Crop { bottom: ["a", "b"] offset: [1, 2] }',
            layer=Crop(offset=(1, 2)),
            shapes={"y": (3, 4, 3, 5)},
            formula=lambda a, b: a[:, :, 1:4, 2:7],
        ),
        Case(
            "Crop of channels, without an offset",
            TWO + 'layer "y" Crop { bottom: ["a", "b"] axis: -3 }',
            layer=Crop(axis=-3),
            shapes={"y": (3, 2, 3, 5)},
            formula=lambda a, b: a[:, :2, :3, :5],
        ),
        Case(
            "BatchReindex",
            'input "x" [3, 2] input "i" [4] layer "y" BatchReindex { bottom: ["x", "i"] }',
            layer=BatchReindex(),
            shapes={"y": (4, 2)},
            fed={"i": [2, 0, 2, 2]},
            formula=lambda x, i: x[[2, 0, 2, 2]],
        ),
        Case(
            "Filter",
            KEPT,
            layer=Filter(),
            shapes={"p": (symbol("K"), 2), "q": (symbol("K"), 1, 3)},
            fed={"s": [[0], [-2], [0], [0.5]]},
            formula=lambda a, b, s: (a[[1, 3]], b[[1, 3]]),
        ),
        Case(
            "Filter that keeps nothing",
            KEPT,
            layer=Filter(),
            shapes={"p": (symbol("K"), 2), "q": (symbol("K"), 1, 3)},
            fed={"s": np.zeros((4, 1))},
            formula=lambda a, b, s: (a[:0], b[:0]),
        ),
        Case(
            "Tile",
            'input "x" [2, 3, 2] layer "y" Tile { axis: -2 tiles: 2 }',
            layer=Tile(axis=-2, tiles=2),
            shapes={"y": (2, 6, 2)},
            formula=lambda x: np.tile(x, (1, 2, 1)),
        ),
    )
    refused = (
        Refused("Crop beyond the end", TWO + 'layer "y" Crop { bottom: ["a", "b"] offset: [4, 0] }', "N202"),
        Refused("Crop of what is smaller", TWO + 'layer "y" Crop { bottom: ["b", "a"] }', "N202"),
        Refused(
            "Crop with an offset too many", TWO + 'layer "y" Crop { bottom: ["a", "b"] offset: [0, 1, 0] }', "N202"
        ),
        Refused(
            "Crop to fewer axes",
            'input "a" [1, 2, 3, 4] input "b" [1, 2] layer "y" Crop { bottom: ["a", "b"] }',
            "N206",
        ),
        Refused("BatchReindex by a table", TWO + 'layer "y" BatchReindex { bottom: ["a", "b"] }', "N203"),
        Refused("Filter with a top too few", KEPT.replace(', "q"', ""), "N503"),
        Refused("Filter of other batches", KEPT.replace('"b" [4', '"b" [5'), "N206"),
        Refused("Filter by several numbers a sample", KEPT.replace('"s" [4, 1', '"s" [4, 2'), "N206"),
        Refused("Tile 0 times", 'input "x" [2, 3] layer "y" Tile { tiles: 0 }', "N405"),
    )


def test_what_is_left_out_and_what_comes_twice_get_their_gradients() -> None:
    net = lower(
        net_of("""
    input "x" [3, 1]
    input "keep" [3]
    input "list" [3]
    layer "kept" Filter { bottom: ["x", "keep"] }
    layer "chosen" BatchReindex { bottom: ["x", "list"] }
    """)
    )
    x = torch.tensor([[1.0], [2.0], [3.0]], requires_grad=True)
    found = net(x=x, keep=torch.tensor([1.0, 0.0, 1.0]), list=torch.tensor([2.0, 2.0, 0.0]))
    torch.autograd.backward(found["kept"].sum() * 10 + found["chosen"].sum())
    assert x.grad is not None
    assert x.grad.tolist() == [[11], [0], [12]]


def test_a_list_of_samples_that_are_not_there_is_said() -> None:
    net = lower(net_of('input "x" [3, 1] input "list" [2] layer "y" BatchReindex { bottom: ["x", "list"] }'))
    with pytest.raises(netdef.NetError, match="list holds the number 3, and y takes those from 0 to 2"):
        net(x=torch.zeros(3, 1), list=torch.tensor([0.0, 3.0]))


def test_layers_behind_a_filter_know_that_both_tops_have_one_batch() -> None:
    net = net_of(KEPT + ' layer "f" Flatten { bottom: "q" } layer "both" Concat { bottom: ["p", "f"] }')
    assert str(net.blobs["both"][0]) == "K"
    assert net.blobs["both"][1] == 5


@properties
@given(data=st.data())
def test_crops_and_tiles_in_onnx(data: st.DataObject) -> None:
    rank = data.draw(st.integers(2, 4))
    axis = data.draw(st.integers(0, rank - 1))
    wanted = [data.draw(st.integers(1, 4)) for _ in range(rank)]
    offset = [data.draw(st.integers(0, 2)) for _ in range(rank - axis)]
    whole = [
        *wanted[:axis],
        *(w + o + data.draw(st.integers(0, 2)) for w, o in zip(wanted[axis:], offset, strict=True)),
    ]
    tiled = f"axis: {data.draw(st.integers(-rank, rank - 1))} tiles: {data.draw(st.integers(1, 3))}"
    at_free_sizes(
        net_of(f"""
        input "a" {whole}
        input "b" {wanted}
        layer "y" Crop {{ bottom: ["a", "b"] axis: {axis} offset: {offset} }}
        layer "z" Tile {{ bottom: "y" {tiled} }}
    """)
    )
