"""Dropout. What it does in training is random: tests/runtime/test_module.py has it."""

from netdef.compiler.layers.dropout import Dropout
from tests.layers.cases import Case, Family, Refused, caffe


class TestDropout(Family):
    cases = (
        *caffe("dropout_test"),
        Case(
            "nothing in TEST",
            'input "x" [2, 3] layer "y" Dropout { top: "y" }',
            layer=Dropout(),
            shapes={"y": (2, 3)},
            formula=lambda x: x,
        ),
        Case(
            "a share of its own",
            'input "x" [2, 3] layer "y" Dropout { dropout_ratio: 0.25 }',
            layer=Dropout(dropout_ratio=0.25),
            shapes={"x": (2, 3)},
            formula=lambda x: x,
        ),
        Case(
            "none dropped, as published files say it",
            'input "x" [2, 3] layer "y" Dropout { dropout_ratio: 0 }',
            layer=Dropout(dropout_ratio=0.0),
            shapes={"x": (2, 3)},
            formula=lambda x: x,
        ),
        Case(
            "all dropped in training, and none in TEST",
            'input "x" [2, 3] layer "y" Dropout { dropout_ratio: 1 }',
            layer=Dropout(dropout_ratio=1.0),
            shapes={"x": (2, 3)},
            formula=lambda x: x,
        ),
    )
    refused = (
        Refused("less than nothing", 'input "x" [2] layer "y" Dropout { dropout_ratio: -0.1 }', "N405"),
        Refused("more than everything", 'input "x" [2] layer "y" Dropout { dropout_ratio: 1.5 }', "N405"),
    )
