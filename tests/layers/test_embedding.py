"""Numbers of things to what is learned of each."""

import numpy as np
import pytest
import torch

import netdef
from netdef.compiler.layers.embedding import Embed
from netdef.runtime import lower
from tests.layers.cases import Case, Family, Refused, caffe
from tests.nets import net_of

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


class TestEmbedding(Family):
    cases = (
        *caffe("embed"),
        Case(
            "rows and a bias",
            'input "x" [2, 2] layer "y" Embed { num_output: 3 input_dim: 4 }',
            layer=Embed(num_output=3, input_dim=4),
            shapes={"y": (2, 2, 3)},
            weights={"weight": (4, 3), "bias": (3,)},
            fed={"x": [[3, 0], [1, 3]]},
            stored=[ROWS, [0.5, 0, -0.5]],
            formula=lambda x, weight, bias: np.eye(4)[x.astype(int)] @ weight + bias,
        ),
        Case(
            "no bias",
            'input "x" [2] layer "y" Embed { num_output: 3 input_dim: 4 bias_term: false }',
            layer=Embed(num_output=3, input_dim=4, bias_term=False),
            shapes={"y": (2, 3)},
            weights={"weight": (4, 3)},
            fed={"x": [2, 2]},
            stored=[ROWS],
            formula=lambda x, weight: weight[[2, 2]],
        ),
    )
    refused = (
        Refused("no number of rows", 'input "x" [2] layer "y" Embed { num_output: 3 }', "N408"),
        Refused("no row", 'input "x" [2] layer "y" Embed { num_output: 3 input_dim: 0 }', "N405"),
    )


def test_a_row_that_is_read_twice_learns_twice() -> None:
    net = lower(net_of('input "x" [3] layer "y" Embed { num_output: 2 input_dim: 4 }'))
    torch.autograd.backward(net(x=torch.tensor([1.0, 1.0, 3.0]))["y"].sum())
    weight, bias = net.layer_params("y")
    assert weight.grad is not None
    assert bias.grad is not None
    assert weight.grad.tolist() == [[0, 0], [2, 2], [0, 0], [1, 1]]
    assert bias.grad.tolist() == [3, 3]


@pytest.mark.parametrize("number", [-1, 4])
def test_a_number_without_a_row_is_said(number: int) -> None:
    net = lower(net_of('input "words" [3] layer "y" Embed { num_output: 2 input_dim: 4 }'))
    with pytest.raises(netdef.NetError, match=f"words holds the number {number}, and y takes those from 0 to 3"):
        net(words=torch.tensor([1.0, number, 3.0]))
