"""Many values to one."""

import numpy as np

from netdef.compiler.layers.reduction import Reduction, Sum
from tests.layers.cases import Case, Family, Refused, caffe

X = 'input "x" [2, 3, 4] '


class TestReduction(Family):
    cases = (
        *caffe("reduction_asum", "reduction_mean", "reduction_sum", "reduction_sumsq"),
        Case("of all", X + 'layer "y" Reduction', layer=Reduction(), shapes={"y": ()}, formula=np.sum),
        Case(
            "the mean of the last axis, times a factor",
            X + 'layer "y" Reduction { operation: MEAN axis: -1 coeff: -2 }',
            layer=Reduction(operation=Sum.MEAN, axis=-1, coeff=-2.0),
            shapes={"y": (2, 3)},
            formula=lambda x: -2 * x.mean(-1),
        ),
        Case(
            "absolute values",
            X + 'layer "y" Reduction { operation: ASUM axis: 1 }',
            layer=Reduction(operation=Sum.ASUM, axis=1),
            shapes={"y": (2,)},
            formula=lambda x: np.abs(x).sum((1, 2)),
        ),
    )
    refused = (
        Refused("no such axis", X + 'layer "y" Reduction { axis: 3 }', "N205"),
        Refused("no such operation", X + 'layer "y" Reduction { operation: PROD }', "N403"),
    )
