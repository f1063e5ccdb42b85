"""Layers that read sequences step by step, and remember."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from netdef.compiler.layers.recurrent import LSTM, RNN, LSTMUnit
from netdef.runtime import NetModule, lower
from tests.layers.cases import Case, Family, Refused, caffe
from tests.layers.examples import at_free_sizes, properties
from tests.nets import net_of

T, N, K, S, D = 3, 2, 4, 5, 3
INPUTS = f'input "x" [{T}, {N}, 2, {K // 2}] input "cont" [{T}, {N}] '
STATIC = f'input "s" [{N}, {S}] '
HIDDEN = f'input "h" [1, {N}, {D}] input "c" [1, {N}, {D}] '
CONT = [[0, 1], [1, 0], [1, 1]]
"""The first stream begins, the second goes on with nothing, and begins anew at the second step."""
random = np.random.default_rng(1)


def drawn(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    return [random.standard_normal(shape) / 2 for shape in shapes]


def sigmoid(x: np.ndarray) -> np.ndarray:
    p: np.ndarray = 1 / (1 + np.exp(-x))
    return p


def unit(c: np.ndarray, gates: np.ndarray, cont: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    i, f, o, g = np.split(gates, 4, -1)
    c = cont * sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return c, sigmoid(o) * np.tanh(c)


def lstm(
    x: np.ndarray, cont: np.ndarray, enter: np.ndarray, h: np.ndarray, c: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Hochreiter and Schmidhuber's equations, step by step; ``enter`` (T, N, 4 D) is what comes in."""
    tops = []
    for now, mark in zip(enter, cont[:, :, None], strict=True):
        c, h = unit(c, now + (mark * h) @ weight.T, mark)
        tops.append(h)
    return np.stack(tops), h[None], c[None]


def rows(x: np.ndarray) -> np.ndarray:
    return x.reshape(T, N, K)


