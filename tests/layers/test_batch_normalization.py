"""BN of forks of Caffe."""

import pytest

from netdef.compiler.layers.base import Layer
from netdef.compiler.layers.batch_normalization import (
    BNMode,
    HistoryBN,
    PyramidBN,
    SegmentBN,
    SegNetBN,
    WindowsBN,
)
from netdef.compiler.schema.caffe import Filler
from tests.layers.cases import Case, Family, Refused, fork
from tests.nets import net_of

ONE = Filler(value=1.0)


class TestBatchNormalization(Family):
    cases = (
        *fork("bn_psp_test", "bn_psp_test_unfrozen", "bn_psp_train", "bn_psp_train_frozen", "bn_tsn_test"),
        *fork("bn_happynear_train", "bn_segnet_inference", "bn_segnet_learn", "bn_segnet_learn_in_test"),
        *fork("bn_segnet_filler", "bn_chen_train"),
        Case(
            "BN by running statistics, as they begin",
            'input "x" [2, 3, 4, 5] layer "y" BN { slope_filler { value: 1 } frozen: true eps: 3 top: "y" }',
            layer=SegmentBN(slope_filler=ONE, frozen=True, eps=3.0),
            shapes={"y": (2, 3, 4, 5)},
            weights=dict.fromkeys(("slope", "bias", "mean", "variance"), (1, 3)),
            formula=lambda x, *stored: x / 2,
        ),
        Case(
            "BN by a running inverse deviation",
            'input "x" [2, 3, 4, 5] layer "y" BN { origin: "happynear" top: "y" eps: 3 }',
            layer=WindowsBN(eps=3.0),
            shapes={"y": (2, 3, 4, 5)},
            weights=dict.fromkeys(("slope", "bias", "mean", "inverse"), (1, 3)),
            stored=[[[1, 2, 3]], [[4, 5, 6]], [[7, 8, 9]], [[0.5, 0.25, 2]]],
            formula=lambda x, slope, bias, mean, inverse: ((x.swapaxes(1, 3) - mean) * inverse * slope + bias).swapaxes(
                1, 3
            ),
        ),
        Case(
            "BN by the average of training",
            'input "x" [2, 3, 4, 5] layer "y" BN { moving_average: true var_eps: 0.25 top: "y" }',
            layer=HistoryBN(moving_average=True, var_eps=0.25),
            shapes={"y": (2, 3, 4, 5)},
            weights=dict.fromkeys(("scale", "shift", "mean", "variance"), (1, 3, 1, 1)),
            formula=lambda x, *stored: 2 * x,
        ),
        Case(
            "BN, the batch's statistics for others",
            'input "x" [2, 3, 4, 5] layer "y" BN { bn_mode: LEARN top: ["y", "mean", "variance"] }',
            layer=SegNetBN(bn_mode=BNMode.LEARN),
            shapes={"y": (2, 3, 4, 5), "mean": (1, 3, 1, 1), "variance": (1, 3, 1, 1)},
            weights=dict.fromkeys(("scale", "shift"), (1, 3, 1, 1)),
            formula=lambda x, *stored: (
                (x - x.mean((0, 2, 3), keepdims=True)) / x.std((0, 2, 3), keepdims=True),
                x.mean((0, 2, 3), keepdims=True),
                x.var((0, 2, 3), keepdims=True),
            ),
        ),
    )
    refused = (
        Refused("BN without channels", 'input "x" [5] layer "y" BN { frozen: true }', "N203"),
        Refused(
            "BN, statistics that are not made",
            'input "x" [2, 5, 3, 3] layer "y" BN { bn_mode: INFERENCE top: ["y", "mean"] }',
            "N503",
        ),
        Refused("BN, no such origin", 'input "x" [2, 5] layer "y" BN { origin: "ssd" }', "N210"),
    )


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ("bn_mode: INFERENCE", SegNetBN),
        ("scale_filler { value: 1 }", SegNetBN),
        ("scale_filler { value: 1 } moving_average: true", HistoryBN),
        ("scale_filler { value: 1 } param { } param { } param { } param { }", HistoryBN),
        ("slope_filler { value: 1 }", SegmentBN),
        ('slope_filler { value: 1 } } layer "more" Interp { zoom_factor: 2', PyramidBN),
        ('origin: "happynear"', WindowsBN),
    ],
)
def test_fields_blobs_and_other_types_tell_which_bn_is_meant(fields: str, kind: type[Layer]) -> None:
    assert type(net_of(f'input "x" [2, 3, 4, 5] layer "y" BN {{ {fields} }}').nodes[1].layer) is kind
