"""Recurrent layers of forks."""

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.layers.sequences import ConvLSTM, Lstm, LstmConvolution, Peepholes, TimeMajorLstm
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused, fork

Doubles = NDArray[np.float64]

WEIGHTS = {"weight": (16, 3), "recurrent": (16, 4), "bias": (16,)}
STORED = [np.random.default_rng(5).uniform(-1, 1, shape) for shape in WEIGHTS.values()]


MARKERS = [0, 1, 1, 0, 1, 1]


def remembered(
    x: Doubles, weight: Doubles, recurrent: Doubles, bias: Doubles, *, markers: Doubles | None = None
) -> Doubles:
    """Step by step, gates i, f, o, g, each sequence by itself (Hochreiter and Schmidhuber 1997).

    Where a marker (T, N) is 0, a sequence begins.
    """
    top = np.zeros((*x.shape[:2], 4))
    for n in range(x.shape[1]):
        h, c = np.zeros(4), np.zeros(4)
        for t in range(x.shape[0]):
            if markers is not None and not markers[t, n]:
                h, c = np.zeros(4), np.zeros(4)
            i, f, o, g = np.split(weight @ x[t, n] + recurrent @ h + bias, 4)
            i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
            c = f * c + i * np.tanh(g)
            h = o * np.tanh(c)
            top[t, n] = h
    return top


class TestSequences(Family):
    cases = (
        *fork("lstm_ctpn", "lstm_junhyukoh", "lstm_junhyukoh_clip"),
        Case(
            "Lstm of rows, two sequences side by side",
            'input "x" [6, 3] layer "y" Lstm { num_output: 4 batch_size: 2 clipping_threshold: 0.1 }',
            layer=Lstm(num_output=4, batch_size=2, clipping_threshold=0.1),
            shapes={"y": (6, 4)},
            weights=WEIGHTS,
            macs=6 * 16 * 7,
            stored=STORED,
            formula=lambda x, *w: remembered(x.reshape(3, 2, 3), *w).reshape(6, 4),
        ),
        Case(
            "Lstm of rows with markers, a sequence of which begins at the second step",
            'input "x" [6, 3] input "m" [6] layer "y" Lstm { bottom: ["x", "m"] num_output: 4 batch_size: 2 }',
            layer=Lstm(num_output=4, batch_size=2),
            shapes={"y": (6, 4)},
            weights=WEIGHTS,
            macs=6 * 16 * 7,
            fed={"m": MARKERS},
            stored=STORED,
            formula=lambda x, m, *w: remembered(x.reshape(3, 2, 3), *w, markers=m.reshape(3, 2)).reshape(6, 4),
        ),
        Case(
            "Lstm over time",
            'input "x" [5, 2, 3] layer "y" Lstm { origin: "ctpn" num_output: 4 }',
            layer=TimeMajorLstm(num_output=4),
            shapes={"y": (5, 2, 4)},
            weights=WEIGHTS,
            macs=10 * 16 * 7,
            stored=STORED,
            formula=remembered,
        ),
        Case(
            "ConvLSTM, two convolutions and peepholes",
            'input "x" [5, 2, 3, 9, 8] input "c" [5, 2] layer "y" ConvLSTM { bottom: ["x", "c"] top: ["y", "h", "d"] '
            'lstm_conv_param { type: "input" num_output: 4 kernel_size: 3 pad: 1 } '
            'lstm_conv_param { type: "hidden" num_output: 4 kernel_size: 5 pad: 2 } '
            "lstm_debug_param { axis_hadamard: 2 num_axes_hadamard: 3 } }",
            layer=ConvLSTM(
                convolutions=(
                    LstmConvolution(type="input", num_output=4, kernel_size=(3,), pad=(1,)),
                    LstmConvolution(type="hidden", num_output=4, kernel_size=(5,), pad=(2,)),
                ),
                peepholes=Peepholes(),
            ),
            shapes={"y": (5, 2, 4, 9, 8), "h": (1, 2, 4, 9, 8), "d": (1, 2, 4, 9, 8)},
            weights={
                "input": (16, 3, 3, 3),
                "recurrent": (16, 4, 5, 5),
                "bias": (16,),
                **dict.fromkeys(("peephole_i", "peephole_f", "peephole_o"), (4, 9, 8)),
            },
            refused=SHAPES_ALONE,
        ),
    )
    refused = (
        Refused("rows that don't divide", 'input "x" [5, 3] layer "y" Lstm { num_output: 4 batch_size: 2 }', "N202"),
        Refused("no sequences", 'input "x" [5, 3] layer "y" Lstm { origin: "ctpn" num_output: 4 }', "N203"),
        Refused(
            "markers of other steps",
            'input "x" [6, 3] input "c" [5] layer "y" Lstm { bottom: ["x", "c"] num_output: 4 }',
            "N206",
        ),
        Refused(
            "no convolution",
            'input "x" [5, 2, 3, 9, 8] input "c" [5, 2] layer "y" ConvLSTM { bottom: ["x", "c"] }',
            "N201",
        ),
    )
