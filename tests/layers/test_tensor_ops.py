"""Operators of TensorFlow, by the formulas of its documentation."""

import numpy as np
from numpy.typing import NDArray

from netdef.compiler.layers.tensor_ops import Add, BatchToSpaceND, DepthToSpace, Mul, Pad, SpaceToBatchND
from tests.layers.cases import Case, Family, Refused

Doubles = NDArray[np.float64]
TWO = "block_shape: [2, 3]"


def deeper(x: Doubles, block: int) -> Doubles:
    """tf.nn.depth_to_space of NHWC, value by value."""
    n, h, w, c = x.shape
    top = np.zeros((n, h * block, w * block, c // block**2))
    for i, row, column, channel in np.ndindex(top.shape):
        of = (row % block * block + column % block) * top.shape[3] + channel
        top[i, row, column, channel] = x[i, row // block, column // block, of]
    return top


def apart(x: Doubles, rows: int, columns: int) -> Doubles:
    """tf.space_to_batch of NHWC without paddings, value by value."""
    n, h, w, c = x.shape
    top = np.zeros((n * rows * columns, h // rows, w // columns, c))
    for i, row, column in np.ndindex(n, h, w):
        image = (row % rows * columns + column % columns) * n + i
        top[image, row // rows, column // columns] = x[i, row, column]
    return top


def whole(x: Doubles, rows: int, columns: int) -> Doubles:
    """tf.batch_to_space of NHWC without crops: each value goes back where ``apart`` took it."""
    places = apart(
        np.arange(x.size, dtype=float).reshape(-1, x.shape[1] * rows, x.shape[2] * columns, x.shape[3]), rows, columns
    )
    top = np.zeros(x.size)
    top[places.astype(int).ravel()] = x.ravel()
    return top.reshape(-1, x.shape[1] * rows, x.shape[2] * columns, x.shape[3])


class TestTensorOps(Family):
    cases = (
        Case(
            "Mul by a number for each channel",
            'input "x" [2, 3, 4, 5] input "g" [2, 3, 1, 1] layer "y" Mul { bottom: ["x", "g"] }',
            layer=Mul(),
            shapes={"y": (2, 3, 4, 5)},
            formula=lambda x, g: x * g,
        ),
        Case(
            "Mul by what is stored",
            'input "x" [2, 4, 5, 3] layer "y" Mul { mul_shape: [5, 1] }',
            layer=Mul(mul_shape=(5, 1)),
            shapes={"y": (2, 4, 5, 3)},
            weights={"factor": (5, 1)},
            stored=[np.arange(5.0).reshape(5, 1)],
            formula=lambda x, factor: x * factor,
        ),
        Case(
            "Add of fewer axes",
            'input "x" [3] input "g" [2, 4, 5, 3] layer "y" Add { bottom: ["x", "g"] }',
            layer=Add(),
            shapes={"y": (2, 4, 5, 3)},
            formula=lambda x, g: x + g,
        ),
        Case(
            "Pad",
            'input "x" [2, 3, 4] layer "y" Pad { paddings: [0, 0, 1, 2, 0, 3] constant_values: -1.5 }',
            layer=Pad(paddings=(0, 0, 1, 2, 0, 3), constant_values=-1.5),
            shapes={"y": (2, 6, 7)},
            formula=lambda x: np.pad(x, [(0, 0), (1, 2), (0, 3)], constant_values=-1.5),
        ),
        Case(
            "Pad, a single number",
            'input "x" [] layer "y" Pad { constant_values: 0.75 }',
            layer=Pad(constant_values=0.75),
            shapes={"y": ()},
            formula=lambda x: x,
        ),
        Case(
            "DepthToSpace, channels last",
            'input "x" [2, 2, 3, 12] layer "y" DepthToSpace { block_size: 2 }',
            layer=DepthToSpace(block_size=2),
            shapes={"y": (2, 4, 6, 3)},
            formula=lambda x: deeper(x, 2),
        ),
        Case(
            "DepthToSpace, channels first",
            'input "x" [2, 12, 2, 3] layer "y" DepthToSpace { block_size: 2 data_format: "NCHW" }',
            layer=DepthToSpace(block_size=2, data_format="NCHW"),
            shapes={"y": (2, 3, 4, 6)},
            formula=lambda x: deeper(x.transpose(0, 2, 3, 1), 2).transpose(0, 3, 1, 2),
        ),
        Case(
            "DepthToSpace, the channel slowest",
            'input "x" [2, 12, 2, 3] layer "y" DepthToSpace { block_size: 2 data_format: "CRD" }',
            layer=DepthToSpace(block_size=2, data_format="CRD"),
            shapes={"y": (2, 3, 4, 6)},
            formula=lambda x: np.stack(
                [
                    [
                        [[x[n, c * 4 + h % 2 * 2 + w % 2, h // 2, w // 2] for w in range(6)] for h in range(4)]
                        for c in range(3)
                    ]
                    for n in range(2)
                ]
            ),
        ),
        Case(
            "SpaceToBatchND",
            f'input "x" [2, 3, 7, 5] layer "y" SpaceToBatchND {{ {TWO} paddings: [1, 0, 0, 2] }}',
            layer=SpaceToBatchND(block_shape=(2, 3), paddings=(1, 0, 0, 2)),
            shapes={"y": (12, 2, 3, 5)},
            formula=lambda x: apart(np.pad(x, [(0, 0), (1, 0), (0, 2), (0, 0)]), 2, 3),
        ),
        Case(
            "BatchToSpaceND",
            f'input "x" [12, 2, 3, 5] layer "y" BatchToSpaceND {{ {TWO} crops: [1, 0, 0, 2] }}',
            layer=BatchToSpaceND(block_shape=(2, 3), crops=(1, 0, 0, 2)),
            shapes={"y": (2, 3, 7, 5)},
            formula=lambda x: whole(x, 2, 3)[:, 1:, :-2],
        ),
    )
    refused = (
        Refused("Mul, other sizes", 'input "x" [2, 3] input "g" [2, 4] layer "y" Mul { bottom: ["x", "g"] }', "N206"),
        Refused("Mul, another factor", 'input "x" [2, 3] layer "y" Mul { mul_shape: [4, 1, 2] }', "N206"),
        Refused("Pad, an axis left out", 'input "x" [2, 3] layer "y" Pad { paddings: [1, 1] }', "N205"),
        Refused(
            "DepthToSpace, too few channels", 'input "x" [1, 6, 2, 2] layer "y" DepthToSpace { block_size: 2 }', "N208"
        ),
        Refused(
            "DepthToSpace, another format",
            'input "x" [1, 4, 2, 2] layer "y" DepthToSpace { block_size: 2 data_format: "HWCN" }',
            "N202",
        ),
        Refused(
            "SpaceToBatchND, a side that is left over",
            f'input "x" [1, 3, 7, 5] layer "y" SpaceToBatchND {{ {TWO} paddings: [0, 0, 0, 2] }}',
            "N208",
        ),
        Refused("SpaceToBatchND, no paddings", f'input "x" [1, 2, 3] layer "y" SpaceToBatchND {{ {TWO} }}', "N202"),
        Refused(
            "SpaceToBatchND, no such axis",
            'input "x" [4] layer "y" SpaceToBatchND { block_shape: 2 paddings: [0, 0] }',
            "N203",
        ),
        Refused(
            "BatchToSpaceND, an odd batch",
            f'input "x" [9, 2, 2, 1] layer "y" BatchToSpaceND {{ {TWO} crops: [0, 0, 0, 0] }}',
            "N208",
        ),
        Refused(
            "BatchToSpaceND, nothing left",
            f'input "x" [6, 2, 2, 1] layer "y" BatchToSpaceND {{ {TWO} crops: [2, 2, 0, 0] }}',
            "N204",
        ),
    )
