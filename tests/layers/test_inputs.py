"""Inputs that somebody feeds, and made-up data."""

import numpy as np
import torch

from netdef.compiler.layers.inputs import DummyData, Input, Parameter
from netdef.compiler.schema.caffe import BlobShape, Filler
from netdef.runtime import lower
from tests.layers.cases import Case, Family, Refused, caffe
from tests.nets import net_of

NOTHING_COMPUTED = {"ONNX": "N1013"}


class TestInputs(Family):
    cases = (
        *caffe("dummydata", "parameter"),
        Case(
            "Input, one shape for all",
            'layer "y" Input { top: ["a", "b"] shape { dim: 2 dim: 3 } }',
            layer=Input(shape=(BlobShape(dim=(2, 3)),)),
            shapes={"a": (2, 3), "b": (2, 3)},
            refused=NOTHING_COMPUTED,
        ),
        Case(
            "Input, in the short form",
            'input "x" [2, 3]',
            layer=Input(shape=(BlobShape(dim=(2, 3)),)),
            shapes={"x": (2, 3)},
            refused=NOTHING_COMPUTED,
        ),
        Case(
            "DummyData, a filler and a shape for each",
            'layer "y" DummyData { top: ["a", "b"] shape { dim: 2 } shape { dim: [1, 3] } '
            "data_filler { value: 2 } data_filler { value: -1 } }",
            layer=DummyData(
                shape=(BlobShape(dim=(2,)), BlobShape(dim=(1, 3))),
                data_filler=(Filler(value=2.0), Filler(value=-1.0)),
            ),
            shapes={"a": (2,), "b": (1, 3)},
            formula=lambda: (np.full(2, 2.0), np.full((1, 3), -1.0)),
        ),
        Case(
            "DummyData, the old form",
            'layer "y" DummyData { top: "y" num: 1 channels: 2 height: 3 width: 4 }',
            layer=DummyData(num=(1,), channels=(2,), height=(3,), width=(4,)),
            shapes={"y": (1, 2, 3, 4)},
            formula=lambda: np.zeros((1, 2, 3, 4)),
        ),
        Case(
            "Parameter",
            'layer "y" Parameter { shape { dim: 2 dim: 3 } }',
            layer=Parameter(shape=BlobShape(dim=(2, 3))),
            shapes={"y": (2, 3)},
            weights={"value": (2, 3)},
            stored=[[[1, 2, 3], [4, 5, 6]]],
            formula=lambda value: value,
        ),
        Case(
            "Parameter without stored numbers",
            'layer "y" Parameter { shape { dim: 2 } }',
            layer=Parameter(shape=BlobShape(dim=(2,))),
            shapes={"y": (2,)},
            weights={"value": (2,)},
            formula=np.zeros_like,
        ),
    )
    refused = (
        Refused("Input, too few shapes", 'layer "y" Input { top: ["a", "b"] }', "N201"),
        Refused("DummyData without a shape", 'layer "y" DummyData { top: "y" }', "N201"),
        Refused("DummyData, both forms", 'layer "y" DummyData { top: "y" num: 1 shape { dim: 2 } }', "N407"),
        Refused("DummyData, half a shape", 'layer "y" DummyData { top: "y" num: 1 channels: 2 }', "N202"),
        Refused(
            "DummyData, too many shapes", 'layer "y" DummyData { top: "y" shape { dim: 2 } shape { dim: 3 } }', "N202"
        ),
        Refused(
            "DummyData that is random, in ONNX",
            'layer "y" DummyData { top: "y" shape { dim: 2 } data_filler { type: "gaussian" } }',
            "N1011",
            by="ONNX",
        ),
    )


def test_made_up_data_is_new_at_each_pass_unless_it_is_constant() -> None:
    module = lower(
        net_of("""
    layer "made" DummyData {
      top: ["same", "new"] shape { dim: 3 dim: 5 }
      data_filler { value: 2 } data_filler { type: "gaussian" }
    }
    """)
    )
    first, second = module(), module()
    assert torch.equal(first["same"], torch.full((3, 5), 2.0))
    assert torch.equal(first["same"], second["same"])
    assert not torch.equal(first["new"], second["new"])