def rnn(enter: np.ndarray, cont: np.ndarray, h: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    tops = []
    for now, mark in zip(enter, cont[:, :, None], strict=True):
        h = np.tanh(now + (mark * h) @ weight.T)
        tops.append(h)
    return np.stack(tops), h[None]


ZERO = np.zeros((N, D))


class TestRecurrent(Family):
    cases = (
        *caffe("lstm", "rnn"),
        Case(
            "LSTM",
            INPUTS + f'layer "y" LSTM {{ bottom: ["x", "cont"] num_output: {D} }}',
            layer=LSTM(num_output=D),
            shapes={"y": (T, N, D)},
            weights={"input_weight": (4 * D, K), "bias": (4 * D,), "hidden_weight": (4 * D, D)},
            macs=T * N * (4 * D * K + 4 * D * D),
            fed={"cont": CONT},
            stored=drawn((4 * D, K), (4 * D,), (4 * D, D)),
            formula=lambda x, cont, w, b, u: lstm(x, cont, rows(x) @ w.T + b, ZERO, ZERO, u)[0],
        ),
        Case(
            "LSTM with what comes in at every step, and with what is remembered shown",
            INPUTS
            + STATIC
            + HIDDEN
            + f'layer "y" LSTM {{ bottom: ["x", "cont", "s", "h", "c"] top: ["y", "ht", "ct"] num_output: {D} '
            "expose_hidden: true }",
            layer=LSTM(num_output=D, expose_hidden=True),
            shapes={"y": (T, N, D), "ht": (1, N, D), "ct": (1, N, D)},
            weights={
                "input_weight": (4 * D, K),
                "bias": (4 * D,),
                "static_weight": (4 * D, S),
                "hidden_weight": (4 * D, D),
            },
            macs=T * N * (4 * D * K + 4 * D * D) + N * 4 * D * S,
            fed={"cont": [[1, 1], [1, 0], [0.5, 1]]},
            stored=drawn((4 * D, K), (4 * D,), (4 * D, S), (4 * D, D)),
            formula=lambda x, cont, s, h, c, w, b, v, u: lstm(x, cont, rows(x) @ w.T + b + s @ v.T, h[0], c[0], u),
        ),
        Case(
            "RNN",
            INPUTS + f'layer "y" RNN {{ bottom: ["x", "cont"] num_output: {D} }}',
            layer=RNN(num_output=D),
            shapes={"y": (T, N, D)},
            weights={
                "input_weight": (D, K),
                "bias": (D,),
                "hidden_weight": (D, D),
                "output_weight": (D, D),
                "output_bias": (D,),
            },
            macs=T * N * (D * K + 2 * D * D),
            fed={"cont": CONT},
            stored=drawn((D, K), (D,), (D, D), (D, D), (D,)),
            formula=lambda x, cont, w, b, u, o, p: np.tanh(rnn(rows(x) @ w.T + b, cont, ZERO, u)[0] @ o.T + p),
        ),
        Case(
            "RNN with what comes in at every step, and with what is remembered shown",
            INPUTS
            + STATIC
            + HIDDEN
            + f'layer "y" RNN {{ bottom: ["x", "cont", "s", "h"] top: ["y", "ht"] num_output: {D} '
            "expose_hidden: true }",
            layer=RNN(num_output=D, expose_hidden=True),
            shapes={"y": (T, N, D), "ht": (1, N, D)},
            weights={
                "input_weight": (D, K),
                "bias": (D,),
                "static_weight": (D, S),
                "hidden_weight": (D, D),
                "output_weight": (D, D),
                "output_bias": (D,),
            },
            macs=T * N * (D * K + 2 * D * D) + N * D * S,
            fed={"cont": CONT},
            stored=drawn((D, K), (D,), (D, S), (D, D), (D, D), (D,)),
            formula=lambda x, cont, s, h, w, b, v, u, o, p: (
                np.tanh((made := rnn(rows(x) @ w.T + b + s @ v.T, cont, h[0], u))[0] @ o.T + p),
                made[1],
            ),
        ),
        Case(
            "LSTMUnit",
            f'input "c" [1, {N}, {D}] input "g" [1, {N}, {4 * D}] input "cont" [1, {N}] '
            'layer "y" LSTMUnit { bottom: ["c", "g", "cont"] top: ["c1", "h1"] }',
            layer=LSTMUnit(),
            shapes={"c1": (1, N, D), "h1": (1, N, D)},
            fed={"cont": [[0, 1]]},
            formula=lambda c, g, cont: unit(c, g, cont[:, :, None]),
        ),
    )
    refused = (
        Refused("two axes", f'input "x" [3, 2] layer "y" LSTM {{ bottom: ["x", "x"] num_output: {D} }}', "N203"),
        Refused("other marks", INPUTS + 'layer "y" RNN { bottom: ["x", "x"] num_output: 3 }', "N206"),
        Refused("no length", INPUTS + 'layer "y" RNN { bottom: ["x", "cont"] }', "N408"),
        Refused(
            "too many bottoms", INPUTS + 'layer "y" LSTM { bottom: ["x", "cont", "x", "x"] num_output: 3 }', "N503"
        ),
        Refused(
            "a top that isn't shown",
            INPUTS + 'layer "y" LSTM { bottom: ["x", "cont"] top: ["y", "h"] num_output: 3 }',
            "N503",
        ),
        Refused(
            "what is remembered, of another length",
            INPUTS
            + HIDDEN
            + 'layer "y" RNN { bottom: ["x", "cont", "h"] top: ["y", "t"] num_output: 4 expose_hidden: true }',
            "N206",
        ),
        Refused(
            "other streams at every step",
            INPUTS + 'input "s" [3, 5] layer "y" LSTM { bottom: ["x", "cont", "s"] num_output: 3 }',
            "N206",
        ),
        Refused(
            "three gates",
            'input "c" [1, 2, 3] input "g" [1, 2, 9] input "m" [1, 2] '
            'layer "y" LSTMUnit { bottom: ["c", "g", "m"] top: ["a", "b"] }',
            "N206",
        ),
    )


@pytest.fixture(params=["LSTM", "RNN"])
def module(request: pytest.FixtureRequest) -> NetModule:
    filler = 'weight_filler { type: "uniform" min: -1 }'
    return lower(net_of(INPUTS + f'layer "y" {request.param} {{ bottom: ["x", "cont"] num_output: {D} {filler} }}'))


def test_a_pass_goes_on_where_the_last_one_ended(module: NetModule) -> None:
    """A sequence in two passes gives what it gives in one, as in recurrent_layer.cpp."""
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((2 * T, N, 2, K // 2)).astype(np.float32))
    cont = torch.ones(2 * T, N)
    cont[0], cont[4, 1] = 0, 0
    whole = module(x=x, cont=cont)["y"]
    halves = [module(x=x[part], cont=cont[part])["y"] for part in (slice(0, T), slice(T, 2 * T))]
    torch.testing.assert_close(torch.cat(halves), whole)
    module.forget()
    with pytest.raises(AssertionError):
        torch.testing.assert_close(module(x=x[T:], cont=cont[T:])["y"], halves[1])


def test_other_streams_begin_with_nothing(module: NetModule) -> None:
    x, cont = torch.ones(T, N, 2, K // 2), torch.ones(T, N)
    first = module(x=x, cont=cont)["y"]
    module(x=x[:, :1], cont=cont[:, :1])
    torch.testing.assert_close(module(x=x, cont=cont)["y"], first)


def test_gradients_end_where_a_pass_begins(module: NetModule) -> None:
    x, cont = torch.ones(T, N, 2, K // 2, requires_grad=True), torch.ones(T, N)
    for _ in range(2):  # the second would go back through the first's graph, which is gone
        torch.autograd.backward(module(x=x, cont=cont)["y"].sum())


def test_the_forget_gates_slope_is_taken_behind_cont() -> None:
    """lstm_unit_layer.cpp: f (1 - f), f being cont times the sigmoid, where the formula has cont s (1 - s)."""
    net = lower(
        net_of(
            'input "c" [1, 1, 1] input "g" [1, 1, 4] input "cont" [1, 1] '
            'layer "y" LSTMUnit { bottom: ["c", "g", "cont"] top: ["c1", "h1"] }'
        )
    )
    gates = torch.zeros(1, 1, 4, requires_grad=True)
    found = net(c=torch.ones(1, 1, 1), g=gates, cont=torch.full((1, 1), 0.5))
    torch.autograd.backward(found["c1"].sum())
    assert gates.grad is not None
    assert gates.grad[0, 0, 1].item() == pytest.approx(0.25 * 0.75)


@properties
@given(
    kind=st.sampled_from(["LSTM", "RNN"]),
    sizes=st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3)),
    has_static=st.booleans(),
    exposes=st.booleans(),
)
def test_recurrent_layers_in_onnx(kind: str, sizes: tuple[int, ...], has_static: bool, exposes: bool) -> None:
    steps, streams, values, length = sizes
    hidden = (["h", "c"] if kind == "LSTM" else ["h"]) if exposes else []
    bottoms = ["x", "cont", *(["s"] if has_static else []), *hidden]
    tops = ["y", *(f"last_{name}" for name in hidden)]
    inputs = {"x": [steps, streams, values], "cont": [steps, streams], "s": [streams, values, 2]}
    inputs |= {name: [1, streams, length] for name in hidden}
    text = "\n".join(f'input "{name}" {inputs[name]}' for name in bottoms)
    quoted = [", ".join(f'"{name}"' for name in names) for names in (bottoms, tops)]
    at_free_sizes(
        net_of(f"""
        {text}
        layer "y" {kind} {{
            bottom: [{quoted[0]}] top: [{quoted[1]}] num_output: {length} expose_hidden: {str(exposes).lower()}
            weight_filler {{ type: "gaussian" }} bias_filler {{ type: "uniform" }}
        }}
    """)
    )
