"""Functions of one value that BVLC Caffe lacks."""

import numpy as np

from netdef.compiler.layers.fork_activation import HardSigmoid, Mish, SeLu, SteepHardSwish
from tests.layers.cases import Case, Family, Refused, fork

X = 'input "x" [2, 3, 7, 5]'
SHAPES = {"y": (2, 3, 7, 5)}


class TestForkActivation(Family):
    cases = (
        *fork("relu6", "relu6_slope", "hard_swish", "hard_sigmoid", "mish"),
        Case(
            "HardSwish of other copies",
            f'{X} layer "y" HardSwish {{ origin: "other copies" top: "y" }}',
            layer=SteepHardSwish(),
            shapes=SHAPES,
            formula=lambda x: x * np.clip(0.2 * x + 0.5, 0, 1),
        ),
        Case(
            "HardSigmoid",
            f'{X} layer "y" HardSigmoid {{ top: "y" }}',
            layer=HardSigmoid(),
            shapes=SHAPES,
            formula=lambda x: np.clip(0.2 * x + 0.5, 0, 1),
        ),
        Case(
            "Mish",
            f'{X} layer "y" Mish {{ top: "y" }}',
            layer=Mish(),
            shapes=SHAPES,
            formula=lambda x: x * np.tanh(np.log1p(np.exp(x))),
        ),
        Case(
            "SeLu",
            f'{X} layer "y" SeLu {{ top: "y" lambda: 2 alpha: 0.5 }}',
            layer=SeLu(scale=2.0, alpha=0.5),
            shapes=SHAPES,
            formula=lambda x: 2 * np.where(x > 0, x, 0.5 * np.expm1(x)),
        ),
    )
    refused = (Refused("Mish of two", f'{X} layer "y" Mish {{ bottom: ["x", "x"] top: "y" }}', "N503"),)
