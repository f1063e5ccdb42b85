"""Functions of one value."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netdef.compiler.layers.activation import (
    BNLL,
    ELU,
    AbsVal,
    Clip,
    Exp,
    Log,
    Power,
    PReLU,
    ReLU,
    Sigmoid,
    Swish,
    TanH,
    Threshold,
)
from netdef.compiler.onnx import onnx_model
from tests.layers.cases import OUTPUTS, Case, Family, Refused, caffe, relative_error
from tests.layers.examples import properties
from tests.nets import net_of
from tests.onnx_runtime import run


class TestActivation(Family):
    cases = (
        *caffe("relu", "relu_inplace", "relu_leaky", "prelu", "prelu_shared", "elu", "sigmoid", "tanh", "power"),
        *caffe("absval", "bnll", "clip", "exp", "exp_base", "log", "swish", "threshold"),
        Case(
            "ReLU",
            'input "x" [2, 3, 4, 5] layer "y" ReLU { top: "y" }',
            layer=ReLU(),
            shapes={"y": (2, 3, 4, 5)},
            formula=lambda x: np.maximum(x, 0),
        ),
        Case(
            "ReLU, leaky and in place",
            'input "x" [2, 3] layer "y" ReLU { negative_slope: 0.25 }',
            layer=ReLU(negative_slope=0.25),
            shapes={"x": (2, 3)},
            formula=lambda x: np.where(x > 0, x, x / 4),
        ),
        Case(
            "PReLU, a slope for each channel",
            'input "x" [2, 3, 4] layer "y" PReLU { top: "y" }',
            layer=PReLU(),
            shapes={"y": (2, 3, 4)},
            weights={"slope": (3,)},
            stored=[[0.5, -1, 2]],
            formula=lambda x, slope: np.where(x > 0, x, x * slope[:, None]),
        ),
        Case(
            "PReLU, one slope",
            'input "x" [2, 3, 4] layer "y" PReLU { top: "y" channel_shared: true }',
            layer=PReLU(channel_shared=True),
            shapes={"y": (2, 3, 4)},
            weights={"slope": ()},
            formula=lambda x, _: np.where(x > 0, x, x * 0.25),  # the filler's constant
        ),
        Case(
            "ELU",
            'input "x" [2, 3] layer "y" ELU { top: "y" alpha: 2 }',
            layer=ELU(alpha=2.0),
            shapes={"y": (2, 3)},
            formula=lambda x: np.where(x > 0, x, 2 * np.expm1(x)),
        ),
        Case(
            "Sigmoid",
            'input "x" [2, 3] layer "y" Sigmoid { top: "y" }',
            layer=Sigmoid(),
            shapes={"y": (2, 3)},
            formula=lambda x: 1 / (1 + np.exp(-x)),
        ),
        Case(
            "TanH",
            'input "x" [2, 3] layer "y" TanH { top: "y" }',
            layer=TanH(),
            shapes={"y": (2, 3)},
            formula=np.tanh,
        ),
        Case(
            "Power",
            'input "x" [2, 3] layer "y" Power { top: "y" power: 2 scale: 0.5 shift: -1 }',
            layer=Power(power=2.0, scale=0.5, shift=-1.0),
            shapes={"y": (2, 3)},
            formula=lambda x: (x / 2 - 1) ** 2,
        ),
        Case(
            "AbsVal",
            'input "x" [2, 3] layer "y" AbsVal',
            layer=AbsVal(),
            shapes={"y": (2, 3)},
            formula=np.abs,
        ),
        Case(
            "BNLL, far from 0",
            'input "x" [5] layer "y" BNLL { top: "y" }',
            layer=BNLL(),
            shapes={"y": (5,)},
            fed={"x": [-200, -30, 0, 30, 200]},
            formula=lambda x: np.logaddexp(0, x),
        ),
        Case(
            "Clip in place",
            'input "x" [2, 3] layer "y" Clip { min: -0.25 max: 0.5 }',
            layer=Clip(min=-0.25, max=0.5),
            shapes={"x": (2, 3)},
            formula=lambda x: np.clip(x, -0.25, 0.5),
        ),
        Case(
            "Clip whose min lies above max",
            'input "x" [2, 3] layer "y" Clip { top: "y" min: 1 max: -1 }',
            layer=Clip(min=1.0, max=-1.0),
            shapes={"y": (2, 3)},
            formula=np.ones_like,
        ),
        Case(
            "Exp",
            'input "x" [2, 3] layer "y" Exp { top: "y" base: 3 scale: 0.5 shift: -1 }',
            layer=Exp(base=3.0, scale=0.5, shift=-1.0),
            shapes={"y": (2, 3)},
            formula=lambda x: 3 ** (x / 2 - 1),
        ),
        Case(
            "Log to a base, and of what has none",
            'input "x" [4] layer "y" Log { top: "y" base: 10 scale: 2 shift: 1 }',
            layer=Log(base=10.0, scale=2.0, shift=1.0),
            shapes={"y": (4,)},
            fed={"x": [0, 4.5, -0.5, 49.5]},
            formula=lambda x: np.asarray([0, 1, -np.inf, 2]),
        ),
        Case(
            "Swish",
            'input "x" [2, 3] layer "y" Swish { top: "y" beta: 2 }',
            layer=Swish(beta=2.0),
            shapes={"y": (2, 3)},
            formula=lambda x: x / (1 + np.exp(-2 * x)),
        ),
        Case(
            "Threshold, which must be passed",
            'input "x" [3] layer "y" Threshold { top: "y" threshold: 0.5 }',
            layer=Threshold(threshold=0.5),
            shapes={"y": (3,)},
            fed={"x": [0.25, 0.5, 0.75]},
            formula=lambda x: np.asarray([0, 0, 1]),
        ),
    )
    refused = (
        Refused("PReLU without channels", 'input "x" [3] layer "y" PReLU', "N203"),
        Refused("Exp to a base below 0", 'input "x" [3] layer "y" Exp { base: -2 }', "N202"),
        Refused("Log to base 0", 'input "x" [3] layer "y" Log { base: 0 }', "N202"),
        Refused("Log to base 1", 'input "x" [3] layer "y" Log { base: 1 }', "N202"),
        Refused("Clip to what is no number", 'input "x" [3] layer "y" Clip { min: 0 max: nan }', "N202"),
        Refused("Clip without max", 'input "x" [3] layer "y" Clip { min: 0 }', "N408"),
    )


@properties
@given(
    power=st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    scale=st.sampled_from([0.0, 1.0, 0.5]),
    shift=st.sampled_from([0.0, 3.0]),
)
def test_power_is_a_constant_where_caffes_is(power: float, scale: float, shift: float) -> None:
    net = net_of(f'input "x" [2, 4] layer "y" Power {{ top: "y" power: {power} scale: {scale} shift: {shift} }}')
    x = np.asarray([[0, 1, 2, np.inf], [4, 5, 6, 7]], np.float32)
    constant = np.float32(1 if power == 0 else shift**power)
    wanted = np.full_like(x, constant) if power * scale == 0 else (shift + scale * x) ** np.float32(power)
    assert relative_error(run(onnx_model(net), {"x": x})["y"], wanted) <= OUTPUTS
