"""Recurrent layers of forks."""

from netdef.compiler.layers.sequences import ConvLSTM, Lstm, LstmConvolution, Peepholes, TimeMajorLstm
from tests.layers.cases import SHAPES_ALONE, Case, Family, Refused


class TestSequences(Family):
    cases = (
        Case(
            "Lstm of rows, two sequences side by side",
            'input "x" [6, 3] layer "y" Lstm { num_output: 4 batch_size: 2 clipping_threshold: 0.1 }',
            layer=Lstm(num_output=4, batch_size=2, clipping_threshold=0.1),
            shapes={"y": (6, 4)},
            weights={"weight": (16, 3), "recurrent": (16, 4), "bias": (16,)},
            macs=6 * 16 * 7,
            refused=SHAPES_ALONE,
        ),
        Case(
            "Lstm over time",
            'input "x" [5, 2, 3] layer "y" Lstm { origin: "ctpn" num_output: 4 }',
            layer=TimeMajorLstm(num_output=4),
            shapes={"y": (5, 2, 4)},
            weights={"weight": (16, 3), "recurrent": (16, 4), "bias": (16,)},
            macs=10 * 16 * 7,
            refused=SHAPES_ALONE,
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
