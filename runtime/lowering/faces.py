"""Face recognition."""

from netdef.compiler.layers.faces import (
    CenterLoss,
    GeneralContrastiveLoss,
    GeneralTripletLoss,
    InnerDistance,
    LabelMargin,
    LabelSpecificAdd,
    LabelSpecificRescale,
    MarginInnerProduct,
    Normalize,
)
from netdef.compiler.rules import SHAPES_ALONE
from netdef.runtime.lowering.base import refuse

for _kind in (
    CenterLoss,
    GeneralContrastiveLoss,
    GeneralTripletLoss,
    InnerDistance,
    LabelMargin,
    LabelSpecificAdd,
    LabelSpecificRescale,
    MarginInnerProduct,
    Normalize,
):
    refuse(_kind, SHAPES_ALONE)
