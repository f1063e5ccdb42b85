"""Vectors of one length."""

import numpy as np

from netdef.compiler.layers.l2_normalization import Normalize
from netdef.compiler.schema.caffe import Filler
from tests.layers.cases import Case, Family, Refused, fork


class TestL2Normalization(Family):
    cases = (
        *fork("normalize_default", "normalize_ssd", "normalize_eps", "normalize_filler"),
        *fork("normalize_shared_spatial_off", "normalize_after_conv"),
        Case(
            "Normalize, a vector",
            'input "x" [2, 5] layer "y" Normalize { channel_shared: false scale_filler { value: 3 } origin: "ssd" }',
            layer=Normalize(channel_shared=False, scale_filler=Filler(value=3.0)),
            shapes={"y": (2, 5)},
            weights={"scale": (5,)},
            formula=lambda x, scale: scale * x / np.sqrt((x**2).sum(1, keepdims=True)),
        ),
    )
    refused = (
        Refused("Normalize without channels", 'input "x" [5] layer "y" Normalize { channel_shared: true }', "N203"),
    )
